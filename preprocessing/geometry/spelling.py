"""The text of a geometry: short, of ASCII and without spaces, so that a header can hold it.

It is the matrix, row by row; the height and width of the source; those of the result; the orientation;
and for each area the matrix and the size. Numbers are separated by commas, and the parts by semicolons.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

from preprocessing.geometry.boxes import VisibleArea

if TYPE_CHECKING:
    from preprocessing.geometry.matrices import Coefficients

_NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_SIZE = r"[1-9]\d{0,9}"
_NUMBERS = rf"{_NUMBER}(?:,{_NUMBER}){{8}}"
_SPELLING = re.compile(
    rf"{_NUMBERS};{_SIZE},{_SIZE};{_SIZE},{_SIZE};[1-8](?:;{_NUMBERS};{_SIZE},{_SIZE}){{0,99}}",
    re.ASCII,
)
_SHOWN = 200  # characters of a text in a message


class Spelled(NamedTuple):
    """The fields of a `Geometry`, in order."""

    coefficients: Coefficients
    source: tuple[int, int]
    result: tuple[int, int]
    orientation: int
    areas: tuple[VisibleArea, ...]


def write_geometry(fields: Spelled) -> str:
    """Return the text. Floats have as many digits as they need to be read as the same floats."""
    parts = [_joined(fields.coefficients), _joined(fields.source), _joined(fields.result)]
    parts.append(str(fields.orientation))
    for area in fields.areas:
        parts += [_joined(area.coefficients), _joined(area.size)]
    return ";".join(parts)


def read_geometry(text: str) -> Spelled:
    """Return what a text says.

    Raises
    ------
    ValueError
        If the text is another, or a number is not finite.
    """
    if _SPELLING.fullmatch(text) is None:
        raise ValueError(f"not a geometry: {text[:_SHOWN]!r}")
    matrix, source, result, orientation, *others = text.split(";")
    areas = [
        VisibleArea(_matrix(first), _size(second))
        for first, second in zip(others[::2], others[1::2], strict=True)
    ]
    return Spelled(_matrix(matrix), _size(source), _size(result), int(orientation), tuple(areas))


def _joined(numbers: tuple[float, ...]) -> str:
    # Zero has no sign.
    return ",".join([repr(number + 0).removesuffix(".0") for number in numbers])


def _matrix(text: str) -> Coefficients:
    a, b, c, d, e, f, g, h, i = map(float, text.split(","))
    if not all(map(isfinite, (a, b, c, d, e, f, g, h, i))):
        raise ValueError(f"a number of the geometry is not finite: {text[:_SHOWN]!r}")
    return a, b, c, d, e, f, g, h, i


def _size(text: str) -> tuple[int, int]:
    height, width = map(int, text.split(","))
    return height, width
