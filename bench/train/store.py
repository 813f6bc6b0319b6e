"""CPU per sample of a reader with a store, cold, warm and off: ``python -m bench.train.store``.

64 photographs of 500×375 in a folder are read in batches of 32 into the rows of an array, as a loader's
workers do. *Off* is the reader without a store, *cold* writes every copy, *warm* reads it. CPU time is
that of the whole process, the thread that writes included. With ``--s3 URL`` the photographs and the
copies are in that S3 store too; its keys are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and its
bucket ``jitprep-bench-train``. ``--json`` prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.environment import occasion
from bench.train import samples
from bench.train.samples import BATCH, BUCKET, PREFIX
from jitprep import Pipeline, open_reader
from jitprep.service.results.copy_writer import copy_writer

if TYPE_CHECKING:
    from collections.abc import Mapping

_COPIES = "copies"
_SPECS = {
    "deterministic": "resize:256/center_crop:224/npy",
    "random": "resize:256/random_crop:224/random_horizontal_flip/npy",
}
# A file that has just changed is not copied.
_SETTLES_S = 2.5


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.train.store", description=__doc__)
    parser.add_argument("--s3", metavar="URL", help="an S3 store for originals and copies too")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of all ways")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    bodies = samples.bodies()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), bodies, options.s3, options.rounds)
    if options.json:
        made = occasion("preprocessing", "jitprep", "bench") | {
            "versions": {name: version(name) for name in ("numpy", "simplejpeg", "obstore")}
        }
        json.dump({"made": made, "rounds": options.rounds, "ways": found}, sys.stdout, indent=1)
        print()
        return
    for name, ms in found.items():
        print(f"{name:44} {ms:.3f} ms of CPU a sample")


def measure(
    folder: Path, bodies: Mapping[str, bytes], url: str | None, rounds: int
) -> dict[str, float]:
    """Return the CPU time of each way per sample in ms, the median of the rounds."""
    originals = folder / "originals"
    originals.mkdir()
    for key, body in bodies.items():
        (originals / key).write_bytes(body)
    time.sleep(_SETTLES_S)
    places = {"folder": (f"file:{originals}", f"file:{folder / 'copies'}", None)}
    if url is not None:
        samples.fill_bucket(url, bodies)
        s3 = f"s3://{BUCKET}/{PREFIX}"
        places["S3, copies in a folder"] = (s3, f"file:{folder / 'near'}", url)
        places["S3, copies in S3"] = (s3, f"s3://{BUCKET}/{_COPIES}", url)
    times: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for place, (address, store, endpoint) in places.items():
            _empty(store, endpoint)
            for kind, spec in _SPECS.items():
                for way, ms in _round(address, store, endpoint, spec, list(bodies), number).items():
                    if number:  # the first round imports, connects and fills caches
                        times.setdefault(f"{place}, {kind}, {way}", []).append(ms)
    return {name: round(median(spent), 3) for name, spent in times.items()}


def _round(
    address: str, store: str, endpoint: str | None, spec: str, keys: list[str], seed: int
) -> dict[str, float]:
    pipeline = Pipeline.parse(spec)
    shared: dict[str, Any] = {"pipeline": pipeline, "endpoint_url": endpoint, "seed": seed}
    if endpoint is None:
        del shared["endpoint_url"]
    off, kept = open_reader(address, **shared), open_reader(address, store=store, **shared)
    ways = {"off": off, "cold": kept, "warm": kept.with_seed(seed + 1)}
    return {way: _spent(reader, keys) for way, reader in ways.items()}


def _spent(reader: Any, keys: list[str]) -> float:
    layout = reader.row_layout
    rows = np.empty((BATCH, *layout.shape), layout.dtype)
    start = time.process_time()
    for first in range(0, len(keys), BATCH):
        missing = reader.read_into(keys[first : first + BATCH], rows)
        assert not missing, missing
    copy_writer.finish(60)
    return (time.process_time() - start) * 1000 / len(keys)


def _empty(store: str, url: str | None) -> None:
    """Delete the copies of the round before."""
    if store.startswith("file:"):
        shutil.rmtree(store.removeprefix("file:"), ignore_errors=True)
        return
    assert url is not None
    s3 = samples.client(url)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{_COPIES}/"):
        for entry in page.get("Contents", ()):
            s3.delete_object(Bucket=BUCKET, Key=entry["Key"])


if __name__ == "__main__":
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    sys.exit(main())
