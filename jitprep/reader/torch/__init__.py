"""PyTorch: a loader, and datasets for PyTorch's own DataLoader, over any reader.

`Loader` yields batches, and needs no DataLoader. `ObjectDataset` is map-style: it works with samplers,
DistributedSampler and any collate function. `ObjectBatches` is iterable, and yields whole batches as one
call returns them.
"""

from __future__ import annotations

from jitprep.reader.torch.datasets import ObjectBatches, ObjectDataset
from jitprep.reader.torch.loader import Loader
from jitprep.reader.torch.normalize import normalize_batch

__all__ = ["Loader", "ObjectBatches", "ObjectDataset", "normalize_batch"]
