"""jitprep's loader, and its datasets in PyTorch's DataLoader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch.utils.data import DataLoader

from bench.train.workload import Epoch, Workload
from jitprep import open_reader
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


def _reader(workload: Workload) -> Reader:
    spec = f"resize:{workload.resize}/center_crop:{workload.crop}/npy"
    return open_reader(f"file:{workload.folder}", pipeline=spec)
