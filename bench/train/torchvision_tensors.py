"""torchvision's decoder and transforms on tensors, in PyTorch's DataLoader."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset
from torchvision.io import ImageReadMode, decode_jpeg, read_file
from torchvision.transforms.v2 import functional as F  # noqa: N812  as everybody calls it

from bench.train.workload import Epoch, Workload

# Its decoder is deprecated in favour of TorchCodec, but users still have it.
warnings.filterwarnings("ignore", category=DeprecationWarning, module="torchvision")


class TensorTransform:
    """torchvision's transform of an encoded photograph.

    Parameters
    ----------
    workload : Workload
    """

    def __init__(self, workload: Workload) -> None:
        self._resize, self._crop = [workload.resize], [workload.crop, workload.crop]

    def __call__(self, encoded: bytes | torch.Tensor) -> torch.Tensor:
        """Return a photograph, uint8 of shape (3, H, W)."""
        if not isinstance(encoded, torch.Tensor):
            encoded = torch.frombuffer(bytearray(encoded), dtype=torch.uint8)
        image = decode_jpeg(encoded, ImageReadMode.RGB)
        return F.center_crop(F.resize(image, self._resize, antialias=True), self._crop)


class Photographs(Dataset[torch.Tensor]):
    """The photographs as tensors."""

    def __init__(self, workload: Workload) -> None:
        self._paths, self._transform = workload.paths, TensorTransform(workload)

    def __len__(self) -> int:
        """Return the number of photographs."""
        return len(self._paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        """Return a photograph, uint8 of shape (3, H, W)."""
        return self._transform(read_file(self._paths[index]))


@contextmanager
def loader(workload: Workload) -> Iterator[Epoch]:
    """Yield the epochs of the DataLoader."""
    made = torch_loader(Photographs(workload), workload)
    yield lambda _: made


def torch_loader(dataset: Any, workload: Workload) -> DataLoader[Any]:
    """Return a DataLoader of the samples of a dataset."""
    return DataLoader(
        dataset, workload.batch, num_workers=workload.workers, persistent_workers=True
    )
