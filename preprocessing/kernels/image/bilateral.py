"""The bilateral filter, by its definition.

Not scikit-image's: its 0.26 makes weights for a window of one more than `win_size` and reads them with
the stride of `win_size`, so that the middle of the window is not where the weight is largest, and a
single bright pixel becomes a slanted streak. Where all spatial weights are equal the two agree within
2e-4, which a test uses.
"""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.kernels.image.unit_range import from_unit, to_unit
from preprocessing.kernels.temporaries import samples, temporaries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from preprocessing.media import Array

# Weights of a colour distance are looked up: exp is not equal to the last bit on all processors, and
# slow. Steps of 2^-11 in the exponent are within 0.03% of it; below exp(-16) there is nothing.
_STEP = 2.0**-11
_LAST = 16 * 2**11
# Samples of a channel in a band of rows: the few planes that are in use stay in cache.
_BAND = 1 << 14


def _bilateral(before: Any, _: Any, win_size: int, *__: object) -> int:
    """Bytes of the image in float32 and its deviation in float64; or with a border, and filtered."""
    border = win_size // 2 * 2
    padded = (before.height + border) * (before.width + border) * before.channels
    rows = max(_BAND, before.width) * 4 * (5 * before.channels + 4)
    return int(max(12 * samples(before), 4 * (padded + samples(before))) + rows)


@temporaries(_bilateral)
def denoise_bilateral(
    image: Array,
    win_size: int,
    sigma_color: float | None,
    sigma_spatial: float,
    mode: str,
) -> Array:
    """Mean of each pixel's neighbours, weighted by how near they are and how like it.

    Allocates the image in float32 with its border, the result, and a few planes of a band.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
        Floats are clipped to [0, 1].
    win_size : int
        Odd: height and width of the neighbourhood.
    sigma_color : float, optional
        Standard deviation of the distance between two colours, which is divided by the number of
        channels, as in scikit-image; the image's own deviation where it is None.
    sigma_spatial : float
        Standard deviation of the distance between two pixels.
    mode : str
        What lies outside the image, as ``numpy.pad`` has it.

    References
    ----------
    C. Tomasi and R. Manduchi, "Bilateral Filtering for Gray and Color Images", ICCV 1998.
    """
    unit = np.ascontiguousarray(to_unit(image))
    sigma = sigma_color or float(unit.std(dtype=np.float64))
    if sigma == 0.0:
        return from_unit(unit, image.dtype)
    reach = win_size // 2
    dtype, shape = image.dtype, image.shape
    planes = np.pad(unit.transpose(2, 0, 1), ((0, 0), (reach, reach), (reach, reach)), mode)  # type: ignore[call-overload]
    del unit
    exponents = np.arange(_LAST + 1) * -_STEP
    weights = np.exp(exponents).astype(np.float32)  # rounded twice, so that the first is not seen
    weights[-1] = 0
    height, width, channels = shape
    # No more than float32 holds: a smaller deviation tells all unequal colours apart already.
    steps = np.float32(min(1.0 / (2.0 * (sigma * channels) ** 2 * _STEP), 1e30))
    window = list(_window(reach, sigma_spatial))
    result = np.empty((channels, height, width), np.float32)
    rows = max(_BAND // width, 1)
    for top in range(0, height, rows):
        count = min(rows, height - top)
        band = planes[:, top : top + count + 2 * reach]
        result[:, top : top + count] = _filter(band, reach, window, weights, steps)
    return from_unit(result, dtype).transpose(1, 2, 0)


def _window(reach: int, sigma: float) -> Iterator[tuple[int, int, np.float32]]:
    """Yield each place of the window and its weight, where that is not nothing."""
    for row in range(2 * reach + 1):
        for column in range(2 * reach + 1):
            square = (row - reach) ** 2 + (column - reach) ** 2
            weight = np.float32(exp(-square / (2.0 * sigma * sigma)))
            if weight:
                yield row, column, weight


def _filter(
    band: Array,
    reach: int,
    window: list[tuple[int, int, np.float32]],
    weights: Array,
    steps: np.float32,
) -> Array:
    """Filter rows of planes that have their border around them."""
    height, width = (side - 2 * reach for side in band.shape[1:])
    middle = band[:, reach : reach + height, reach : reach + width]
    total = np.zeros_like(middle)
    share = np.zeros((height, width), np.float32)
    for row, column, nearness in window:
        checkpoint()
        neighbors = band[:, row : row + height, column : column + width]
        difference = neighbors - middle
        difference *= difference
        distance = difference[0]
        for square in difference[1:]:
            distance += square
        distance *= steps
        np.minimum(distance, _LAST, out=distance)
        weight = weights.take(distance.astype(np.intp))
        weight *= nearness
        share += weight
        np.multiply(neighbors, weight, out=difference)
        total += difference
    total /= share
    return total
