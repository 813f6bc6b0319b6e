"""Collation of a loaded batch: tensors, their labels, and other columns."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch
from torch.utils.data import default_collate

from jitprep.reader.loading.assembly import LoadedBatch
from jitprep.reader.loading.selection import SampleTable


class BatchCollation:
    """Makes the batches of a loader.

    Parameters
    ----------
    samples : SampleTable
    pin_memory : bool, optional
        Whether tensors are in pinned memory. Default: if there is a GPU.
    """

    def __init__(self, samples: SampleTable, pin_memory: bool | None) -> None:
        self._samples = samples
        self._asked = pin_memory

    def batch(self, loaded: LoadedBatch) -> tuple[Any, ...]:
        """Return rows and labels, and a dict of the other columns, if there are any."""
        rows: Any = loaded.rows
        if not isinstance(rows, list):
            rows = torch.from_numpy(rows)
            if self._pins:
                # A copy: CUDA may still read from it when the slot of the ring is written again.
                rows = rows.pin_memory()
        taken = loaded.indices.tolist()
        labels, columns = self._samples.labels, self._samples.columns
        batch = rows, default_collate([labels[index] for index in taken])
        if not columns:
            return batch
        picked = {name: [column[index] for index in taken] for name, column in columns.items()}
        return *batch, {name: default_collate(values) for name, values in picked.items()}

    @cached_property
    def _pins(self) -> bool:
        # CUDA is asked at the first batch, after the workers were forked.
        return torch.cuda.is_available() if self._asked is None else self._asked
