"""3×3 matrices of places in an image, in plain floats: a BLAS may round them otherwise elsewhere.

A place is (x, y, 1), in pixels from the upper left corner of the image, so that the first pixel covers
[0, 1) × [0, 1) and its centre is at (0.5, 0.5).
"""

from __future__ import annotations

from typing import TypeAlias

# Row by row.
Coefficients: TypeAlias = tuple[float, float, float, float, float, float, float, float, float]

IDENTITY: Coefficients = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
_LAST_ROW = (0.0, 0.0, 1.0)
# In pixels: more than products are rounded by, and less than anybody sees.
_NEARLY = 1e-6


def scale_then_move(scale_x: float, scale_y: float, x: float, y: float) -> Coefficients:
    """Return the matrix that scales from the upper left corner, then moves to the right and down."""
    return scale_x, 0.0, x, 0.0, scale_y, y, 0.0, 0.0, 1.0


def turn_upright(orientation: int, height: int, width: int) -> Coefficients:
    """Return the matrix from stored pixels to upright ones.

    Parameters
    ----------
    orientation : int
        EXIF orientation, 1 to 8. See `ImageHeader.upright` for what the eight mean.
    height, width : int
        When upright, in pixels.
    """
    x = (-1.0, float(width)) if orientation in (2, 3, 6, 7) else (1.0, 0.0)
    y = (-1.0, float(height)) if orientation in (3, 4, 7, 8) else (1.0, 0.0)
    if orientation >= 5:
        return 0.0, x[0], x[1], y[0], 0.0, y[1], *_LAST_ROW
    return x[0], 0.0, x[1], 0.0, y[0], y[1], *_LAST_ROW


def compose(after: Coefficients, before: Coefficients) -> Coefficients:
    """Return the matrix that does `before`, then `after`: their product."""
    if before is IDENTITY or after is IDENTITY:
        return after if before is IDENTITY else before
    a, b, c, d, e, f, g, h, i = before
    rows = [
        (p * a + q * d + r * g, p * b + q * e + r * h, p * c + q * f + r * i)
        for p, q, r in (after[:3], after[3:6], after[6:])
    ]
    return *rows[0], *rows[1], *rows[2]


def inverse_of(matrix: Coefficients) -> Coefficients | None:
    """Return the inverse; None where there is none."""
    a, b, c, d, e, f, g, h, i = matrix
    if (g, h, i) == _LAST_ROW:
        whole = a * e - b * d
        if not whole:
            return None
        p, q, r, s = e / whole, -b / whole, -d / whole, a / whole
        return p, q, -(p * c + q * f), r, s, -(r * c + s * f), *_LAST_ROW
    first, second, third = e * i - f * h, f * g - d * i, d * h - e * g
    whole = a * first + b * second + c * third
    if not whole:
        return None
    return (
        *(first / whole, (c * h - b * i) / whole, (b * f - c * e) / whole),
        *(second / whole, (a * i - c * g) / whole, (c * d - a * f) / whole),
        *(third / whole, (b * g - a * h) / whole, (a * e - b * d) / whole),
    )


def keeps_within(matrix: Coefficients, before: tuple[int, int], after: tuple[int, int]) -> bool:
    """Return whether a matrix brings all of an image into another one, by their heights and widths."""
    a, b, c, d, e, f, g, h, i = matrix
    (height, width), (most_y, most_x) = before, (after[0] + _NEARLY, after[1] + _NEARLY)
    sign = 1.0 if i > 0 else -1.0
    for x, y in ((0, 0), (width, 0), (width, height), (0, height)):
        depth = g * x + h * y + i
        if depth * sign <= 0.0:
            return False
        if not -_NEARLY <= (a * x + b * y + c) / depth <= most_x:
            return False
        if not -_NEARLY <= (d * x + e * y + f) / depth <= most_y:
            return False
    return True


def middles_from_corners(matrix: Coefficients) -> Coefficients:
    """Return a matrix for places that are counted from the middle of the first pixel."""
    return compose(_TO_MIDDLE, compose(matrix, _TO_CORNER))


def corners_from_middles(matrix: Coefficients) -> Coefficients:
    """Return a matrix for places counted from the corner, given one for places from the middle."""
    return compose(_TO_CORNER, compose(matrix, _TO_MIDDLE))


_TO_CORNER = scale_then_move(1.0, 1.0, 0.5, 0.5)
_TO_MIDDLE = scale_then_move(1.0, 1.0, -0.5, -0.5)
