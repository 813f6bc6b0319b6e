"""LitData: chunks of photographs, and torchvision's tensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import litdata

from bench.train.rivals.prepared import prepared
from bench.train.torchvision_tensors import TensorTransform
from bench.train.workload import Epoch, Workload

_CHUNK = "16MB"


class _Photographs(litdata.StreamingDataset):  # type: ignore[misc]
    def __init__(self, folder: Path, workload: Workload) -> None:
        super().__init__(str(folder))
        self._transform = TensorTransform(workload)

    def __getitem__(self, index: Any) -> Any:
        return self._transform(super().__getitem__(index))


@contextmanager
def loader(workload: Workload) -> Iterator[Epoch]:
    """Yield the epochs of a StreamingDataLoader."""
    folder = prepared(f"litdata-{len(workload.keys)}", lambda path: _write(workload, path))
    made = litdata.StreamingDataLoader(
        _Photographs(folder, workload),
        batch_size=workload.batch,
        num_workers=workload.workers,
        persistent_workers=True,
    )
    yield lambda _: made


def _read(path: str) -> bytes:
    return Path(path).read_bytes()


def _write(workload: Workload, folder: Path) -> None:
    litdata.optimize(
        fn=_read,
        inputs=workload.paths,
        output_dir=str(folder),
        chunk_bytes=_CHUNK,
        num_workers=workload.workers,
        start_method="fork",
    )
