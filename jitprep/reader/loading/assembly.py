"""Assembly of one batch from the results of its tasks."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from jitprep.reader.base import stack
from jitprep.reader.errors import BadObject
from jitprep.reader.loading.order import Indices
from jitprep.reader.loading.ring import SlotRing
from jitprep.reader.loading.tasks import Apart, TaskResult
from preprocessing.media import Array

# An array of shape (N, ...), or for text the strings of each document.
Rows: TypeAlias = "Array | list[Any]"


class LoadedBatch(NamedTuple):
    """A batch.

    Parameters
    ----------
    rows : ndarray or list of lists of str
        Shape (N, ...). For text, the strings of each document.
    indices : ndarray of int64
        Which samples the rows are, shape (N,).
    skipped : tuple of BadObject
        Errors of the samples that are left out.
    """

    rows: Rows
    indices: Indices
    skipped: tuple[BadObject, ...]


class PendingBatch:
    """A batch whose samples may still be missing.

    Parameters
    ----------
    epoch, start, number : int
        Epoch, samples that were taken before, and number of the batch after these.
    indices : ndarray of int64
        Samples of the batch.
    keys : tuple of str
        Their keys.
    """

    slot: int | None = None
    """Slot of the ring that the rows are written to; None where results bring them."""

    def __init__(
        self, epoch: int, start: int, number: int, indices: Indices, keys: tuple[str, ...]
    ) -> None:
        self.identity = (epoch, start, number)
        self.indices = indices
        self.keys = keys
        self.missing = len(keys)
        self._apart: Apart = {}

    def add(self, result: TaskResult) -> None:
        """Add the result of a task."""
        self.missing -= result.rows
        self._apart |= result.apart

    def finish(self, ring: SlotRing | None, *, skips: bool) -> LoadedBatch:
        """Return the batch. Its slot then belongs to the rows, or is given back.

        Raises
        ------
        ReadError, or what else a worker raised
            Of the first sample that cannot be left out; of the first one, where none is good.
        """
        try:
            bad = self._errors(skips=skips)
        except BaseException:
            self.give_back(ring)
            raise
        good = [row for row in range(len(self.keys)) if row not in bad]
        rows = self._rows(ring, good)
        return LoadedBatch(rows, self.indices[good], tuple(bad.values()))

    def give_back(self, ring: SlotRing | None) -> None:
        """Return the slot of a batch to the ring without using its rows."""
        if ring is not None and self.slot is not None:
            ring.give_back(self.slot)

    def _errors(self, *, skips: bool) -> dict[int, BadObject]:
        """Return the errors of what is left out, by row."""
        bad: dict[int, BadObject] = {}
        errors = [
            (row, what) for row, what in sorted(self._apart.items()) if isinstance(what, Exception)
        ]
        for row, error in errors:
            if not skips or not isinstance(error, BadObject) or len(errors) == len(self.keys):
                raise error
            bad[row] = error
        return bad

    def _rows(self, ring: SlotRing | None, good: list[int]) -> Rows:
        apart = {row: what for row, what in self._apart.items() if not isinstance(what, Exception)}
        if ring is None or self.slot is None:
            found = [apart[row] for row in good]
        else:
            slot = ring.array(self.slot, len(self.keys))
            if not apart:
                for row, source in enumerate(good):
                    if row != source:
                        slot[row] = slot[source]
                return slot[: len(good)]
            found = [apart.get(row, slot[row]) for row in good]
        if found[0].dtype.kind in "OU":
            return [row.tolist() for row in found]
        return stack([self.keys[row] for row in good], found)
