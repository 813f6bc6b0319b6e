"""Scratch memory that each thread keeps between calls."""

from __future__ import annotations

import threading
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Larger blocks are not kept, so that one huge image does not pin memory permanently.
_KEPT_BYTES = 16 * 2**20
# Most bytes that a thread keeps in all blocks.
_KEPT_IN_ALL = 48 * 2**20


class _Kept(threading.local):
    """The blocks of one thread, and their total bytes."""

    def __init__(self) -> None:
        self.blocks: dict[str, NDArray[np.uint8]] = {}
        self.total = 0


_kept = _Kept()


def scratch(name: str, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """Return an uninitialised array. Calls with the same `name` in one thread share memory.

    Memory is reused because page faults on fresh memory cost more than the arithmetic. The caller
    must be done with the values before it asks for the same name again.
    """
    count = prod(shape)
    size = count * np.dtype(dtype).itemsize
    if size > _KEPT_BYTES:
        return np.empty(shape, dtype)
    block = _kept.blocks.get(name)
    if block is None or block.size < size:
        block = _keep(name, size)
    return block[:size].view(dtype).reshape(shape)


def _keep(name: str, size: int) -> NDArray[np.uint8]:
    """Make a new block. If the total would be too large, drop the others, even those in use."""
    before = _kept.blocks.pop(name, None)
    _kept.total -= 0 if before is None else before.size
    if _kept.total + size > _KEPT_IN_ALL:
        _kept.blocks.clear()
        _kept.total = 0
    block = np.empty(size, np.uint8)
    _kept.blocks[name] = block
    _kept.total += size
    return block
