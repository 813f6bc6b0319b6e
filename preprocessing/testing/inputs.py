"""Arrays that a step is tried with: a few of each kind, and their specs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.media import AudioSpec, ImageSpec, SpectrogramSpec, TextSpec, TokensSpec
from preprocessing.rng import Draws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.media import Array
    from preprocessing.own_steps.step import Step

_RATE = 16_000
# The largest is what memory is measured with.
_SIZES = {
    "image": ((1, 1, 3), (33, 46, 3), (29, 21, 1), (256, 192, 3)),
    "audio": ((1, 1), (2, 1_000), (1, 80_000)),
    "spectrogram": ((1, 80, 30), (2, 13, 1)),
    "tokens": ((2, 1, 16), (2, 3, 8)),
}
_TEXTS = (("A line.",), ("", "Größe: 3\u202fm²", "three\nlines\nof <b>text</b>\n" * 40))


def spec_of(array: Array, kind: str) -> Any:
    """Return the spec of an array of a kind."""
    name: Any = "str" if array.dtype == object else array.dtype.name
    sides: tuple[Any, ...] = array.shape
    if kind == "audio":
        return AudioSpec(sides[0], sides[1], _RATE, name)
    if kind == "spectrogram":
        return SpectrogramSpec(sides[0], sides[1], sides[2], name)
    if kind == "tokens":
        return TokensSpec(sides[1], sides[2], name)
    if kind == "text":
        return TextSpec(sides[0])
    return ImageSpec(sides[0], sides[1], sides[2], name)


def arrays_of(step: Step, kind: str) -> Iterator[Array]:
    """Yield arrays of a kind, of each type of samples that the step takes."""
    if kind == "text":
        for texts in _TEXTS:
            yield np.array(texts, object)
        return
    types = {"image": step.dtypes or ("uint8",), "tokens": ("int32",)}.get(kind, ("float32",))
    for dtype in types:
        for number, shape in enumerate(_SIZES[kind]):
            values = Draws(f"{kind} {dtype} {number}".encode()).uniforms(*shape)
            yield _scaled(values, dtype)


def _scaled(values: Array, dtype: str) -> Array:
    """Return numbers from 0 to 1 as samples: the whole range of integers, floats from -1 to 1."""
    if dtype.startswith("uint"):
        return (values * np.iinfo(dtype).max).round().astype(dtype)
    return (values * 30_000 if dtype == "int32" else values * 2 - 1).astype(dtype)


def layouts_of(array: Array) -> Iterator[tuple[str, Array]]:
    """Yield an array in other layouts of memory, each with its name; all have the same values."""
    if array.dtype == object:
        return
    yield "in Fortran order", np.asfortranarray(array)
    planar = np.ascontiguousarray(np.moveaxis(array, -1, 0))
    yield "planar, its last axis first in memory", np.moveaxis(planar, 0, -1)
    yield "with negative strides", np.ascontiguousarray(array[::-1])[::-1]
    wide = np.repeat(array, 2, axis=-2)
    yield "with gaps between its samples", wide[..., ::2, :]
