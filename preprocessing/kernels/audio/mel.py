"""Triangular filters on the mel scale."""

from __future__ import annotations

from functools import lru_cache
from math import exp, log, log10
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from preprocessing.frozen import frozen
from preprocessing.kernels.scratch import scratch

if TYPE_CHECKING:
    from preprocessing.kernels.audio.stft import Doubles, Floats

    Filter: TypeAlias = tuple[int, Floats]

MelScale: TypeAlias = Literal["htk", "slaney"]
MelNorm: TypeAlias = Literal["slaney"]

# M. Slaney, "Auditory Toolbox", 1998: linear below 1 kHz, logarithmic above it.
_LINEAR = 200.0 / 3.0
_KNEE = 1000.0
_STEP = log(6.4) / 27.0


@frozen
class Mels:
    """A bank of filters.

    Parameters
    ----------
    n_mels : int
    n_fft : int
        Samples a frame.
    top : float
        Frequency of the last bin, in Hz.
    f_min, f_max : float
        Where the first filter begins and the last one ends, in Hz.
    scale : {"htk", "slaney"}
    norm : {"slaney"}, optional
        Divides each filter by its width; without it each has the height 1.
    """

    n_mels: int
    n_fft: int
    top: float
    f_min: float
    f_max: float
    scale: MelScale
    norm: MelNorm | None


@lru_cache(maxsize=32)
def filters(mels: Mels) -> tuple[Filter, ...]:
    """Return of each filter the first bin, and the weights from there on as a column of float32."""
    low, high = _to_mel(mels.f_min, mels.scale), _to_mel(mels.f_max, mels.scale)
    step = (high - low) / (mels.n_mels + 1)
    edges = [_to_hertz(low + step * i, mels.scale) for i in range(mels.n_mels + 2)]
    bins = np.linspace(0.0, mels.top, mels.n_fft // 2 + 1)
    corners = zip(edges, edges[1:], edges[2:], strict=False)
    return tuple(_triangle(bins, *corner, mels.norm) for corner in corners)


def _triangle(
    bins: Doubles, left: float, centre: float, right: float, norm: MelNorm | None
) -> Filter:
    first, last = np.searchsorted(bins, left, "right"), np.searchsorted(bins, right, "left")
    inside = bins[first:last]
    weights = np.minimum((inside - left) / (centre - left), (right - inside) / (right - centre))
    if norm == "slaney":
        weights *= 2.0 / (right - left)
    return int(first), weights.astype(np.float32)[:, None]


def _to_mel(hertz: float, scale: MelScale) -> float:
    if scale == "htk":
        return 2595.0 * log10(1.0 + hertz / 700.0)
    if hertz < _KNEE:
        return hertz / _LINEAR
    return _KNEE / _LINEAR + log(hertz / _KNEE) / _STEP


def _to_hertz(mel: float, scale: MelScale) -> float:
    if scale == "htk":
        return 700.0 * (float(10.0 ** (mel / 2595.0)) - 1.0)
    if mel < _KNEE / _LINEAR:
        return mel * _LINEAR
    return _KNEE * exp(_STEP * (mel - _KNEE / _LINEAR))


def apply_filters(powers: Floats, bank: tuple[Filter, ...], out: Floats) -> None:
    """Apply each filter to powers and write the result to `out`, (mels, frames).

    A bin is in two filters at most, so that rows are multiplied and added up faster than by a matrix
    product; and they are added in order, where the order of a product is the BLAS library's.
    """
    widest = max(len(weights) for _, weights in bank)
    products = scratch("products", (widest, powers.shape[1]), "float32")
    for row, (first, weights) in zip(out, bank, strict=True):
        part = products[: len(weights)]
        np.multiply(powers[first : first + len(weights)], weights, out=part)
        np.add.reduce(part, axis=0, out=row)
