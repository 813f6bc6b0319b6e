"""MosaicML's streaming: MDS shards of photographs, and torchvision's tensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streaming
import torch

from bench.train.rivals.prepared import prepared
from bench.train.torchvision_tensors import TensorTransform, torch_loader
from bench.train.workload import Epoch, Workload


class _Photographs(streaming.StreamingDataset):  # type: ignore[misc]
    def __init__(self, folder: Path, workload: Workload) -> None:
        super().__init__(local=str(folder), batch_size=workload.batch, shuffle=False)
        self._transform = TensorTransform(workload)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self._transform(super().__getitem__(index)["photograph"])


@contextmanager
def loader(workload: Workload) -> Iterator[Epoch]:
    """Yield the epochs of a DataLoader of a StreamingDataset."""
    folder = prepared(f"mds-{len(workload.keys)}", lambda path: _write(workload, path))
    made = torch_loader(_Photographs(folder, workload), workload)
    yield lambda _: made


def _write(workload: Workload, folder: Path) -> None:
    with streaming.MDSWriter(out=str(folder), columns={"photograph": "bytes"}) as writer:
        for path in workload.paths:
            writer.write({"photograph": Path(path).read_bytes()})
