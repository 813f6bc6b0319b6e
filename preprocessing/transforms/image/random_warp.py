"""RandomRotation, RandomAffine and RandomPerspective."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.kernels.image.geometry.projective import Corners, perspective
from preprocessing.kernels.image.geometry.warp import WarpInterpolation
from preprocessing.spec.step import require
from preprocessing.transforms._base import MOVABLE, RandomTransform
from preprocessing.transforms._checks import (
    Fill,
    require_angle,
    require_fill,
    require_places,
    require_probability,
    require_scale,
    require_shear,
)
from preprocessing.transforms.image.warp import Affine, Perspective, Rotate

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec
    from preprocessing.rng import Draws
    from preprocessing.transforms._base import Transform

# Corners on one line are drawn again; after this many draws the image stays the same.
_TRIES = 10


@frozen
class RandomRotation(RandomTransform):
    """Rotate the image by a random angle, as ``torchvision.transforms.v2.RandomRotation``.

    Parameters
    ----------
    degrees : float or (float, float)
        Range of angles, counterclockwise. One number x stands for ``-x`` to ``x``.
    interpolation, expand, center, fill
        As for `Rotate`.

    Notes
    -----
    Applies a `Rotate`, to its tolerance.

    Raises
    ------
    SpecError
        If `degrees` is one number below 0, or two that are not in order.
    """

    input_kinds = MOVABLE
    name: ClassVar[str] = "random_rotation"
    degrees: float | tuple[float, float]
    interpolation: WarpInterpolation = "nearest"
    expand: bool = False
    center: tuple[float, float] | None = None
    fill: Fill = 0.0

    def check(self) -> None:
        _require_angles("degrees", self.degrees)
        require_places("center", self.center)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        require_fill(self.fill, spec)
        return replace(spec, height=None, width=None) if self.expand else spec

    def choose(self, spec: ImageSpec, draws: Draws) -> tuple[Transform, ...]:
        angle = draws.uniform(*_around_zero(self.degrees))
        return (Rotate(angle, self.interpolation, self.expand, self.center, self.fill),)


@frozen
class RandomAffine(RandomTransform):
    """Rotate, move, scale and shear at random, as ``torchvision.transforms.v2.RandomAffine``.

    Parameters
    ----------
    degrees : float or (float, float)
        Range of angles, clockwise. One number x stands for ``-x`` to ``x``.
    translate : (float, float), optional
        Largest translation along x and y, as a fraction of the image's width and height, from 0 to 1.
        Translations are whole pixels.
    scale : (float, float), optional
        Range of scale factors.
    shear : float, (float, float) or (float, float, float, float), optional
        Range of angles along x, one number as for `degrees`; or the ranges along x and y.
    interpolation, fill, center
        As for `Affine`.

    Notes
    -----
    Applies an `Affine`, to its tolerance. Arguments that are left out change nothing.

    Raises
    ------
    SpecError
        If a range is not in order, or `Affine` does not accept its values.
    """

    input_kinds = MOVABLE
    name: ClassVar[str] = "random_affine"
    degrees: float | tuple[float, float]
    translate: tuple[float, float] | None = None
    scale: tuple[float, float] | None = None
    shear: float | tuple[float, float] | tuple[float, float, float, float] | None = None
    interpolation: WarpInterpolation = "nearest"
    fill: Fill = 0.0
    center: tuple[float, float] | None = None

    def check(self) -> None:
        _require_angles("degrees", self.degrees)
        if self.translate is not None:
            inside = 0.0 <= min(self.translate) <= max(self.translate) <= 1.0
            require(inside, f"translate: must be from 0 to 1, got {self.translate}")
        if self.scale is not None:
            for scale in self.scale:
                require_scale(scale)
            require(self.scale[0] <= self.scale[1], f"scale: must be in order, got {self.scale}")
        for shear in self._shears:
            _require_angles("shear", shear)
            require_shear(_around_zero(shear))
        require_places("center", self.center)

    @property
    def _shears(self) -> tuple[float | tuple[float, float], ...]:
        """Ranges along x and y, where given."""
        if self.shear is None:
            return ()
        if isinstance(self.shear, float) or len(self.shear) == 2:
            return (self.shear,)
        return (self.shear[:2], self.shear[2:])

    def infer(self, spec: ImageSpec) -> ImageSpec:
        require_fill(self.fill, spec)
        return spec

    def choose(self, spec: ImageSpec, draws: Draws) -> tuple[Transform, ...]:
        assert spec.height and spec.width
        angle = draws.uniform(*_around_zero(self.degrees))
        x = y = 0
        if self.translate is not None:
            most_x, most_y = self.translate[0] * spec.width, self.translate[1] * spec.height
            x, y = round(draws.uniform(-most_x, most_x)), round(draws.uniform(-most_y, most_y))
        scale = 1.0 if self.scale is None else draws.uniform(*self.scale)
        shear = [draws.uniform(*_around_zero(angles)) for angles in self._shears]
        along_x, along_y = (*shear, 0.0, 0.0)[:2]
        return (
            Affine(
                angle,
                (float(x), float(y)),
                scale,
                (along_x, along_y),
                self.interpolation,
                self.fill,
                self.center,
            ),
        )


@frozen
class RandomPerspective(RandomTransform):
    """Distort the perspective at random, as ``torchvision.transforms.v2.RandomPerspective``.

    Parameters
    ----------
    distortion_scale : float
        Largest movement of a corner, as a fraction of half the width and height, from 0 to 1.
    p : float
        Probability that the transform is applied, from 0 to 1.
    interpolation, fill
        As for `Perspective`.

    Notes
    -----
    Applies a `Perspective` with probability `p`, to its tolerance. Each corner moves towards the centre
    by whole pixels. In tiny images three corners may fall on one line, where torchvision's equations
    have no solution: they are drawn again, up to ten times, after which the image stays the same. The
    image must have at least two pixels per side.

    Raises
    ------
    SpecError
        If the scale or the probability is outside 0 to 1.
    """

    input_kinds = MOVABLE
    name: ClassVar[str] = "random_perspective"
    distortion_scale: float = 0.5
    p: float = 0.5
    interpolation: WarpInterpolation = "bilinear"
    fill: Fill = 0.0

    def check(self) -> None:
        scale = self.distortion_scale
        require(0.0 <= scale <= 1.0, f"distortion_scale: must be from 0 to 1, got {scale}")
        require_probability(self.p)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        require_fill(self.fill, spec)
        if 1 in (spec.height, spec.width):
            raise IncompatibleSource(
                f"needs an image of at least two pixels per side, but this one has "
                f"{spec.height}×{spec.width}; resize it first"
            )
        return spec

    def choose(self, spec: ImageSpec, draws: Draws) -> tuple[Transform, ...]:
        assert spec.height and spec.width
        if not draws.chance(self.p):
            return ()
        right, bottom = spec.width - 1, spec.height - 1
        start = (0, 0, right, 0, right, bottom, 0, bottom)
        for _ in range(_TRIES):
            end = self._corners(right, bottom, draws)
            if perspective(start, end) is not None:
                return (Perspective(start, end, self.interpolation, self.fill),)
        return ()

    def _corners(self, right: int, bottom: int, draws: Draws) -> Corners:
        """Return upper left, upper right, lower right, lower left, drawn in this order, x before y."""
        most_x = int(self.distortion_scale * ((right + 1) // 2))
        most_y = int(self.distortion_scale * ((bottom + 1) // 2))

        def corner(x: int, y: int) -> tuple[int, int]:
            return draws.integer(x, x + most_x), draws.integer(y, y + most_y)

        far_x, far_y = right - most_x, bottom - most_y
        return (*corner(0, 0), *corner(far_x, 0), *corner(far_x, far_y), *corner(0, far_y))


def _require_angles(name: str, angles: float | tuple[float, float]) -> None:
    low, high = _around_zero(angles)
    require(low <= high, f"{name}: must be one number of 0 or more, or two in order, got {angles}")
    require_angle(name, low)
    require_angle(name, high)


def _around_zero(angles: float | tuple[float, float]) -> tuple[float, float]:
    return angles if isinstance(angles, tuple) else (-angles, angles)
