"""Reference implementation of resampling, by its definition, in float64 and one loop."""

from __future__ import annotations

from math import floor, pi, sin

import numpy as np

from preprocessing.kernels.image.geometry.taps import Axis


def resampled(image: np.ndarray, rows: Axis, columns: Axis) -> np.ndarray:
    """Return float64 (C, H, W): the dense weights of each axis applied to (H, W, C)."""
    return weights(rows) @ image.astype(np.float64).transpose(2, 0, 1) @ weights(columns).T


def weights(axis: Axis) -> np.ndarray:
    """Return the dense matrix (outputs wanted, inputs) of one axis."""
    matrix = np.zeros((axis.last - axis.first, axis.n_in))
    scale = axis.length / axis.n_out
    support = {"bilinear": 1, "bicubic": 2, "lanczos": 3}[axis.filter]
    stretch = max(scale, 1.0) if axis.antialias else 1.0
    for row, output in enumerate(range(axis.first, axis.last)):
        centre = axis.start + (output + 0.5) * scale
        for tap in range(
            floor(centre - support * stretch) - 1, floor(centre + support * stretch) + 2
        ):
            weight = _value(axis, (tap + 0.5 - centre) / stretch)
            if axis.antialias and not _counts(axis, tap, centre, support * stretch):
                continue
            matrix[row, min(max(tap, 0), axis.n_in - 1)] += weight
    matrix /= matrix.sum(axis=1, keepdims=True)
    return matrix[::-1] if axis.reverse else matrix


def _counts(axis: Axis, tap: int, centre: float, radius: float) -> bool:
    """Return whether a tap is within round(centre - radius) and round(centre + radius), as in Pillow."""
    low, high = floor(centre - radius + 0.5), floor(centre + radius + 0.5)
    return max(low, 0) <= tap < min(high, axis.n_in)


def _value(axis: Axis, x: float) -> float:
    x = abs(x)
    if axis.filter == "bilinear":
        return max(0.0, 1.0 - x)
    if axis.filter == "lanczos":
        return (
            1.0 if x == 0 else 0.0 if x >= 3 else 3 * sin(pi * x) * sin(pi * x / 3) / (pi * x) ** 2
        )
    a = -0.5 if axis.antialias else -0.75
    if x < 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0
