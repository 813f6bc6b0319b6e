"""`SlotRing`: batches in memory that processes share, in slots that are used again."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections import deque
from math import prod
from mmap import ALLOCATIONGRANULARITY, mmap
from multiprocessing import reduction
from typing import Any

import numpy as np

from jitprep.reader.base import RowLayout
from jitprep.reader.loading.tasks import RingPlace
from preprocessing.media import Array

# Bytes of the batches that a loader makes ahead.
RING_BYTES = 2**28


class SharedFile:
    """Memory that processes share by a descriptor. It has no name, and is freed with its last user."""

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = _nameless() if descriptor is None else descriptor
        self._size = 0

    def grow(self, size: int) -> None:
        """Make the file at least `size` bytes. Pages take memory from when they are written."""
        if size > self._size:
            os.ftruncate(self._descriptor, size)
            self._size = size

    def map(self, length: int = 0, offset: int = 0) -> mmap:
        """Map a part of the file; by default all of it, as large as it is now."""
        return mmap(self._descriptor, length, offset=offset)

    def close(self) -> None:
        """Close the descriptor. Mapped memory stays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (reduction.DupFd(self._descriptor),)  # to a process that is being spawned


def _nameless() -> int:
    if hasattr(os, "memfd_create"):  # /dev/shm is small in many containers
        return os.memfd_create("jitprep-loader")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _received(descriptor: Any) -> SharedFile:
    return SharedFile(descriptor.detach())


class RingView:
    """A worker's view of the ring's memory.

    Parameters
    ----------
    file : SharedFile
    """

    def __init__(self, file: SharedFile) -> None:
        self._file = file
        self._map: mmap | None = None

    def rows(self, place: RingPlace, count: int) -> Array:
        """Return `count` rows at a place, to write to, shape (count, ...)."""
        layout = place.layout
        end = place.offset + count * row_bytes(layout)
        memory = self._map  # which another thread may replace
        if memory is None or len(memory) < end:  # the ring has grown
            memory = self._map = self._file.map()
        return np.ndarray((count, *layout.shape), layout.dtype, memory, place.offset)


class SlotRing:
    """Slots of one batch each. The array of a slot gives it back when nothing refers to it any more.

    Parameters
    ----------
    file : SharedFile
    layout : RowLayout
    batch_size : int
        Rows of a slot.
    nbytes : int
        Bytes that the slots should take.
    most : int
        Number of slots that are of use.

    Attributes
    ----------
    planned : int
        Number of slots that are used without growing.
    """

    def __init__(
        self, file: SharedFile, layout: RowLayout, batch_size: int, nbytes: int, most: int
    ) -> None:
        self.layout = layout
        self._file = file
        needed = batch_size * row_bytes(layout)
        self._stride = -(-needed // ALLOCATIONGRANULARITY) * ALLOCATIONGRANULARITY
        self.planned = max(2, min(nbytes // self._stride, most))
        self._free = list(range(self.planned))[::-1]
        self._spare: list[int] = []  # slots beyond the planned ones, without memory now
        self._fresh = self.planned  # the first slot that was never taken, of those beyond
        # With the first slot of each. Every map holds a descriptor, so that one per slot would be too
        # many where the consumer keeps its batches: each is as large as all before it.
        self._maps: list[tuple[int, mmap]] = []
        self._mapped = 0
        # Arrays may be collected in any thread, at any moment, and appending is safe there.
        self._returned: deque[int] = deque()

    def take(self, *, grow: bool) -> int | None:
        """Return a free slot; with `grow`, make one where there is none."""
        while self._returned:
            self._release(self._returned.popleft())
        if self._free:
            slot = self._free.pop()
        elif not grow:
            return None
        elif self._spare:
            slot = self._spare.pop()
        else:
            slot = self._fresh
            self._fresh += 1
        if slot >= self._mapped:
            offset, more = self._mapped * self._stride, max(self._mapped, self.planned)
            self._file.grow(offset + more * self._stride)
            self._maps.append((self._mapped, self._file.map(more * self._stride, offset)))
            self._mapped += more
        return slot

    def place(self, slot: int, row: int) -> RingPlace:
        """Return the place of a row."""
        return RingPlace(slot * self._stride + row * row_bytes(self.layout), self.layout)

    def view(self, slot: int, count: int) -> Array:
        """Return the first rows of a slot, shape (count, ...), for the moment."""
        memory, offset = self._memory(slot)
        return np.ndarray((count, *self.layout.shape), self.layout.dtype, memory, offset)

    def array(self, slot: int, count: int) -> Array:
        """Return the first rows of a slot, shape (count, ...), which then belongs to the array."""
        array = self.view(slot, count)
        weakref.finalize(array, self._returned.append, slot).atexit = False
        return array

    def give_back(self, slot: int) -> None:
        """Give back a slot that no array owns."""
        self._returned.append(slot)

    def _release(self, slot: int) -> None:
        if slot < self.planned:
            self._free.append(slot)
            return
        self._spare.append(slot)
        memory, offset = self._memory(slot)
        memory.madvise(_FREE, offset, self._stride)

    def _memory(self, slot: int) -> tuple[mmap, int]:
        """Return the map of a slot, and the slot's offset there."""
        first, memory = next(found for found in reversed(self._maps) if found[0] <= slot)
        return memory, (slot - first) * self._stride


def row_bytes(layout: RowLayout) -> int:
    """Return the bytes of a row."""
    return prod(layout.shape) * np.dtype(layout.dtype).itemsize


# Only Linux frees pages of shared memory before the end; elsewhere they stay until the loader closes.
try:
    from mmap import MADV_REMOVE as _FREE
except ImportError:
    from mmap import MADV_NORMAL as _FREE
