"""Assembly of one batch from the results of its tasks."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from jitprep.reader.base import stack
from jitprep.reader.errors import BadObject
from jitprep.reader.loading.order import Indices
from jitprep.reader.loading.ring import SlotRing
from jitprep.reader.loading.tasks import Apart, LoadTask, TaskResult
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
    remote : int
        Samples that the overflow made.
    redone : int
        Samples that the overflow failed to make, or was late with.
    """

    rows: Rows
    indices: Indices
    skipped: tuple[BadObject, ...]
    remote: int = 0
    redone: int = 0


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
    writers: int = 0
    """Tasks that may still write to the slot."""

    def __init__(
        self, epoch: int, start: int, number: int, indices: Indices, keys: tuple[str, ...]
    ) -> None:
        self.identity = (epoch, start, number)
        self.indices = indices
        self.keys = keys
        self.missing = len(keys)
        self.redone = 0
        self._made = bytearray(len(keys))
        self._apart: Apart = {}
        self._remote = 0

    def add(self, task: LoadTask, result: TaskResult) -> list[int]:
        """Add the result of a task, and return the rows that the overflow failed to make.

        Rows that were made before, by another task, stay as they are.
        """
        failed = []
        for row in range(task.row, task.row + len(task.keys)):
            what = result.apart.get(row)
            if self._made[row]:
                continue
            if result.remote and isinstance(what, Exception):
                failed.append(row)
                continue
            self._made[row] = True
            self.missing -= 1
            self._remote += result.remote
            if what is not None:
                self._apart[row] = what
        return failed

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
        skipped = tuple(bad.values())
        return LoadedBatch(rows, self.indices[good], skipped, self._remote, self.redone)

    def give_back(self, ring: SlotRing | None) -> None:
        """Return the slot to the ring, unless a task may still write to it."""
        if ring is not None and self.slot is not None and not self.writers:
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
        elif not apart and not self.writers:
            slot = ring.array(self.slot, len(self.keys))
            for row, source in enumerate(good):
                if row != source:
                    slot[row] = slot[source]
            return slot[: len(good)]
        else:  # a copy, because a late task may write to the slot after the batch is returned
            slot = ring.view(self.slot, len(self.keys)).copy()
            found = [apart.get(row, slot[row]) for row in good]
            self.give_back(ring)
        if found[0].dtype.kind in "OU":
            return [row.tolist() for row in found]
        return stack([self.keys[row] for row in good], found)
