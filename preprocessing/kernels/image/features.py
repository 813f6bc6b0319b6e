"""Descriptors, by scikit-image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint, interruptible
from preprocessing.kernels.image.unit_range import to_unit
from preprocessing.kernels.temporaries import temporaries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from preprocessing.media import Array


# Pixels that are described at once, with a cell around them.
_STRIP_PIXELS = 2**20
# Blocks between two checkpoints; scikit-image takes some 10 µs for each.
_STRIP_BLOCKS = 2**15


def _describing(before: Any, _: Any, orientations: int, cell: int, cells: int) -> int:
    """Bytes of a strip: the image and its gradients, the cells' histograms, the blocks twice."""
    rows = max(last - first for _, _, first, last in _strips(before.shape, cell, cells))
    numbers = orientations * (8 + 4 * cells**2) / cell**2
    return int(rows * before.width * (28 * before.channels + 32 + numbers))


@temporaries(_describing)
def hog(image: Array, orientations: int, pixels_per_cell: int, cells_per_block: int) -> Array:
    """``skimage.feature.hog``, blocks as pixels.

    Allocates the result, and for a strip four images of float32 and two planes of float64.

    Parameters
    ----------
    image : ndarray, shape (H, W, 1) or (H, W, 3)
        Integers are taken as they are; floats are clipped to [0, 1].
    orientations, pixels_per_cell, cells_per_block : int
        As scikit-image has them; cells and blocks are squares.

    Returns
    -------
    ndarray of float32, shape (rows of blocks, columns of blocks, numbers of a block)
    """
    from skimage.feature import hog as describe  # noqa: PLC0415  few images need it

    height, width, channels = image.shape
    rows, columns = (side // pixels_per_cell - cells_per_block + 1 for side in (height, width))
    result = np.empty((rows, columns, cells_per_block**2 * orientations), np.float32)
    for start, stop, first, last in _strips(image.shape, pixels_per_cell, cells_per_block):
        checkpoint()
        strip = image[first:last]
        samples = strip.astype(np.float32) if image.dtype.kind == "u" else to_unit(strip)
        with interruptible():
            blocks: Array = describe(
                samples if channels == 3 else samples[..., 0],
                orientations,
                (pixels_per_cell, pixels_per_cell),
                (cells_per_block, cells_per_block),
                feature_vector=False,
                channel_axis=-1 if channels == 3 else None,
            )
        above = start - first // pixels_per_cell
        result[start:stop] = blocks[above : above + stop - start].reshape(stop - start, columns, -1)
    return result


def _strips(
    shape: tuple[int, int, int], cell: int, cells: int
) -> Iterator[tuple[int, int, int, int]]:
    """Yield the first row of blocks and the end of each strip, and the rows of pixels that they need.

    A cell more on both sides: at the edges of what it is given scikit-image takes gradients for zero.
    """
    height, width, _ = shape
    count = height // cell - cells + 1
    blocks = max(cells, min(_STRIP_PIXELS // (width * cell), _STRIP_BLOCKS * cell // width))
    for start in range(0, count, blocks):
        stop = min(start + blocks, count)
        end = height if stop == count else (stop + cells) * cell
        yield start, stop, max(start - 1, 0) * cell, min(end, height)
