"""Masks over frequencies or over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from preprocessing.kernels.audio.stft import Floats


def mask(array: Floats, axis: int, start: int, length: int, value: float) -> Floats:
    """Return a copy with `length` places from `start` on overwritten; there may be fewer."""
    result = array.copy()
    whole = [slice(None)] * array.ndim
    whole[axis] = slice(start, start + length)
    result[tuple(whole)] = value
    return result
