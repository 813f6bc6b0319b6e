"""Rotate, Affine and Perspective."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.geometry.matrices import corners_from_middles, inverse_of
from preprocessing.kernels.image.geometry.projective import (
    Corners,
    from_middles,
    inverse_affine,
    perspective,
    turned_size,
)
from preprocessing.kernels.image.geometry.warp import Matrix, WarpInterpolation, quarter_turns, warp
from preprocessing.planner.stages import FlipStage, KernelStage, Stage
from preprocessing.spec.step import require
from preprocessing.transforms._base import MOVABLE, FixedTransform
from preprocessing.transforms._checks import (
    Fill,
    interpolation_for,
    require_angle,
    require_fill,
    require_places,
    require_scale,
    require_shear,
)

if TYPE_CHECKING:
    from preprocessing.geometry.matrices import Coefficients
    from preprocessing.media import ImageSpec


@frozen
class Rotate(FixedTransform):
    """Rotate the image by a given angle, as ``torchvision.transforms.v2.functional.rotate``.

    Parameters
    ----------
    angle : float
        Degrees, counterclockwise.
    interpolation : {"nearest", "bilinear"}
        Masks of class ids are sampled by ``nearest``.
    expand : bool
        Whether the result is large enough for the whole rotated image. Otherwise it keeps the image's
        size, and the corners are lost.
    center : (float, float), optional
        Centre of rotation, x and y in pixels from the upper left corner. By default the image's centre.
    fill : float or (float, float, float)
        Value outside the image, in the units of the image at this step: one, or one per channel.

    Notes
    -----
    Multiples of 90 degrees about the centre are exact, except 90 and 270 degrees of an image that is
    neither square nor expanded. At other angles results differ because torchvision computes coordinates
    in float32 (for float16, in float16) and this step in float64. With ``bilinear``, integers are within
    one level, and float32 is within ``2**-22`` of the range times the longer side: 1e-5 for 42 pixels,
    1e-4 for 420. With ``nearest``, pixels are equal unless they come from halfway between two, which is
    usually less than one in 10,000.
    """

    input_kinds = MOVABLE
    name: ClassVar[str] = "rotate"
    angle: float
    interpolation: WarpInterpolation = "nearest"
    expand: bool = False
    center: tuple[float, float] | None = None
    fill: Fill = 0.0

    def check(self) -> None:
        require_angle("angle", self.angle)
        require_places("center", self.center)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        require_fill(self.fill, spec)
        if not self.expand or (self._turns is not None and self._turns % 2 == 0):
            return spec
        if spec.height is None or spec.width is None:
            return replace(spec, height=None, width=None)
        if self._turns is not None:
            return replace(spec, height=spec.width, width=spec.height)
        height, width = turned_size(self._matrix(spec.height, spec.width), spec.height, spec.width)
        return replace(spec, height=height, width=width)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        assert spec.height and spec.width
        result = self.infer(spec)
        assert result.height and result.width
        if self._turns == 0:
            return ()
        if self._turns == 2:
            return (FlipStage("horizontal"), FlipStage("vertical"))
        if self._turns is not None and (self.expand or spec.height == spec.width):
            moves = _turned(self._turns, spec.height, spec.width)
            return (KernelStage(quarter_turns, (self._turns,), result, moves),)
        before, after = (spec.height, spec.width), (result.height, result.width)
        matrix = from_middles(self._matrix(*before), before, after)
        return _warped(matrix, result, self.interpolation, self.fill)

    @property
    def _turns(self) -> int | None:
        """Number of quarter turns; None for other rotations."""
        angle = self.angle % 360.0
        if self.center is not None or angle % 90.0:
            return None
        return int(angle // 90.0) % 4  # a little less than 0 is 360 degrees, after rounding

    def _matrix(self, height: int, width: int) -> tuple[float, float, float, float, float, float]:
        center = _from_middle(self.center, height, width)
        return inverse_affine(-(self.angle % 360.0), (0.0, 0.0), 1.0, (0.0, 0.0), center)


@frozen
class Affine(FixedTransform):
    """Rotate, translate, scale and shear, as ``torchvision.transforms.v2.functional.affine``.

    Parameters
    ----------
    angle : float
        Degrees, clockwise.
    translate : (float, float)
        Translation in pixels, to the right and down.
    scale : float
        Scale factor; above 1 enlarges.
    shear : (float, float)
        Angles along x and y in degrees, between -90 and 90.
    interpolation : {"nearest", "bilinear"}
        Masks of class ids are sampled by ``nearest``.
    fill : float or (float, float, float)
        Value outside the image, in the units of the image at this step: one, or one per channel.
    center : (float, float), optional
        Centre of rotation, scaling and shearing, x and y in pixels from the upper left corner. By
        default the image's centre.

    Notes
    -----
    The result has the image's size. The tolerance is that of `Rotate`, divided by `scale` if that is
    below 1. As in torchvision, the step does not antialias: to make an image much smaller, use `Resize`.

    Raises
    ------
    SpecError
        If `scale` is not positive, or a shear is 90 degrees or more.
    """

    input_kinds = MOVABLE
    name: ClassVar[str] = "affine"
    angle: float
    translate: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    shear: tuple[float, float] = (0.0, 0.0)
    interpolation: WarpInterpolation = "nearest"
    fill: Fill = 0.0
    center: tuple[float, float] | None = None

    def check(self) -> None:
        require_angle("angle", self.angle)
        require_places("translate", self.translate)
        require_places("center", self.center)
        require_scale(self.scale)
        require_shear(self.shear)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        require_fill(self.fill, spec)
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        assert spec.height and spec.width
        center = _from_middle(self.center, spec.height, spec.width)
        matrix = inverse_affine(self.angle, self.translate, self.scale, self.shear, center)
        size = (spec.height, spec.width)
        return _warped(from_middles(matrix, size, size), spec, self.interpolation, self.fill)


@frozen
class Perspective(FixedTransform):
    """Distort the perspective, as ``torchvision.transforms.v2.functional.perspective``.

    Parameters
    ----------
    startpoints, endpoints : 8 ints each
        x and y of the upper left, upper right, lower right and lower left point, before and after the
        transform.
    interpolation : {"nearest", "bilinear"}
        Masks of class ids are sampled by ``nearest``.
    fill : float or (float, float, float)
        Value outside the image, in the units of the image at this step: one, or one per channel.

    Notes
    -----
    The result has the image's size. The tolerance is twice that of `Rotate`, because torchvision also
    rounds the coefficients; it is larger where the horizon is near. The step does not antialias.

    Raises
    ------
    SpecError
        If three of the four points are on one line.
    """

    input_kinds = MOVABLE
    name: ClassVar[str] = "perspective"
    startpoints: Corners
    endpoints: Corners | None = None
    interpolation: WarpInterpolation = "bilinear"
    fill: Fill = 0.0

    def check(self) -> None:
        require(
            self.endpoints is not None, "endpoints: missing; give where the startpoints move to"
        )
        require_places("startpoints", self.startpoints)
        require_places("endpoints", self.endpoints)
        require(self._matrix is not None, "endpoints: three of the four points are on one line")

    def infer(self, spec: ImageSpec) -> ImageSpec:
        require_fill(self.fill, spec)
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        matrix = self._matrix
        assert matrix is not None
        return _warped(matrix, spec, self.interpolation, self.fill)

    @property
    def _matrix(self) -> Matrix | None:
        assert self.endpoints is not None
        return perspective(self.startpoints, self.endpoints)


def _from_middle(
    center: tuple[float, float] | None, height: int, width: int
) -> tuple[float, float]:
    return (0.0, 0.0) if center is None else (center[0] - width / 2, center[1] - height / 2)


def _warped(
    matrix: Matrix, result: ImageSpec, interpolation: WarpInterpolation, fill: Fill
) -> tuple[Stage, ...]:
    values = fill if isinstance(fill, tuple) else (fill,)
    size = (result.height, result.width)
    sampling, forth = interpolation_for(result, interpolation), inverse_of(matrix)
    moves = None if forth is None else corners_from_middles(forth)
    return (KernelStage(warp, (matrix, size, sampling, values), result, moves),)


def _turned(turns: int, height: int, width: int) -> Coefficients:
    """Return the matrix of one or three quarter turns, counterclockwise."""
    if turns == 1:
        return 0.0, 1.0, 0.0, -1.0, 0.0, float(width), 0.0, 0.0, 1.0
    return 0.0, -1.0, float(height), 1.0, 0.0, 0.0, 0.0, 0.0, 1.0
