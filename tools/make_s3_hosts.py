"""Write jitprep/service/source/s3_hosts.py: ``python -m tools.make_s3_hosts``, after a botocore upgrade.

What botocore knows of S3's hosts is 40 kB of rules in JSON, too much to be read at a cold start.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore

PLACE = Path(__file__).parents[1] / "jitprep/service/source/s3_hosts.py"
_DATA = Path(botocore.__file__).with_name("data")
_URL = re.compile(r"https://(?P<before>.*)\.\{[a-zA-Z]*artition(?:Result)?#dnsSuffix\}(?:/.*)?")
_REGION = re.compile(r"\.(?:\{(?:Region|bucketArn#region)\}|us-east-1)$")
# What the function never reads from: a service of its own that transforms, one that only administers
# buckets, one whose names hold a zone's, and one in customers' own buildings.
_OTHERS = ("s3-object-lambda", "s3express", "s3-outposts")


def source() -> str:
    """Return the module, as botocore's data has it."""
    partitions = json.loads((_DATA / "partitions.json").read_text())["partitions"]
    rules = json.loads(
        gzip.decompress((_DATA / "s3/2006-03-01/endpoint-rule-set-1.json.gz").read_bytes())
    )
    services: dict[str, set[str]] = {"global": set(), "regional": set()}
    for url in _urls(rules):
        found = _URL.fullmatch(url)
        if found is None or any(other in url for other in _OTHERS):
            continue
        name = _REGION.sub("", found["before"])
        kind = "regional" if name != found["before"] else "global"
        # What is in braces before the service is a bucket's name, or an access point's.
        services[kind].add(re.sub(r"^.*\}[^.]*\.", "", name))
    lines = "".join(
        f'    ("{one["outputs"]["dnsSuffix"]}", r"{_pattern(one)}"),\n'
        for one in sorted(partitions, key=lambda one: str(one["id"]))
    )
    kinds = "".join(_tuple(kind, sorted(names)) for kind, names in sorted(services.items()))
    return f'''\
"""S3's hosts, by botocore's data. Written by tools/make_s3_hosts.py: do not edit."""

from __future__ import annotations

from collections.abc import Mapping

# Of each partition the suffix of its hosts, and how its regions are called.
PARTITIONS: tuple[tuple[str, str], ...] = (
{lines})

# What stands before the region and the suffix, or before the suffix alone.
SERVICES: Mapping[str, tuple[str, ...]] = {{
{kinds}}}
'''


def _urls(rules: Any) -> Iterator[str]:
    if isinstance(rules, dict):
        if isinstance(rules.get("url"), str):
            yield rules["url"]
        rules = list(rules.values())
    if isinstance(rules, list):
        for rule in rules:
            yield from _urls(rule)


def _pattern(partition: Any) -> str:
    """Return what matches a partition's regions, also those that its own rule does not foresee."""
    rule = partition["regionRegex"].removeprefix("^").removesuffix("$").replace(r"\-", "-")
    others = sorted(
        name
        for name in partition["regions"]
        if not re.fullmatch(rule, name) and not name.endswith("-global")
    )
    return "|".join([rule, *others])


def _tuple(kind: str, names: list[str]) -> str:
    lines = "".join(f'        "{name}",\n' for name in names)
    return f'    "{kind}": (\n{lines}    ),\n'


if __name__ == "__main__":
    PLACE.write_text(source())
