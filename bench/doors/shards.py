"""What a shard costs beside its transform: ``python -m bench.doors.shards``; Linux.

A shard of 1,000 photographs of 500×375, each with a label, is read through a server and through an
access point with a function, each with one worker. The worker counts the CPU time of its calls of
`Pipeline.encode`; the rest of its CPU time is what the door costs. The memory is the worker's peak after
the whole shard, less that after a shard of one sample.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from statistics import median

from bench.doors.counting import Counts
from bench.doors.cpu_time import peak_bytes
from bench.doors.serving import Serving, mount_toml, serving
from bench.environment import ROOT
from bench.train.samples import bodies
from jitprep.emulator import Endpoint, EndpointConfig
from jitprep.emulator.testing import LocalObjectLambda

SPEC = "resize:256/center_crop:224/npy"
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
_COUNT = 1000
_ONE = "one.tar"
_MANY = "many.tar"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.doors.shards", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--samples", type=int, default=_COUNT)
    options = parser.parse_args()
    for name, row in measure(options.rounds, options.samples).items():
        print(
            f"{name:10} {row.own_ms:.3f} ms of CPU a sample ({min(row.all_ms):.3f} to "
            f"{max(row.all_ms):.3f}) beside {row.transform_ms:.3f} of the transform; first sample after "
            f"{row.first_s:.3f} s; {row.memory / 2**20:.1f} MiB above one sample"
        )


@dataclass
class Row:
    """What was measured of a door.

    Parameters
    ----------
    own_ms, transform_ms : float
        CPU per sample: the door's own, and the transform's. Medians of the rounds.
    all_ms : list of float
        The door's own in each round.
    first_s : float
        Until the first sample has come; the median.
    memory : int
        Bytes.
    """

    own_ms: float
    transform_ms: float
    all_ms: list[float]
    first_s: float
    memory: int


@dataclass
class Door:
    """A door: how a shard is read, and what its worker takes."""

    read: Callable[[str], float]
    counts: Counts


def measure(rounds: int, count: int) -> Mapping[str, Row]:
    """Return the row of each door."""
    photos = list(bodies().values())
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "shards")
        folder.mkdir()
        (folder / _ONE).write_bytes(packed(photos, 1))
        (folder / _MANY).write_bytes(packed(photos, count))
        of_server, of_function = (
            Counts.new(Path(scratch, name)) for name in ("of-server", "of-function")
        )
        with (
            through_server(Path(scratch), folder, of_server) as server,
            through_function(folder, of_function) as function,
        ):
            doors = {"server": server, "function": function}
            return {name: measured(door, rounds, count) for name, door in doors.items()}


def measured(door: Door, rounds: int, count: int) -> Row:
    """Read the shard several times, and return the row."""
    for _ in range(3):
        door.read(_ONE)
    counts, pid = door.counts, door.counts.worker()
    before_memory = peak_bytes(pid)
    own, transforms, first = list[float](), list[float](), list[float]()
    for _ in range(rounds):
        before = counts.beside_s(pid), counts.transform_s(pid)
        first.append(door.read(_MANY))
        time.sleep(0.3)  # until the worker has written its line
        own.append((counts.beside_s(pid) - before[0]) / count * 1000)
        transforms.append((counts.transform_s(pid) - before[1]) / count * 1000)
    memory = peak_bytes(pid) - before_memory
    return Row(median(own), median(transforms), own, median(first), memory)


def packed(objects: Sequence[bytes], count: int, extension: str = "jpg") -> bytes:
    """Return a shard of objects with labels."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for number in range(count):
            one = objects[number % len(objects)]
            for kind, body in (("cls", str(number).encode()), (extension, one)):
                info = tarfile.TarInfo(f"{number:06d}.{kind}")
                info.size = len(body)
                archive.addfile(info, io.BytesIO(body))
    return stream.getvalue()


@contextmanager
def through_server(scratch: Path, folder: Path, counts: Counts) -> Iterator[Door]:
    """Serve the folder with one worker."""
    toml = mount_toml("shards", folder, f"tar/{SPEC}")
    with serving(scratch, toml, 1, _ONE_THREAD | counts.variables) as running:
        yield Door(lambda key: read_server(running, key), counts)


def read_server(running: Serving, key: str) -> float:
    """Read a shard; return the seconds until its first sample."""
    client = http.client.HTTPConnection("127.0.0.1", running.port)
    start = time.perf_counter()
    client.request("GET", f"/shards/{key}")
    response = client.getresponse()
    response.read(512)
    first = time.perf_counter() - start
    while response.read(2**20):
        pass
    client.close()
    return first


@contextmanager
def through_function(folder: Path, counts: Counts) -> Iterator[Door]:
    """Run an endpoint whose function reads the shards of a bucket."""
    variables = _ONE_THREAD | counts.variables
    config = EndpointConfig(
        port=0, workers=1, output=StringIO(), task_root=ROOT, worker_env=variables
    )
    with Endpoint(config) as endpoint:
        local = LocalObjectLambda(endpoint)
        s3 = local.client("s3")
        s3.create_bucket(Bucket="shards")
        payload = json.dumps({"spec": f"tar/{SPEC}"})
        alias = local.create_access_point("shards", "shards", payload=payload)
        for path in folder.iterdir():
            s3.put_object(Bucket="shards", Key=path.name, Body=path.read_bytes())

        def read(key: str) -> float:
            start = time.perf_counter()
            body = s3.get_object(Bucket=alias, Key=key)["Body"]
            body.read(512)
            first = time.perf_counter() - start
            while body.read(2**20):
                pass
            return first

        yield Door(read, counts)


if __name__ == "__main__":
    main()
