"""Filter taps of a resampling: which inputs each output depends on, and with what weights.

The weights are those of Pillow and of ``torch.nn.functional.interpolate(antialias=True)``. For a box
of length ``L`` resampled to ``n`` samples, the scale is ``L / n``. Output ``o`` is centred on
``start + (o + 1/2) scale``, and the filter is stretched by ``max(scale, 1)``. Taps outside the input
are dropped and the rest renormalised. Without antialiasing the filter keeps its own width, and taps
outside the input repeat the edge sample, as ``interpolate(antialias=False)`` does.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

Filter: TypeAlias = Literal["bilinear", "bicubic", "lanczos"]


@frozen
class Axis:
    """One axis of a resampling. Hashable, so that its weights are cached.

    Parameters
    ----------
    n_in : int
        Samples in the input.
    n_out : int
        Samples in the output for the whole box.
    start, length : float
        The box to resample, in input samples; both may be fractional.
    first, last : int
        The outputs to compute, ``0 <= first < last <= n_out``; `last` is not included.
    filter : {"bilinear", "bicubic", "lanczos"}
        Triangle, Keys' cubic, or Lanczos with three lobes.
    antialias : bool
        Whether the filter is stretched when the axis shrinks.
    reverse : bool
        Whether to write the outputs in reverse order, which makes a flip free.
    """

    n_in: int
    n_out: int
    start: float
    length: float
    first: int
    last: int
    filter: Filter
    antialias: bool
    reverse: bool = False


def taps(axis: Axis) -> tuple[NDArray[np.int64], Floats]:
    """Return the input index and weight of each output's taps, both of shape (outputs, taps)."""
    scale = axis.length / axis.n_out
    stretch = max(scale, 1.0) if axis.antialias else 1.0
    radius, function = _FILTERS[axis.filter]
    centre = axis.start + (np.arange(axis.first, axis.last) + 0.5) * scale
    if axis.antialias:
        low = np.maximum((centre - radius * stretch + 0.5).astype(np.int64), 0)
        high = np.minimum((centre + radius * stretch + 0.5).astype(np.int64), axis.n_in)
        index = low[:, None] + np.arange(int((high - low).max()))
        weight = function((index - centre[:, None] + 0.5) / stretch, _CUBIC_ANTIALIASED)
        weight[index >= high[:, None]] = 0.0
        index = np.minimum(index, high[:, None] - 1)
        weight /= weight.sum(axis=1, keepdims=True)
        return index, weight
    low = np.floor(centre - 0.5).astype(np.int64) - int(radius) + 1
    index = low[:, None] + np.arange(2 * int(radius))
    weight = function(index - centre[:, None] + 0.5, _CUBIC_PLAIN)
    weight /= weight.sum(axis=1, keepdims=True)
    return np.clip(index, 0, axis.n_in - 1), weight


def rounded(weight: Floats, places: int) -> Floats:
    """Round each output's weights to multiples of 2**-places that add up to exactly 1.

    The running sum is rounded, and its differences are the weights. Each changes by less than one unit,
    and what one loses its neighbour gains, so errors cancel where neighbouring samples are similar.
    """
    sums = np.rint(np.ldexp(np.cumsum(weight, axis=1), places))
    sums[:, 1:] -= sums[:, :-1].copy()
    rounded: Floats = np.ldexp(sums, -places)
    return rounded


def width(axis: Axis) -> float:
    """Return the width of the filter in inputs."""
    scale = axis.length / axis.n_out
    stretch = max(scale, 1.0) if axis.antialias else 1.0
    return 2 * _FILTERS[axis.filter][0] * stretch


def reach(axis: Axis, count: int) -> int:
    """Return an upper bound of the inputs that `count` neighbouring outputs depend on."""
    scale = axis.length / axis.n_out
    return min(axis.n_in, ceil((count - 1) * scale + width(axis)) + 6)


# Keys' parameter: -1/2 in Pillow and in PyTorch's antialiased path, -3/4 in PyTorch's plain path.
_CUBIC_ANTIALIASED = -0.5
_CUBIC_PLAIN = -0.75


def _triangle(x: Floats, _a: float) -> Floats:
    return np.maximum(1.0 - np.abs(x), 0.0)


def _cubic(x: Floats, a: float) -> Floats:
    """R. Keys, "Cubic convolution interpolation for digital image processing", 1981, eq. 15."""
    t = np.abs(x)
    near = ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0
    far = (((t - 5.0) * t + 8.0) * t - 4.0) * a
    return np.where(t < 1.0, near, np.where(t < 2.0, far, 0.0))


def _lanczos(x: Floats, _a: float) -> Floats:
    return np.where(np.abs(x) < 3.0, np.sinc(x) * np.sinc(x / 3.0), 0.0)


# Half-width at scale 1, and function, of each filter.
_FILTERS: dict[Filter, tuple[float, Callable[[Floats, float], Floats]]] = {
    "bilinear": (1.0, _triangle),
    "bicubic": (2.0, _cubic),
    "lanczos": (3.0, _lanczos),
}
