"""jitprep's loader, its datasets in PyTorch's DataLoader, and its transform without either."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
from torch.utils.data import DataLoader

from bench.train.workload import Epoch, Workload
from jitprep import Pipeline, open_reader
from jitprep.reader import Reader
from jitprep.reader.torch import Loader, ObjectBatches, ObjectDataset


@contextmanager
def loader(workload: Workload, **options: Any) -> Iterator[Epoch]:
    """Yield the epochs of `Loader`."""
    whole = {"batch_size": workload.batch, "num_workers": workload.workers, **options}
    with Loader(_reader(workload), workload.keys, **whole) as made:
        yield lambda _: made


def spawned(workload: Workload) -> Any:
    """Return `loader` with spawned workers."""
    return loader(workload, start_method="spawn")


@contextmanager
def dataset(workload: Workload) -> Iterator[Epoch]:
    """Yield the epochs of `ObjectDataset`."""
    data = ObjectDataset(_reader(workload), workload.keys)
    made = DataLoader(data, workload.batch, num_workers=workload.workers, persistent_workers=True)
    yield lambda _: made


@contextmanager
def batches(workload: Workload) -> Iterator[Epoch]:
    """Yield the epochs of `ObjectBatches`."""
    data = ObjectBatches(_reader(workload), workload.keys, batch_size=workload.batch)
    made = DataLoader(data, None, num_workers=workload.workers, persistent_workers=True)
    yield lambda _: made


@contextmanager
def transform_alone(workload: Workload) -> Iterator[Epoch]:
    """Yield epochs in which processes transform the photographs, and return none of them."""
    parts = [workload.paths[number :: workload.workers] for number in range(workload.workers)]
    work = partial(_transform, _spec(workload))
    with get_context("fork").Pool(workload.workers) as pool:

        def epoch(_: int) -> Iterator[Any]:
            for count in pool.imap_unordered(work, parts):
                yield np.broadcast_to(np.uint8(0), (count, 3, workload.crop, workload.crop))

        yield epoch


def _transform(spec: str, paths: list[str]) -> int:
    pipeline = Pipeline.parse(spec)
    for path in paths:
        pipeline(path)
    return len(paths)


def _spec(workload: Workload) -> str:
    return f"resize:{workload.resize}/center_crop:{workload.crop}/npy"


def _reader(workload: Workload) -> Reader:
    return open_reader(f"file:{workload.folder}", pipeline=_spec(workload))
