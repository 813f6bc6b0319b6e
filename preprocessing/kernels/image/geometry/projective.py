"""The matrices that `warp` takes: of rotations, affine maps and perspectives."""

from __future__ import annotations

from math import cos, radians, sin, tan
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from preprocessing.kernels.image.geometry.warp import Matrix

# Of (x, y, 1), from the middle of the result to the middle of the image.
AffineMatrix: TypeAlias = tuple[float, float, float, float, float, float]
# x and y of the upper left, upper right, lower right and lower left corner.
Corners: TypeAlias = tuple[int, int, int, int, int, int, int, int]
_Rows: TypeAlias = tuple[tuple[int, int, int], ...]

# Sines and cosines are rounded to so many binary places. The last bit, in which C libraries differ, then
# decides nothing, and a quarter turn has a cosine of zero.
_PLACES = 40
# torchvision's: what a turned image has beyond a whole pixel counts from 1/10000 of a pixel on.
_PARTS = 10_000


def inverse_affine(
    angle: float,
    translate: tuple[float, float],
    scale: float,
    shear: tuple[float, float],
    center: tuple[float, float],
) -> AffineMatrix:
    """Return the matrix that shears, scales, turns and moves an image, from result to image.

    Parameters
    ----------
    angle : float
        Degrees, clockwise as the image is seen.
    translate : (float, float)
        Pixels to the right and down.
    scale : float
    shear : (float, float)
        Degrees along x and along y.
    center : (float, float)
        What stays in place but for `translate`, x and y from the middle of the image.

    Returns
    -------
    tuple of 6 floats
        torchvision's ``_get_inverse_affine_matrix``: ``C (R S Hy Hx)^-1 C^-1 T^-1``.
    """
    turn, shear_x, shear_y = radians(angle), radians(shear[0]), radians(shear[1])
    a = cos(turn - shear_y) / cos(shear_y)
    b = -(a * tan(shear_x) + sin(turn))
    c = sin(turn - shear_y) / cos(shear_y)
    d = cos(turn) - c * tan(shear_x)
    a, b, c, d = (_rounded(value / scale) for value in (d, -b, -c, a))
    x, y = center[0] + translate[0], center[1] + translate[1]
    return a, b, center[0] - a * x - b * y, c, d, center[1] - c * x - d * y


def _rounded(value: float) -> float:
    return round(value * 2.0**_PLACES) / 2.0**_PLACES


def turned_size(matrix: AffineMatrix, height: int, width: int) -> tuple[int, int]:
    """Return the height and width that hold all of an image turned by `matrix`.

    As torchvision's ``_compute_affine_output_size``, in double precision instead of single.
    """
    corners = [(x, y) for x in (-width / 2, width / 2) for y in (-height / 2, height / 2)]
    across = [matrix[0] * x + matrix[1] * y + matrix[2] + width / 2 for x, y in corners]
    down = [matrix[3] * x + matrix[4] * y + matrix[5] + height / 2 for x, y in corners]
    return _whole(down), _whole(across)


def _whole(places: list[float]) -> int:
    first, last = int(min(places) * _PARTS), int(max(places) * _PARTS)
    return -(-last // _PARTS) - first // _PARTS


def from_middles(matrix: AffineMatrix, before: tuple[int, int], after: tuple[int, int]) -> Matrix:
    """Return an affine map for pixels counted from the corner, of images of sizes `before`, `after`."""
    a, b, c, d, e, f = matrix
    (height, width), y, x = before, (after[0] - 1) / 2, (after[1] - 1) / 2
    x_start = c + (width - 1) / 2 - a * x - b * y
    y_start = f + (height - 1) / 2 - d * x - e * y
    return a, b, x_start, d, e, y_start, 0.0, 0.0, 1.0


def perspective(start: Corners, end: Corners) -> Matrix | None:
    """Return the projective map that brings the corners `start` of an image to `end`.

    It goes back from the result to the image, as `warp` takes it: the unit square to `start`, after
    `end` to the unit square (P. Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989,
    section 2.2.3). In whole numbers, hence exact until one division at the end.

    Returns
    -------
    tuple of 9 floats or None
        None where three corners of one of the two lie on a line, and no map exists.
    """
    if _flat(start) or _flat(end):
        return None
    from_square, to_square = _square_to(start), _adjugate(_square_to(end))
    # torchvision's corners are pixels' upper left ones, whose places in `warp` are half a pixel less.
    half_back, half_on = ((2, 0, -1), (0, 2, -1), (0, 0, 2)), ((2, 0, 1), (0, 2, 1), (0, 0, 2))
    rows = _product(half_back, _product(from_square, _product(to_square, half_on)))
    largest = max(abs(value) for row in rows for value in row)
    (a, b, c), (d, e, f), (g, h, i) = ([value / largest for value in row] for row in rows)
    return a, b, c, d, e, f, g, h, i


def _square_to(corners: Corners) -> _Rows:
    x0, y0, x1, y1, x2, y2, x3, y3 = corners
    ax, ay, bx, by, sx, sy = (
        x1 - x2,
        y1 - y2,
        x3 - x2,
        y3 - y2,
        x0 - x1 + x2 - x3,
        y0 - y1 + y2 - y3,
    )
    g, h, i = sx * by - bx * sy, ax * sy - sx * ay, ax * by - bx * ay
    return (
        ((x1 - x0) * i + g * x1, (x3 - x0) * i + h * x3, x0 * i),
        ((y1 - y0) * i + g * y1, (y3 - y0) * i + h * y3, y0 * i),
        (g, h, i),
    )


def _flat(corners: Corners) -> bool:
    points = [(corners[i], corners[i + 1]) for i in (0, 2, 4, 6)]
    for left_out in range(4):
        (ax, ay), (bx, by), (cx, cy) = points[:left_out] + points[left_out + 1 :]
        if (bx - ax) * (cy - ay) == (cx - ax) * (by - ay):
            return True
    return False


def _adjugate(m: _Rows) -> _Rows:
    """Return the inverse but for a factor, which a homogeneous map does not have."""
    (a, b, c), (d, e, f), (g, h, i) = m
    return (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )


def _product(m: _Rows, n: _Rows) -> _Rows:
    columns = tuple(zip(*n, strict=True))
    return tuple((_dot(row, columns[0]), _dot(row, columns[1]), _dot(row, columns[2])) for row in m)


def _dot(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
