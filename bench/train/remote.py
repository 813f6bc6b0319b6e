"""CPU of a trainer's host per sample that a remote makes: ``python -m bench.train.remote``.

A server and an endpoint with a function, each a process of its own on this machine, make 64
photographs of 500×375 into arrays of 3×224×224. Each way reads them in batches of 32 through the
loader's stream, in this process, and only this process's CPU time counts, its threads included.
``--json`` prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import time
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from itertools import count
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

import numpy as np
from obstore.store import S3Store

from bench.doors.cpu_time import in_rounds
from bench.environment import occasion
from bench.train import samples
from bench.train.remotes import PRESET, Remotes, remotes
from bench.train.samples import BATCH, COUNT
from jitprep import Pipeline, open_reader
from jitprep.reader.doors.batches import BatchReader, ServerFacts
from jitprep.reader.loading.order import EpochOrder
from jitprep.reader.loading.stream import EpochStream
from jitprep.service.config import config

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jitprep.reader import Reader

_RING = 2**26
_SHAPE, _NPY_HEADER = (3, 224, 224), 128
_KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}

# Reads all photographs, and returns the batches.
_Way: TypeAlias = "Callable[[], list[Any]]"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.train.remote", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="rounds of all ways")
    parser.add_argument("--way", action="append", help="only this way; may be given several times")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    found = measure(options.rounds, options.way or ())
    if options.json:
        libraries = ("numpy", "boto3", "urllib3", "obstore")
        made = occasion("preprocessing", "jitprep", "handler", "bench") | {
            "versions": {name: version(name) for name in libraries}
        }
        json.dump({"made": made, "rounds": options.rounds, "ways": found}, sys.stdout, indent=1)
        print()
        return
    for name, row in found.items():
        print(f"{name:32} {row['cpu_ms']:.3f} ms of CPU a sample", end="")
        quartiles = f"{row['first_quartile']:.3f} to {row['third_quartile']:.3f}"
        print(f" ({quartiles}, least {row['least']:.3f})")


def measure(rounds: int, only: Sequence[str] = ()) -> dict[str, dict[str, float]]:
    """Return the CPU time of each way per sample in ms: the median of the rounds, and the quartiles.

    Raises
    ------
    ValueError
        Where a way returns other rows than the pipeline does.
    """
    os.environ.update(_KEYS)
    bodies = samples.bodies()
    pipeline = Pipeline.parse(config().presets[PRESET])
    expected = np.stack([pipeline(body) for body in bodies.values()])
    with remotes(bodies) as there:
        ways = {
            name: way
            for name, way in _ways(there, list(bodies)).items()
            if not only or name in only
        }
        clocks = dict.fromkeys(ways, time.process_time)
        times = in_rounds(ways, clocks, rounds, COUNT, check=partial(_require_equal, expected))
    return {name: _summary(spent) for name, spent in times.items()}


def _require_equal(expected: Any, name: str, batches: list[Any]) -> None:
    if not np.array_equal(np.concatenate(batches), expected):
        raise ValueError(f"{name} returns other rows than the pipeline")


def _summary(spent: list[float]) -> dict[str, float]:
    first, _, third = quantiles(spent, n=4)
    return {
        "cpu_ms": round(median(spent), 3),
        "least": round(min(spent), 3),
        "first_quartile": round(first, 3),
        "third_quartile": round(third, 3),
    }


def _ways(there: Remotes, keys: list[str]) -> Mapping[str, _Way]:
    at = {"endpoint_url": there.endpoint}
    mount = open_reader(f"{there.server}/photos")
    assert isinstance(mount, BatchReader)
    # As behind a CDN that lets through reads only.
    singly = replace(mount, _facts=ServerFacts(serves=True, batches=False))
    return {
        "server, by batches": loading(mount, keys),
        "server, singly": loading(singly, keys),
        "lambda:, by batches": loading(open_reader("lambda:preprocess/photos", **at), keys),
        "access point": loading(open_reader(f"s3://{there.access_point}", **at), keys),
        "Function URL": loading(open_reader(there.function_url), keys),
        "server, by a bare socket": _by_socket(there.server, keys),
        "server, by obstore": _by_obstore(there.server, keys),
    }


def loading(reader: Reader, keys: list[str]) -> _Way:
    """Return a function that reads an epoch as `Loader` does with ``num_workers=0``."""
    stream = EpochStream(
        reader,
        keys,
        EpochOrder(count=len(keys), batch_size=BATCH),
        workers=0,
        start_method=None,
        nbytes=_RING,
        skips=False,
    )
    epochs = count()

    def epoch() -> list[Any]:
        stream.begin(next(epochs), 0)
        return [stream.take().rows for _ in range(0, len(keys), BATCH)]

    return epoch


def _by_socket(url: str, keys: list[str]) -> _Way:
    """Return a function that receives each body into its row, by the least that HTTP takes."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = socket.create_connection((parts.hostname, parts.port or 80))

    def get(key: str, row: memoryview) -> None:
        connection.sendall(f"GET /photos/{key} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        got = b""
        while b"\r\n\r\n" not in got:
            got += connection.recv(4096)
        body = got.partition(b"\r\n\r\n")[2]
        while len(body) < _NPY_HEADER:
            body += connection.recv(4096)
        at = len(body) - _NPY_HEADER
        row[:at] = body[_NPY_HEADER:]
        while at < len(row):
            at += connection.recv_into(row[at:])

    def epoch() -> list[Any]:
        rows = np.empty((len(keys), *_SHAPE), np.uint8)
        for key, row in zip(keys, rows, strict=True):
            get(key, memoryview(row).cast("B"))
        return [rows]

    return epoch


def _by_obstore(url: str, keys: list[str]) -> _Way:
    store = S3Store(
        "photos",
        endpoint=url,
        region="us-east-1",
        skip_signature=True,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )

    def epoch() -> list[Any]:
        rows = np.empty((len(keys), *_SHAPE), np.uint8)
        for key, row in zip(keys, rows, strict=True):
            body = store.get(key).bytes()
            row[...] = np.frombuffer(body, np.uint8, offset=_NPY_HEADER).reshape(_SHAPE)
        return [rows]

    return epoch


if __name__ == "__main__":
    sys.exit(main())
