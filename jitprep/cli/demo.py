"""`jitprep demo`: read objects of every kind through access points with a plain boto3 client."""

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

from jitprep.cli.console import fail, fail_to_write, out, parse_path, report_failure
from jitprep.cli.demo_data.media import objects
from jitprep.cli.demo_data.picture import Cell, after, before, write_sheet
from jitprep.emulator import Endpoint, EndpointConfig, EndpointError
from jitprep.emulator.testing import LocalObjectLambda, RunningEndpoint
from preprocessing import Pipeline
from preprocessing.media import SourceKind

_BUCKET = "media"
# One access point per model: AWS's article on Object Lambda for ML, ImageNet evaluation, Whisper's input
# for five seconds, X-CLIP's frames, and text for a tokenizer.
_PIPELINES = {
    "grayscale": "grayscale/resize:224,224/png",
    "imagenet": "resize:256/center_crop:224/normalize:imagenet/npy",
    "whisper": "mono/resample:16000/pad_or_trim:5/log_mel:whisper/npy",
    "xclip": "sample_frames:8/resize:224/center_crop:224/npy",
    "clean-text": "strip_html/fix_mojibake/nfc/collapse_whitespace/text",
}

DemoObjects = dict[SourceKind, dict[str, bytes]]


@dataclass(frozen=True, slots=True)
class Read:
    """An object as the client received it."""

    key: str
    access_point: str
    pipeline: Pipeline
    bytes_in: int
    body: bytes
    content_type: str
    ms: float


def demo(
    endpoint_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Read from a running endpoint. Default: start one."),
    ] = None,
    picture: Annotated[
        Path, typer.Option(parser=parse_path, help="PNG to write, of before and after.")
    ] = Path("demo/before-after.png"),
) -> None:
    """Read images, sound, video and text through access points.

    Each access point runs one model's pipeline. The results are listed, and drawn before and after. A
    read that fails is reported, and does not stop the others.
    """
    originals = objects()
    log = picture.with_name("function.log")
    try:
        with _endpoint(endpoint_url, log) as endpoint:
            answers = _read_all(LocalObjectLambda(endpoint), originals)
    except (
        BotoCoreError,
        ClientError,
        EndpointError,
        ValueError,
    ) as error:  # ValueError: a wrong URL
        fail(str(error))
    reads = [read for read in answers if read is not None]
    out.print(_table(reads))
    try:
        write_sheet(picture, list(_rows(originals, reads)))
    except OSError as error:
        fail_to_write(picture, error)
    out.print(f"before and after: {picture}", soft_wrap=True)
    if endpoint_url is None:
        out.print(f"function log: {log}", soft_wrap=True)
    if len(reads) < len(answers):
        raise typer.Exit(1)


@contextmanager
def _endpoint(url: str | None, log: Path) -> Iterator[Endpoint | RunningEndpoint]:
    if url is not None:
        # `jitprep up` and compose start it with the default settings.
        yield RunningEndpoint(url)
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as file, Endpoint(EndpointConfig(port=0, output=file)) as endpoint:
        yield endpoint


def _read_all(local: LocalObjectLambda, originals: DemoObjects) -> list[Read | None]:
    s3 = local.client("s3")
    s3.create_bucket(Bucket=_BUCKET)
    for by_key in originals.values():
        for key, body in by_key.items():
            s3.put_object(Bucket=_BUCKET, Key=key, Body=body)
    reads = []
    for name, spec in _PIPELINES.items():
        payload = json.dumps({"spec": spec})
        alias = local.create_access_point(f"demo-{name}", _BUCKET, payload=payload)
        by_key = originals[Pipeline.parse(spec).kind]
        try:
            reads += [_read(s3, name, alias, key, len(body)) for key, body in by_key.items()]
        finally:
            local.delete_access_point(f"demo-{name}")
    return reads


def _read(s3: Any, access_point: str, alias: str, key: str, bytes_in: int) -> Read | None:
    """Read an object; report a failure, such as of video where the function cannot decode it."""
    start = time.perf_counter()
    try:
        answer = s3.get_object(Bucket=alias, Key=key)
        body = answer["Body"].read()
    except ClientError as error:
        report_failure(f"{key} through {access_point}", str(error))
        return None
    ms = (time.perf_counter() - start) * 1000
    pipeline = Pipeline.parse(_PIPELINES[access_point])
    return Read(key, access_point, pipeline, bytes_in, body, answer["ContentType"], ms)


def _table(reads: list[Read]) -> Table:
    table = Table()
    for heading in ("key", "pipeline"):
        table.add_column(heading, overflow="fold")
    for heading in ("bytes in", "bytes out", "ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("content type", overflow="fold")
    for read in reads:
        sizes = (f"{read.bytes_in:,}", f"{len(read.body):,}", f"{read.ms:.0f}")
        table.add_row(read.key, _PIPELINES[read.access_point], *sizes, read.content_type)
    return table


def _rows(originals: DemoObjects, reads: list[Read]) -> Iterator[list[Cell]]:
    """Yield the rows of the picture: the sources, and the results of each access point."""
    pictures = {key: before(body, "image") for key, body in originals["image"].items()}
    yield [
        Cell(f"{key}, {picture.width} x {picture.height}", picture)
        for key, picture in pictures.items()
    ]
    images = [name for name, spec in _PIPELINES.items() if Pipeline.parse(spec).kind == "image"]
    for name in images:
        yield [_cell(read) for read in reads if read.access_point == name]
    yield [
        cell
        for read in reads
        if (kind := read.pipeline.kind) != "image"
        for cell in (Cell(read.key, before(originals[kind][read.key], kind)), _cell(read))
    ]


def _cell(read: Read) -> Cell:
    return Cell(read.access_point, after(read.body, read.pipeline))
