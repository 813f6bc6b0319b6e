"""`jitprep demo`: photographs read through two access points by a plain boto3 client."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.table import Table

from cli.console import fail, out
from cli.photos import photographs
from cli.picture import as_image, draw
from emulator import Endpoint, EndpointConfig, EndpointError
from emulator.testing import LocalObjectLambda, RunningEndpoint
from preprocessing import Pipeline

_BUCKET = "photos"
# One access point a model: AWS's article on Object Lambda for ML, and ImageNet evaluation.
_PIPELINES = {
    "grayscale": "grayscale/resize:224,224/png",
    "imagenet": "resize:256/center_crop:224/normalize:imagenet/npy",
}


@dataclass(frozen=True, slots=True)
class Read:
    """One object as the client received it."""

    key: str
    pipeline: str
    bytes_in: int
    body: bytes
    content_type: str
    ms: float


def demo(
    endpoint_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Read from a running endpoint, not from one of its own."),
    ] = None,
    picture: Annotated[Path, typer.Option(help="Where the before-and-after picture goes.")] = Path(
        "demo/before-after.png"
    ),
) -> None:
    """Read real photographs through two access points, print a table, draw before and after."""
    photos = photographs()
    log = picture.with_name("function.log")
    try:
        with _endpoint(endpoint_url, log) as endpoint:
            reads = _read_all(LocalObjectLambda(endpoint), photos)
    except (BotoCoreError, ClientError, EndpointError) as error:
        fail(str(error))
    out.print(_table(reads))
    _draw(picture, photos, reads)
    out.print(f"before and after: {picture}", soft_wrap=True)
    if endpoint_url is None:
        out.print(f"the function's log: {log}", soft_wrap=True)


@contextmanager
def _endpoint(url: str | None, log: Path) -> Iterator[Endpoint | RunningEndpoint]:
    if url is not None:
        # As `jitprep up` and compose start it: with the default settings.
        yield RunningEndpoint(url)
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as file, Endpoint(EndpointConfig(port=0, output=file)) as endpoint:
        yield endpoint


def _read_all(local: LocalObjectLambda, photos: dict[str, bytes]) -> list[Read]:
    s3 = local.client("s3")
    s3.create_bucket(Bucket=_BUCKET)
    for key, body in photos.items():
        s3.put_object(Bucket=_BUCKET, Key=key, Body=body)
    reads = []
    for name, spec in _PIPELINES.items():
        payload = json.dumps({"spec": spec})
        alias = local.create_access_point(f"demo-{name}", _BUCKET, payload=payload)
        try:
            reads += [_read(s3, alias, key, spec, len(body)) for key, body in photos.items()]
        finally:
            local.delete_access_point(f"demo-{name}")
    return reads


def _read(s3: Any, alias: str, key: str, spec: str, bytes_in: int) -> Read:
    start = time.perf_counter()
    answer = s3.get_object(Bucket=alias, Key=key)
    body = answer["Body"].read()
    ms = (time.perf_counter() - start) * 1000
    return Read(key, spec, bytes_in, body, answer["ContentType"], ms)


def _table(reads: list[Read]) -> Table:
    table = Table()
    for heading in ("key", "pipeline"):
        table.add_column(heading, overflow="fold")
    for heading in ("bytes in", "bytes out", "ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("content type", overflow="fold")
    for read in reads:
        sizes = (f"{read.bytes_in:,}", f"{len(read.body):,}", f"{read.ms:.0f}")
        table.add_row(read.key, read.pipeline, *sizes, read.content_type)
    return table


def _draw(path: Path, photos: dict[str, bytes], reads: list[Read]) -> None:
    columns = []
    for key, original in photos.items():
        results = [
            as_image(read.body, read.content_type, Pipeline.parse(read.pipeline).steps)
            for read in reads
            if read.key == key
        ]
        columns.append((key, [as_image(original, "image/jpeg"), *results]))
    draw(path, ["original", *_PIPELINES], columns)
