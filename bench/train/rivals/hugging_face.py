"""Hugging Face's datasets: paths of files, or Arrow, and torchvision's tensors in a DataLoader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import datasets
from torchvision.io import read_file

from bench.train.rivals.prepared import prepared
from bench.train.torchvision_tensors import TensorTransform, torch_loader
from bench.train.workload import Epoch, Workload


@contextmanager
def files(workload: Workload) -> Iterator[Epoch]:
    """Yield epochs of a dataset of paths."""
    transform = TensorTransform(workload)

    def read(rows: dict[str, list[str]]) -> dict[str, Any]:
        return {"image": [transform(read_file(path)) for path in rows["path"]]}

    yield _epochs(datasets.Dataset.from_dict({"path": workload.paths}), read, workload)


@contextmanager
def arrow(workload: Workload) -> Iterator[Epoch]:
    """Yield epochs of a dataset whose photographs are in Arrow."""
    folder = prepared(f"arrow-{len(workload.keys)}", lambda path: _write(workload, path))
    transform = TensorTransform(workload)

    def read(rows: dict[str, list[bytes]]) -> dict[str, Any]:
        return {"image": [transform(body) for body in rows["photograph"]]}

    yield _epochs(datasets.load_from_disk(str(folder)), read, workload)


def _epochs(dataset: Any, read: Any, workload: Workload) -> Epoch:
    made = torch_loader(dataset.with_transform(read), workload)
    return lambda _: (batch["image"] for batch in made)


def _write(workload: Workload, folder: Path) -> None:
    bodies = [Path(path).read_bytes() for path in workload.paths]
    datasets.Dataset.from_dict({"photograph": bodies}).save_to_disk(str(folder))
