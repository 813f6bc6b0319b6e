"""Working memory that a thread keeps between calls."""

from __future__ import annotations

import threading
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A larger block is given back after its call: one huge image must not pin memory for ever.
_KEPT_BYTES = 16 * 2**20

_local = threading.local()


def scratch(name: str, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """Return an uninitialised array, in the same memory for the same `name` and thread.

    Page faults on fresh memory cost more than the arithmetic done in it, hence the reuse. The caller
    must be done with the values before it asks for the same name again.
    """
    count = prod(shape)
    size = count * np.dtype(dtype).itemsize
    if size > _KEPT_BYTES:
        return np.empty(shape, dtype)
    kept: NDArray[np.uint8] | None = getattr(_local, name, None)
    if kept is None or kept.size < size:
        kept = np.empty(size, np.uint8)
        setattr(_local, name, kept)
    return kept[:size].view(dtype).reshape(shape)
