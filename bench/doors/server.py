"""What `jitprep serve` costs beside the transform, and how it behaves under load."""

from __future__ import annotations

import http.client
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any

from bench import photos
from bench.doors.cpu_time import in_rounds
from bench.doors.serving import Serving, mount_toml, read, read_batch, serving
from preprocessing import Pipeline
from preprocessing.available_memory import PROCESS_BYTES

SPEC = "resize:256/center_crop:224/npy"
COUNT, _CLIENTS, _LOAD = 32, 8, 0.7
# 12 megapixels, as telephones take.
_LARGE = (3000, 4000)
_MEMORY = 512 * 2**20


def measure(rounds: int, seconds: float, s3: str | None = None) -> dict[str, Any]:
    """Measure everything.

    Parameters
    ----------
    rounds : int
        Interleaved rounds of the CPU times.
    seconds : float
        Of each run under load.
    s3 : str, optional
        The configuration of a mount ``bucket`` on an S3 that holds the same photographs.
    """
    bodies = [photos.small(photos.SMALL[i % len(photos.SMALL)]) for i in range(COUNT)]
    keys = [f"{number:02}.jpg" for number in range(COUNT)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        originals = folder / "photos"
        originals.mkdir()
        for key, body in zip(keys, bodies, strict=True):
            (originals / key).write_bytes(body)
        mounts = mount_toml("photos", originals, SPEC) + (s3 or "")
        with serving(folder, mounts, 1) as server:
            cpu = _cpu(server, keys, bodies, rounds, ["photos", *(["bucket"] if s3 else [])])
        with serving(folder, mounts, 2) as server:
            load = _load(server, keys, bodies, seconds)
        return {"cpu_ms": cpu, **load, "memory": _memory(folder)}


def _cpu(
    server: Serving, keys: Sequence[str], bodies: Sequence[bytes], rounds: int, mounts: list[str]
) -> dict[str, float]:
    """Return the CPU time of one photograph in ms, the median of interleaved rounds."""
    pipeline, client = Pipeline.parse(SPEC), http.client.HTTPConnection("127.0.0.1", server.port)
    ways: dict[str, Callable[[], object]] = {
        "transform": lambda: [pipeline.encode(body) for body in bodies]
    }
    for mount in mounts:
        ways[f"GET {mount}"] = _reads(client, mount, keys)
        ways[f"batch {mount}"] = _batch(client, mount, keys)
    clocks = dict.fromkeys(ways, server.cpu_s) | {"transform": time.process_time}
    spent = in_rounds(ways, clocks, rounds, len(keys))
    found = {name: median(times) for name, times in spent.items()}
    beside = {f"{name}, beside it": found[name] - found["transform"] for name in found}
    return {name: round(ms, 3) for name, ms in (found | beside).items()}


def _reads(
    client: http.client.HTTPConnection, mount: str, keys: Sequence[str]
) -> Callable[[], object]:
    return lambda: [read(client, f"/{mount}/{key}") for key in keys]


def _batch(
    client: http.client.HTTPConnection, mount: str, keys: Sequence[str]
) -> Callable[[], object]:
    return lambda: read_batch(client, mount, keys)


def _load(
    server: Serving, keys: Sequence[str], bodies: Sequence[bytes], seconds: float
) -> dict[str, Any]:
    """Return photographs per second of the server and of the transform alone, and latencies."""
    with ThreadPoolExecutor(2) as pool:  # interleaved: half, half, half, half
        pure, served = [], []
        for _ in range(2):
            pure.append(_pure(bodies, seconds / 2))
            served.append(_served(server.port, keys, seconds / 2, pool))
    rate = sum(served) / 2
    latencies = _paced(server.port, keys, rate * _LOAD, seconds)
    cuts = quantiles(latencies, n=100)
    return {
        "per_second": {"transform": round(sum(pure) / 2, 1), "server": round(rate, 1)},
        "throughput": round(sum(served) / sum(pure), 3),
        "at_70_percent_ms": {
            "median": round(cuts[49] * 1000, 2),
            "p99": round(cuts[98] * 1000, 2),
            "ratio": round(cuts[98] / cuts[49], 2),
        },
    }


def _pure(bodies: Sequence[bytes], seconds: float) -> float:
    """Return how many photographs two processes transform per second."""
    context = get_context("spawn")
    with context.Pool(2) as pool:
        pool.starmap(_transform_for, [(bodies, 0.2)] * 2)
        return sum(pool.starmap(_transform_for, [(bodies, seconds)] * 2))


def _transform_for(bodies: Sequence[bytes], seconds: float) -> float:
    pipeline, start, done = Pipeline.parse(SPEC), time.perf_counter(), 0
    while (spent := time.perf_counter() - start) < seconds:
        pipeline.encode(bodies[done % len(bodies)])
        done += 1
    return done / spent


def _served(port: int, keys: Sequence[str], seconds: float, pool: ThreadPoolExecutor) -> float:
    """Return how many photographs clients in this process read per second."""
    del pool
    with ThreadPoolExecutor(_CLIENTS) as clients:
        ends = time.perf_counter() + seconds
        each = clients.map(_read_until, [port] * _CLIENTS, [keys] * _CLIENTS, [ends] * _CLIENTS)
        return sum(each) / seconds


def _read_until(port: int, keys: Sequence[str], ends: float) -> int:
    client, done = http.client.HTTPConnection("127.0.0.1", port), 0
    while time.perf_counter() < ends:
        read(client, f"/photos/{keys[done % len(keys)]}")
        done += 1
    return done


def _paced(port: int, keys: Sequence[str], rate: float, seconds: float) -> list[float]:
    """Return the latencies of reads that begin at random moments, whether or not others have ended."""
    random, moments, at = Random(0), [], 0.0  # noqa: S311
    while (at := at - math.log(1 - random.random()) / rate) < seconds:
        moments.append(at)
    clients: list[http.client.HTTPConnection] = []
    start = time.perf_counter() + 0.2

    def read_at(number: int) -> float:
        due = start + moments[number]
        time.sleep(max(due - time.perf_counter(), 0))
        client = clients.pop() if clients else http.client.HTTPConnection("127.0.0.1", port)
        read(client, f"/photos/{keys[number % len(keys)]}")
        clients.append(client)
        return time.perf_counter() - due  # waiting for a client counts

    with ThreadPoolExecutor(64) as pool:
        return list(pool.map(read_at, range(len(moments))))


def _memory(folder: Path) -> dict[str, float]:
    """Return the peak of a worker that has 64 originals of 12 megapixels under way, and its limit."""
    large = folder / "large"
    large.mkdir()
    original = photos.mosaic(*_LARGE)
    (large / "a.jpg").write_bytes(original)
    limits = {"JITPREP_MEMORY": str((_MEMORY - PROCESS_BYTES) // 2)}
    with (
        serving(folder, mount_toml("large", large, SPEC), 1, limits) as server,
        ThreadPoolExecutor(64) as pool,
    ):
        before = server.peak_bytes()
        paths = ["/large/a.jpg"] * 64
        clients = [http.client.HTTPConnection("127.0.0.1", server.port) for _ in paths]
        list(pool.map(read, clients, paths))
        return {
            "before_mb": before >> 20,
            "peak_mb": server.peak_bytes() >> 20,
            "limit_mb": _MEMORY >> 20,
            "original_mb": round(len(original) / 2**20, 1),
        }
