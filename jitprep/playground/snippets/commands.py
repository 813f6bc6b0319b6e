"""Commands that run a pipeline: jitprep's, and clients of a server."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from jitprep.playground.snippets.snippet import Snippet
from jitprep.playground.snippets.target import Target
from preprocessing import Pipeline
from preprocessing.spec.view_specs import SectionsSpec

if TYPE_CHECKING:
    from preprocessing.pipeline import AnyPipeline

_SERVER = "http://127.0.0.1:8080"
_REGION = "us-east-1"
_OF_MOUNT = "Against jitprep serve with the mount above"
# What the AWS CLI reads from elsewhere where a value begins so.
_READ_ELSEWHERE = ("file://", "fileb://", "http://", "https://")


def clients(pipeline: AnyPipeline, target: Target, seed: int) -> Iterator[Snippet]:
    """Yield commands that read the object from a server, or through an access point."""
    suffix = pipeline.encoding.suffix if isinstance(pipeline, Pipeline) else "tar"
    signed = (
        f"{_OF_MOUNT}, with a key of [keys.NAME] in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
    )
    yield Snippet(
        "curl", "curl", "sh", _curl(target, f"result.{suffix}", pipeline.random, seed), signed
    )
    yield Snippet(
        "aws",
        "AWS CLI",
        "sh",
        _aws(target, f"result.{suffix}"),
        f"{signed} Through an access point, leave out --endpoint-url, and its alias is the bucket.",
    )


def commands(pipeline: Pipeline, target: Target, seed: int) -> Iterator[Snippet]:
    """Yield commands that run the pipeline on this machine."""
    line, path = str(pipeline), target.path
    seeded = ["--seed", str(seed)] if pipeline.random and seed else []
    result = f"result.{pipeline.encoding.suffix}"
    # They draw from the file's name or content alone, and a read also from the key and the ETag.
    draws = " Its random draws are not those of a read." if pipeline.random else ""
    yield _command(
        "run", f"Runs it on a file; folders work too.{draws}", target, [line, path, result, *seeded]
    )
    yield _command(
        "plan",
        f"Prints the stages, the rewrites and the time of each.{draws}",
        target,
        [line, path, "--time", *seeded],
    )
    if not isinstance(pipeline.result, SectionsSpec):
        drawn = "preview.html" if pipeline.kind == "text" else "preview.png"
        about = f"Draws before and after.{draws}"
        yield _command("preview", about, target, [line, path, drawn, *seeded])
    yield _command(
        "cost",
        "Measures it, and says where it belongs and what each place costs.",
        target,
        ["--pipeline", line, path],
    )


def read_command(pipeline: Pipeline, target: Target) -> Snippet:
    """Return the command that measures a loader."""
    endpoint = [] if target.endpoint is None else ["--endpoint-url", target.endpoint]
    words = ["jitprep", "read", target.address, "--pipeline", str(pipeline), *endpoint]
    about = "Measures a loader of the whole place on this machine, and says what to change."
    return Snippet("read", "jitprep read", "sh", f"{shlex.join(words)}\n", about)


def _command(name: str, about: str, target: Target, words: list[str]) -> Snippet:
    command = shlex.join(["jitprep", name, *words])
    lines = [*target.fetch.split("\n"), command] if target.fetch else [command]
    return Snippet(name, f"jitprep {name}", "sh", "\n".join(lines) + "\n", about)


def _curl(target: Target, result: str, random: bool, seed: int) -> str:
    url = f"{_SERVER}/{target.mount}/{_quoted(target.key)}"
    url += f"?seed={seed}" if random and seed else ""
    # Without it, curl would take . and .. between slashes out of a key.
    exact = [] if {".", ".."}.isdisjoint(target.key.split("/")) else ["--path-as-is"]
    words = shlex.join([*exact, "-fo", result, url])
    return (
        f"curl --aws-sigv4 aws:amz:{_REGION}:s3 "
        '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\\n'
        f'    -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" {words}\n'
    )


def _quoted(key: str) -> str:
    return quote(key, safe="/~", errors="replace")


def _aws(target: Target, result: str) -> str:
    words = ["aws", "--endpoint-url", _SERVER, "--region", _REGION, "s3api", "get-object"]
    if target.key.startswith(_READ_ELSEWHERE):
        asked = json.dumps({"Bucket": target.mount, "Key": target.key})
        return f"{shlex.join([*words, '--cli-input-json', asked, result])}\n"
    return f"{shlex.join([*words, '--bucket', target.mount, f'--key={target.key}', result])}\n"
