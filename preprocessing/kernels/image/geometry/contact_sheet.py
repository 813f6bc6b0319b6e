"""Contact sheets: many pictures in a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def grid(count: int) -> tuple[int, int]:
    """Return the rows and columns of a grid for `count` pictures, as square as possible."""
    columns = int(np.ceil(np.sqrt(count)))
    return -(-count // columns), columns


def sheet(pictures: NDArray[Any]) -> NDArray[Any]:
    """Lay pictures (N, H, W, C) out from left to right, then from top to bottom; the rest is zero."""
    count, height, width, channels = pictures.shape
    rows, columns = grid(count)
    cells = np.zeros((rows * columns, height, width, channels), pictures.dtype)
    cells[:count] = pictures
    rowwise = cells.reshape(rows, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    return rowwise.reshape(rows * height, columns * width, channels)
