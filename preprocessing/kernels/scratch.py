"""Working memory that a thread keeps between calls."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A larger block is given back after its call: one huge image must not pin memory for ever.
_KEPT_FLOATS = 4 * 2**20

_local = threading.local()


def floats(name: str, count: int) -> NDArray[np.float32]:
    """Return `count` uninitialised float32 values, the same memory for the same `name` and thread.

    Page faults on fresh memory cost more than the arithmetic done in it, hence the reuse. The caller
    must be done with the values before it asks for the same name again.
    """
    if count > _KEPT_FLOATS:
        return np.empty(count, np.float32)
    kept: NDArray[np.float32] | None = getattr(_local, name, None)
    if kept is None or kept.size < count:
        kept = np.empty(count, np.float32)
        setattr(_local, name, kept)
    return kept[:count]
