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


class _Blocks:
    """Blocks by name, and their total bytes."""

    def __init__(self) -> None:
        self.by_name: dict[str, NDArray[np.uint8]] = {}
        self.total = 0


class _Kept(threading.local):
    """The blocks of one thread."""

    def __init__(self) -> None:
        self.blocks = _Blocks()


_kept = _Kept()
_free: list[_Blocks] = []


@contextmanager
def lent_scratch() -> Iterator[None]:
    """Use blocks in this thread that the next thread reuses.

    Where many threads transform in turn, the blocks of as many as do so at the same time are kept,
    and not those of all.
    """
    own = _kept.blocks
    try:
        _kept.blocks = _free.pop()  # the last ones used are the warmest
    except IndexError:
        _kept.blocks = _Blocks()
    try:
        yield
    finally:
        _free.append(_kept.blocks)
        _kept.blocks = own


def scratch(name: str, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """Return an uninitialised array. Calls with the same `name` in one thread share memory.

    Memory is reused because page faults on fresh memory cost more than the arithmetic. The caller
    must be done with the values before it asks for the same name again.
    """
    count = prod(shape)
    size = count * np.dtype(dtype).itemsize
    if size > _KEPT_BYTES:
        return np.empty(shape, dtype)
    block = _kept.blocks.by_name.get(name)
    if block is None or block.size < size:
        block = _keep(name, size)
    return block[:size].view(dtype).reshape(shape)


def _keep(name: str, size: int) -> NDArray[np.uint8]:
    """Make a new block. If the total would be too large, drop the others, even those in use."""
    kept = _kept.blocks
    before = kept.by_name.pop(name, None)
    kept.total -= 0 if before is None else before.size
    if kept.total + size > _KEPT_IN_ALL:
        kept.by_name.clear()
        kept.total = 0
    block = np.empty(size, np.uint8)
    kept.by_name[name] = block
    kept.total += size
    return block
