"""CPU of a trainer's host per sample beside the transform: ``python -m bench.train.originals --s3 URL``.

64 photographs of 500×375 are read in batches of 32 from an S3 store and from a folder, and each round
also transforms the same bytes from memory. CPU time is that of the whole process, obstore's threads
included. The store's keys are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; the photographs go into its
bucket ``jitprep-bench-train``. ``--json`` prints JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from obstore.store import S3Store

from bench.doors.cpu_time import in_rounds
from bench.environment import occasion
from bench.train import samples
from bench.train.samples import BATCH, BUCKET, PREFIX
from jitprep import Pipeline, open_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SPEC = "resize:256/center_crop:224/npy"
_BASELINE = "transform"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.train.originals", description=__doc__)
    parser.add_argument("--s3", metavar="URL", required=True, help="the store")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of all ways")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    found = measure(options.s3, options.rounds)
    if options.json:
        libraries = ("numpy", "simplejpeg", "obstore", "boto3")
        made = occasion("preprocessing", "jitprep", "bench") | {
            "versions": {name: version(name) for name in libraries}
        }
        json.dump({"made": made, "rounds": options.rounds, "ways": found}, sys.stdout, indent=1)
        print()
        return
    for name, row in found.items():
        print(f"{name:32} {row['cpu_ms']:.3f} ms of CPU a sample, beside it {row['beside_ms']:.3f}")


def measure(url: str, rounds: int) -> dict[str, dict[str, float]]:
    """Return the CPU time of each way per sample, and beside the transform, in ms; medians."""
    bodies = samples.bodies()
    with tempfile.TemporaryDirectory() as folder:
        for key, body in bodies.items():
            (Path(folder) / key).write_bytes(body)
        samples.fill_bucket(url, bodies)
        ways = {
            name: partial(_read, way, list(bodies))
            for name, way in _ways(url, folder, bodies).items()
        }
        times = in_rounds(ways, dict.fromkeys(ways, time.process_time), rounds, len(bodies), warm=1)
    return {
        name: {
            "cpu_ms": round(median(spent), 3),
            "beside_ms": round(median(map(float.__sub__, spent, times[_BASELINE])), 3),
        }
        for name, spent in times.items()
    }


def _read(way: Callable[[list[str]], Any], keys: list[str]) -> None:
    for first in range(0, len(keys), BATCH):
        way(keys[first : first + BATCH])


def _ways(
    url: str, folder: str, bodies: Mapping[str, bytes]
) -> dict[str, Callable[[list[str]], Any]]:
    pipeline, s3 = Pipeline.parse(_SPEC), samples.client(url)
    there = open_reader(f"s3://{BUCKET}/{PREFIX}", endpoint_url=url, pipeline=pipeline)
    here = open_reader(f"file:{folder}", pipeline=pipeline)

    def by_boto3(key: str) -> Any:
        return pipeline(s3.get_object(Bucket=BUCKET, Key=f"{PREFIX}/{key}")["Body"].read())

    store = S3Store(BUCKET, endpoint=url, region="us-east-1", client_options={"allow_http": True})

    def by_obstore(key: str) -> Any:
        return pipeline(bytes(store.get(f"{PREFIX}/{key}").bytes()))

    return {
        _BASELINE: lambda batch: [pipeline(bodies[key]) for key in batch],
        "S3, in batches": there.get_each,
        "S3, one by one": lambda batch: [there.get(key) for key in batch],
        "S3 by obstore, by hand": lambda batch: [by_obstore(key) for key in batch],
        "S3 by boto3, by hand": lambda batch: [by_boto3(key) for key in batch],
        "folder, in batches": here.get_each,
        "folder, paths to the pipeline": lambda batch: [
            pipeline(f"{folder}/{key}") for key in batch
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
