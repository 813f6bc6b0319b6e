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
import struct
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from statistics import median

from bench.doors.serving import Serving, serving
from bench.train.samples import bodies
from jitprep.emulator import Endpoint, EndpointConfig
from jitprep.emulator.testing import LocalObjectLambda

SPEC = "resize:256/center_crop:224/npy"
_HERE, _ROOT = Path(__file__).parent, Path(__file__).parents[2]
_COUNT = 1000
_ONE = "one.tar"
_MANY = "many.tar"
_CONFIG = '[mounts.shards]\nsource = "{folder}"\npipeline = "tar/{spec}"\nanonymous = true\n'


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
    """A door: how a shard is read, and the process ID of its worker."""

    read: Callable[[str], float]
    pid: int


def measure(rounds: int, count: int) -> Mapping[str, Row]:
    """Return the row of each door."""
    photos = list(bodies().values())
    with tempfile.TemporaryDirectory() as scratch:
        folder, counts = Path(scratch, "shards"), Path(scratch, "counts")
        folder.mkdir()
        counts.mkdir()
        (folder / _ONE).write_bytes(packed(photos, 1))
        (folder / _MANY).write_bytes(packed(photos, count))
        variables = {
            "OPENBLAS_NUM_THREADS": "1",
            "JITPREP_STEPS": "counted_transforms",
            "BENCH_COUNTS": str(counts),
            "PYTHONPATH": str(_HERE),
        }
        with (
            through_server(Path(scratch), folder, variables) as server,
            through_function(folder, variables) as function,
        ):
            doors = {"server": server, "function": function}
            return {name: measured(door, counts, rounds, count) for name, door in doors.items()}


def measured(door: Door, counts: Path, rounds: int, count: int) -> Row:
    """Read the shard several times, and return the row."""
    for _ in range(3):
        door.read(_ONE)
    before_memory = peak(door.pid)
    own, transforms, first = list[float](), list[float](), list[float]()
    for _ in range(rounds):
        before = cpu_s(door.pid), transform_s(counts, door.pid)
        first.append(door.read(_MANY))
        time.sleep(0.3)  # until the worker has written its line
        spent, made = cpu_s(door.pid) - before[0], transform_s(counts, door.pid) - before[1]
        own.append((spent - made) / count * 1000)
        transforms.append(made / count * 1000)
    memory = peak(door.pid) - before_memory
    return Row(median(own), median(transforms), own, median(first), memory)


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process so far."""
    return time.clock_gettime((~pid << 3) | 2)


def transform_s(counts: Path, pid: int) -> float:
    """Return the CPU seconds of a worker's transforms so far."""
    return float(struct.unpack("d", (counts / str(pid)).read_bytes())[0])


def peak(pid: int) -> int:
    """Return the peak of a process's resident memory in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def packed(photos: list[bytes], count: int) -> bytes:
    """Return a shard of photographs with labels."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for number in range(count):
            photo = photos[number % len(photos)]
            for extension, body in (("cls", str(number).encode()), ("jpg", photo)):
                info = tarfile.TarInfo(f"{number:06d}.{extension}")
                info.size = len(body)
                archive.addfile(info, io.BytesIO(body))
    return stream.getvalue()


@contextmanager
def through_server(scratch: Path, folder: Path, variables: Mapping[str, str]) -> Iterator[Door]:
    """Serve the folder with one worker."""
    toml = _CONFIG.format(folder=folder, spec=SPEC)
    with serving(scratch, toml, 1, variables) as running:
        yield Door(lambda key: read_server(running, key), running.workers[0])


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
def through_function(folder: Path, variables: Mapping[str, str]) -> Iterator[Door]:
    """Run an endpoint whose function reads the shards of a bucket."""
    config = EndpointConfig(
        port=0, workers=1, output=StringIO(), task_root=_ROOT, worker_env=dict(variables)
    )
    counts = Path(variables["BENCH_COUNTS"])
    others = {path.name for path in counts.iterdir()}
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

        read(_ONE)
        (worker,) = {path.name for path in counts.iterdir()} - others
        yield Door(read, int(worker))


if __name__ == "__main__":
    main()
