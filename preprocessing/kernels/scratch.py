"""Scratch memory that each thread keeps between calls."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Larger blocks are not kept, so that one huge image does not pin memory permanently.
_KEPT_BYTES = 16 * 2**20
# Most bytes that a thread keeps in all blocks.
_KEPT_IN_ALL = 48 * 2**20


class Blocks:
    """Blocks by name, and their total bytes."""

    def __init__(self) -> None:
        self.by_name: dict[str, NDArray[np.uint8]] = {}
        # The last array that was lent by each name, which is often asked for again.
        self.lent: dict[str, tuple[tuple[int, ...], str, NDArray[Any]]] = {}
        self.total = 0


class _Kept(threading.local):
    """The blocks that a thread uses, and whether they are borrowed."""

    def __init__(self) -> None:
        self.blocks = Blocks()
        self.borrowed = False


_kept = _Kept()
_free: list[Blocks] = []


def is_borrowed() -> bool:
    """Return whether this thread uses borrowed blocks."""
    return _kept.borrowed


def borrow_scratch() -> Blocks:
    """Use blocks in this thread that the next thread reuses; return this thread's own.

    Where many threads transform in turn, the blocks of as many as do so at the same time are kept,
    and not those of all.
    """
    own = _kept.blocks
    try:
        _kept.blocks = _free.pop()  # the last ones used are the warmest
    except IndexError:
        _kept.blocks = Blocks()
    _kept.borrowed = True
    return own


def return_scratch(own: Blocks) -> None:
    """Give borrowed blocks back, and use this thread's own again."""
    _free.append(_kept.blocks)
    _kept.blocks = own
    _kept.borrowed = False


@contextmanager
def lent_scratch() -> Iterator[None]:
    """Use borrowed blocks in this thread; see `borrow_scratch`."""
    own = borrow_scratch()
    try:
        yield
    finally:
        return_scratch(own)


def scratch(name: str, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """Return an uninitialised array. Calls with the same `name` in one thread share memory.

    Memory is reused because page faults on fresh memory cost more than the arithmetic. The caller
    must be done with the values before it asks for the same name again.
    """
    kept = _kept.blocks
    last = kept.lent.get(name)
    if last is not None and last[0] == shape and last[1] == dtype:
        return last[2]
    count = prod(shape)
    size = count * np.dtype(dtype).itemsize
    if size > _KEPT_BYTES:
        return np.empty(shape, dtype)
    block = kept.by_name.get(name)
    if block is None or block.size < size:
        block = _keep(name, size)
    array = block[:size].view(dtype).reshape(shape)
    kept.lent[name] = shape, dtype, array
    return array


def _keep(name: str, size: int) -> NDArray[np.uint8]:
    """Make a new block. If the total would be too large, drop the others, even those in use."""
    kept = _kept.blocks
    before = kept.by_name.pop(name, None)
    kept.total -= 0 if before is None else before.size
    if kept.total + size > _KEPT_IN_ALL:
        kept.by_name.clear()
        kept.lent.clear()
        kept.total = 0
    block = np.empty(size, np.uint8)
    kept.by_name[name] = block
    kept.total += size
    return block
