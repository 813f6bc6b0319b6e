"""CPU of ``views:2`` beside two reads of the same photograph: ``python -m bench.views``; Linux.

*Library* is `Pipeline.encode` of a JPEG's bytes in this process, *server* a GET of the file from
``jitprep serve``, and *function* an invocation of the function, which reads from S3; the CPU of their
one worker counts. Every read has a new seed, which draws other crops. Both ways alternate. A time is
the mean of a round, and the least of all rounds counts. ``--json`` prints JSON.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from io import StringIO
from itertools import count, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import photos
from bench.doors.cpu_time import cpu_s
from bench.doors.invoke import worker_pid
from bench.doors.serving import Serving, mount_toml, read, serving
from bench.environment import ROOT, occasion
from jitprep.emulator import Endpoint, EndpointConfig
from jitprep.emulator.testing import LocalObjectLambda
from jitprep.reader.loading.single_thread import use_one_thread
from preprocessing import Pipeline, Seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PIPELINES = {
    "crop-flip": "random_resized_crop:224/random_horizontal_flip/npy",
    "simclr": (
        "random_resized_crop:224/random_horizontal_flip"
        "/color_jitter:brightness=0.8,contrast=0.8,saturation=0.8,hue=0.2"
        "/random_grayscale:0.2/gaussian_blur:23,sigma=0.1,2/npy"
    ),
}
_SIZES = ((375, 500), (3000, 4000))
# Photographs of a round. Fewer draw too few crops, whose sizes decide how a large JPEG is decoded.
_READS = 40
_seeds = count()


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.views", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="rounds of all ways")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    use_one_thread()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), options.rounds)
    if options.json:
        made = occasion("preprocessing", "jitprep", "bench")
        json.dump({"made": made, "rounds": options.rounds, "rows": rows}, sys.stdout, indent=1)
        print()
        return
    print("| photograph | pipeline | where | two reads, ms | views:2, ms | ratio |")
    print("|---|---|---|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row['size']} | {row['pipeline']} | {row['where']} | {row['two_reads_ms']:.2f} "
            f"| {row['views_ms']:.2f} | {row['ratio']:.2f} |"
        )


def measure(folder: Path, rounds: int) -> list[dict[str, Any]]:
    """Return a row for each size, pipeline and place."""
    originals = folder / "photos"
    originals.mkdir()
    names = {f"{width}×{height}": f"{width}.jpg" for height, width in _SIZES}
    for (height, width), name in zip(_SIZES, names.values(), strict=True):
        (originals / name).write_bytes(_photograph(height, width))
    mounts = "".join(
        mount_toml(f"{name}-{views}", originals, _of_views(views, spec))
        for name, spec in _PIPELINES.items()
        for views in (1, 2)
    )
    rows = []
    with serving(folder, mounts, 1) as server, _function(originals) as (cpu_s, caller):
        for (size, file), (name, spec) in product(names.items(), _PIPELINES.items()):
            body = (originals / file).read_bytes()
            places: dict[str, tuple[Callable[[], float], list[Callable[[], object]]]] = {
                "library": (
                    time.process_time,
                    [_encoder(_of_views(n, spec), body) for n in (1, 2)],
                ),
                "server": (server.cpu_s, [_getter(server, f"{name}-{n}/{file}") for n in (1, 2)]),
            }
            places["function"] = (cpu_s, [caller(_of_views(n, spec), file) for n in (1, 2)])
            for where, (clock, (one, both)) in places.items():
                read_ms, views_ms = _least(clock, one, both, rounds)
                times = {"two_reads_ms": 2 * read_ms, "views_ms": views_ms}
                row = {"size": size, "pipeline": name, "where": where, **times}
                rows.append({**row, "ratio": views_ms / (2 * read_ms)})
    return rows


@contextmanager
def _function(originals: Path) -> Iterator[tuple[Callable[[], float], Callable[..., Any]]]:
    """Run a function with one worker and the photographs in S3: its CPU clock, and what makes calls."""
    config = EndpointConfig(
        port=0,
        workers=1,
        task_root=ROOT,
        worker_env={"JITPREP_BUCKETS": "photos", "OPENBLAS_NUM_THREADS": "1"},
        output=StringIO(),
    )
    with Endpoint(config) as endpoint:
        local = LocalObjectLambda(endpoint)
        s3, function = local.client("s3"), local.client("lambda")
        s3.create_bucket(Bucket="photos")
        for file in originals.iterdir():
            s3.put_object(Bucket="photos", Key=file.name, Body=file.read_bytes())

        def call(spec: str, key: str) -> None:
            event = {"bucket": "photos", "spec": spec, "key": key, "seed": next(_seeds)}
            called = function.invoke(FunctionName="preprocess", Payload=json.dumps(event))
            answer = json.load(called["Payload"])
            if answer["statusCode"] != 200:
                raise RuntimeError(str(answer)[:300])

        call("resize:8/npy", next(originals.iterdir()).name)  # starts the worker
        yield partial(cpu_s, worker_pid()), lambda *what: partial(call, *what)


def _encoder(spec: str, body: bytes) -> Callable[[], object]:
    pipeline = Pipeline.parse(spec)
    return lambda: pipeline.encode(body, seed=Seed(next(_seeds), "photo.jpg", '"etag"'))


def _getter(server: Serving, path: str) -> Callable[[], object]:
    client = http.client.HTTPConnection("127.0.0.1", server.port)
    return lambda: read(client, f"/{path}?seed={next(_seeds)}")


def _least(
    clock: Callable[[], float],
    one: Callable[[], object],
    both: Callable[[], object],
    rounds: int,
) -> tuple[float, float]:
    """Return the CPU of one read, and of one with two views, in ms."""
    least = [float("inf"), float("inf")]
    for number in range(rounds + 1):
        for place, (work, times) in enumerate(((one, 2 * _READS), (both, _READS))):
            began = clock()
            for _ in range(times):
                work()
            if number > 0:  # the first round warms everything up
                least[place] = min(least[place], (clock() - began) * 1000 / times)
    return least[0], least[1]


def _of_views(number: int, spec: str) -> str:
    return spec if number == 1 else f"views:{number}/{spec}"


def _photograph(height: int, width: int) -> bytes:
    return photos.small("coffee") if height < 1000 else photos.mosaic(height, width)


if __name__ == "__main__":
    main()
