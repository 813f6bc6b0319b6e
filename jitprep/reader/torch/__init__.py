"""PyTorch: datasets for its DataLoader, over any reader.

`ObjectDataset` is map-style: it works with samplers, DistributedSampler and any collate function.
`ObjectBatches` is iterable, and yields whole batches as one call returns them.
"""

from __future__ import annotations

from jitprep.reader.torch.datasets import ObjectBatches, ObjectDataset

__all__ = ["ObjectBatches", "ObjectDataset"]
