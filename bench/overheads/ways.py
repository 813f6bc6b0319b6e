"""Ways to read all samples of one size, as a training host does, and the field that each measures."""

from __future__ import annotations

import http.client
import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import IO, Any
from urllib.parse import urlsplit

import numpy as np

from bench.overheads.stage import ORIGINALS, RESULTS, SHARD, Remote, Stage
from bench.train import samples
from bench.train.remote import loading
from bench.train.samples import BATCH
from jitprep import open_reader
from jitprep.sigv4.signing import SigningCredentials, sign
from preprocessing.media import Array


@dataclass(frozen=True)
class Way:
    """A way to read all samples of one size.

    Parameters
    ----------
    field : str
        Of `jitprep.costs.inputs.overheads.Overheads`.
    nbytes : float
        Of a sample: of its result, or of its original where this process transforms it.
    remote : Remote or None
        Where the samples are made.
    read : callable
        Returns batches, or the last rows of a shard; None for originals of a shard.
    expected : ndarray or None
        All rows, or the last of a shard.
    """

    field: str
    nbytes: float
    remote: Remote | None
    read: Callable[[], Any]
    expected: Array | None


def ways_of_objects(stage: Stage) -> Iterator[Way]:
    """Yield the ways to read object by object, or in batches."""
    at_endpoint = partial(open_reader, endpoint_url=stage.function.url)
    url = "{}/_lambda-url/preprocess/small"
    for size in RESULTS:
        copies = f"copies-{size}"
        remotes = {
            "object_lambda": (
                stage.function,
                at_endpoint(f"s3://{stage.access_points[size]}"),
            ),
            "function_url": (
                stage.function,
                open_reader(url.format(stage.function.url), preset=size),
            ),
            "streamed_url": (
                stage.streamed,
                open_reader(url.format(stage.streamed.url), preset=size),
            ),
            "invoke": (stage.function, at_endpoint("lambda:preprocess/small", preset=size)),
            "server": (stage.server, open_reader(f"{stage.server.url}/{size}")),
            "copy": (None, at_endpoint(f"s3://{copies}")),
            "disk_copy": (None, open_reader(f"file:{stage.folder / copies}")),
        }
        for field, (remote, reader) in remotes.items():
            keys = list(stage.bodies[copies if remote is None else "small"])
            read, expected = loading(reader, keys), stage.expected[size]
            yield Way(field, stage.nbytes(copies), remote, read, expected)
    pipeline = stage.pipelines["uint8"]
    for bucket in ORIGINALS:
        reader = at_endpoint(f"s3://{bucket}", pipeline=pipeline)
        objects = stage.bodies[bucket]
        expected = pipeline.batch(list(objects.values()))
        yield Way("original", stage.nbytes(bucket), None, loading(reader, list(objects)), expected)


def ways_of_shards(stage: Stage) -> Iterator[Way]:
    """Yield the ways to read a shard, as WebDataset does: by Python's tarfile, from a stream."""
    s3 = samples.client(stage.function.url)

    def by_s3(bucket: str) -> Callable[[], Any]:
        return lambda: read_shard(s3.get_object(Bucket=bucket, Key=SHARD)["Body"])

    def by_http(url: str, service: str | None = None) -> Callable[[], Any]:
        return lambda: read_url(url, service)

    for size in RESULTS:
        copies, preset = f"copies-{size}", f"shard-{size}"
        url = f"{stage.streamed.url}/_lambda-url/preprocess/small/{SHARD}?pipeline={preset}"
        mount = f"{stage.server.url}/{preset}/{SHARD}"
        reads: Mapping[str, tuple[Remote | None, Callable[[], Any]]] = {
            "shard_object_lambda": (stage.function, by_s3(stage.access_points[preset])),
            "shard_streamed_url": (stage.streamed, by_http(url, "lambda")),
            "shard_server": (stage.server, by_http(mount)),
            "shard_copy": (None, by_s3(copies)),
        }
        rows = stage.expected[size]
        first_of_last = stage.shard - last_rows(stage.shard)
        last = rows[np.arange(first_of_last, stage.shard) % len(rows)]
        for field, (remote, read) in reads.items():
            yield Way(field, stage.nbytes(copies), remote, read, last)
    for bucket in ORIGINALS:
        yield Way("shard_original", stage.nbytes(bucket), None, by_s3(bucket), None)


def read_url(url: str, service: str | None) -> Any:
    """Read a shard by plain HTTP, signed where a service of AWS is named."""
    parts = urlsplit(url)
    headers = {}
    if service is not None:
        keys = SigningCredentials("test", "test")
        headers = dict(sign("GET", url, {}, keys, "us-east-1", service))
    client = http.client.HTTPConnection(parts.netloc)
    client.request("GET", url.removeprefix(f"http://{parts.netloc}"), headers=headers)
    answer = client.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"{url}: {answer.status} {answer.read()[:300]!r}")
    made = read_shard(answer)
    client.close()
    return made


def read_shard(stream: IO[bytes]) -> Any:
    """Read a shard into batches of rows; return the rows of the last, None where it has originals."""
    rows, count = None, 0
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        for member in archive:
            file = archive.extractfile(member)
            assert file is not None
            body = file.read()
            if member.name.endswith(".npy"):
                row = np.load(io.BytesIO(body))
                if rows is None:
                    rows = np.empty((BATCH, *row.shape), row.dtype)
                rows[count % BATCH] = row
                count += 1
    return None if rows is None else rows[: last_rows(count)]


def last_rows(count: int) -> int:
    """Return how many of so many rows are in the last batch."""
    return (count - 1) % BATCH + 1
