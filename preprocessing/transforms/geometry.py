"""Transforms that move pixels: Resize, CenterCrop, Crop, Pad, HorizontalFlip, VerticalFlip."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from preprocessing.errors import IncompatibleSource
from preprocessing.grammar.step import require
from preprocessing.stages import Border, Mirror, PadMode, Resample, Stage, Window
from preprocessing.transforms.base import FixedTransform

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec

# JPEG's longest side. A larger wish is a slip, or an attempt to fill the memory.
MAX_SIDE = 65_535


def _out_of_range(name: str, value: object) -> str:
    return f"{name}: must be from 1 to {MAX_SIDE}, got {value}"


@dataclass(frozen=True, repr=False)
class Resize(FixedTransform):
    """Resize the image, as ``torchvision.transforms.v2.Resize``.

    Parameters
    ----------
    size : int or (int, int)
        One number is the new length of the shorter side, the longer one keeping the aspect ratio
        (rounded down); two are height and width.
    interpolation : {"bilinear", "bicubic", "lanczos", "nearest", "nearest_exact"}
        The filter. ``nearest`` is PyTorch's (which takes the upper left of the candidates),
        ``nearest_exact`` is Pillow's.
    max_size : int, optional
        With one number as `size`: the most that the longer side may be. Where the aspect ratio asks for
        more, the shorter side becomes less than `size`.
    antialias : bool
        Whether the filter widens as the image shrinks. Without it a reduction picks a few pixels and
        drops the rest.

    Notes
    -----
    The result has the input's type; integers are rounded half up and clipped once, after both passes.
    Within 1e-5 of the range of torchvision on float32, and within one level on uint8, which torchvision
    rounds between the passes too. Where bicubic or lanczos overshoots black or white the two are within
    a few levels, because torchvision clips between the passes. Planned with `normalize`, the rounding is
    left out.

    Raises
    ------
    SpecError
        For a size below 1, or `max_size` with two numbers or not above `size`.
    """

    name: ClassVar[str] = "resize"
    size: int | tuple[int, int]
    interpolation: Literal["bilinear", "bicubic", "lanczos", "nearest", "nearest_exact"] = (
        "bilinear"
    )
    max_size: int | None = None
    antialias: bool = True

    def check(self) -> None:
        sides = (self.size,) if isinstance(self.size, int) else self.size
        require(1 <= min(sides) <= max(sides) <= MAX_SIDE, _out_of_range("size", self.size))
        if self.max_size is not None:
            require(isinstance(self.size, int), "max_size: goes with a single size, not with two")
            require(self.max_size > sides[0], f"max_size: must exceed size {self.size}")

    def infer(self, spec: ImageSpec) -> ImageSpec:
        if isinstance(self.size, tuple):
            return replace(spec, height=self.size[0], width=self.size[1])
        if spec.height is None or spec.width is None:
            return replace(spec, height=None, width=None)
        height, width = self._keep_aspect(spec.height, spec.width, self.size)
        return replace(spec, height=height, width=width)

    def _keep_aspect(self, height: int, width: int, size: int) -> tuple[int, int]:
        """Torchvision's ``_compute_resized_output_size``: products before quotients, rounded down."""
        short, long = min(height, width), max(height, width)
        new_short, new_long = size, int(size * long / short)
        if self.max_size is not None and new_long > self.max_size:
            new_short, new_long = int(self.max_size * new_short / new_long), self.max_size
        new_short = max(new_short, 1)  # a 1 × 10000 strip keeps one row, where torchvision fails
        return (new_short, new_long) if height <= width else (new_long, new_short)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        result = self.infer(spec)
        assert spec.height and spec.width and result.height and result.width
        if (result.height, result.width) == (spec.height, spec.width):
            return ()
        return (
            Resample(
                box=(0.0, 0.0, float(spec.height), float(spec.width)),
                size=(result.height, result.width),
                window=(0, 0, result.height, result.width),
                filter=self.interpolation,
                antialias=self.antialias,
                dtype=spec.dtype,
            ),
        )


@dataclass(frozen=True, repr=False)
class CenterCrop(FixedTransform):
    """Cut the middle out, as ``torchvision.transforms.v2.CenterCrop``.

    Parameters
    ----------
    size : int or (int, int)
        Side of a square, or height and width. Where the image is smaller it is padded with zeros, half
        on each side.

    Notes
    -----
    Exact. The offset is half the margin rounded to even, Python's ``round``, as in torchvision.
    """

    name: ClassVar[str] = "center_crop"
    size: int | tuple[int, int]

    def check(self) -> None:
        require(
            1 <= min(self._sides) <= max(self._sides) <= MAX_SIDE, _out_of_range("size", self.size)
        )

    @property
    def _sides(self) -> tuple[int, int]:
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, height=self._sides[0], width=self._sides[1])

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        assert spec.height and spec.width
        height, width = self._sides
        short_y, short_x = max(height - spec.height, 0), max(width - spec.width, 0)
        # torchvision: the odd pixel of the padding goes to the bottom and to the right.
        border = Border(
            short_x // 2, short_y // 2, (short_x + 1) // 2, (short_y + 1) // 2, 0.0, "constant"
        )
        top = round((spec.height + short_y - height) / 2.0)
        left = round((spec.width + short_x - width) / 2.0)
        window = Window(top, left, height, width)
        return (border, window) if short_x or short_y else (window,)


@dataclass(frozen=True, repr=False)
class Crop(FixedTransform):
    """Cut out a given rectangle, as ``torchvision.transforms.v2.functional.crop``.

    Parameters
    ----------
    top, left : int
        The corner, in pixels of the image at this step; it may be negative.
    height, width : int
        The size. What lies outside the image is zero.

    Notes
    -----
    Exact.
    """

    name: ClassVar[str] = "crop"
    top: int
    left: int
    height: int
    width: int

    def check(self) -> None:
        for side in ("height", "width"):
            value = getattr(self, side)
            require(1 <= value <= MAX_SIDE, _out_of_range(side, value))

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, height=self.height, width=self.width)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        assert spec.height and spec.width
        above, before = max(-self.top, 0), max(-self.left, 0)
        below = max(self.top + self.height - spec.height, 0)
        after = max(self.left + self.width - spec.width, 0)
        window = Window(self.top + above, self.left + before, self.height, self.width)
        if above or before or below or after:
            return (Border(before, above, after, below, 0.0, "constant"), window)
        return (window,)


@dataclass(frozen=True, repr=False)
class Pad(FixedTransform):
    """Add a border, as ``torchvision.transforms.v2.Pad``.

    Parameters
    ----------
    padding : int, (int, int) or (int, int, int, int)
        Pixels on every side; or left-and-right, top-and-bottom; or left, top, right, bottom.
    fill : float
        Value of the border with ``constant``, in the units of the image at this step.
    padding_mode : {"constant", "edge", "reflect", "symmetric"}
        A constant, the last pixel repeated, or the image mirrored without or with its last pixel.

    Notes
    -----
    Exact. ``reflect`` and ``symmetric`` need an image larger than the border.
    """

    name: ClassVar[str] = "pad"
    padding: int | tuple[int, int] | tuple[int, int, int, int]
    fill: float = 0.0
    padding_mode: PadMode = "constant"

    def check(self) -> None:
        require(
            0 <= min(self._edges) <= max(self._edges) <= MAX_SIDE,
            f"padding: must be from 0 to {MAX_SIDE}, got {self.padding}",
        )

    @property
    def _edges(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom."""
        if isinstance(self.padding, int):
            return (self.padding,) * 4
        if len(self.padding) == 2:
            return (*self.padding, *self.padding)
        return self.padding

    def infer(self, spec: ImageSpec) -> ImageSpec:
        left, top, right, bottom = self._edges
        slack = {"reflect": 1, "symmetric": 0}.get(self.padding_mode)
        for side, edge in ((spec.height, max(top, bottom)), (spec.width, max(left, right))):
            if slack is not None and side is not None and edge > side - slack:
                raise IncompatibleSource(
                    f"padding_mode={self.padding_mode} mirrors {edge} pixels of an image that has "
                    f"{side}; pad less, resize first, or use padding_mode=edge"
                )
        return replace(
            spec,
            height=None if spec.height is None else spec.height + top + bottom,
            width=None if spec.width is None else spec.width + left + right,
        )

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return (Border(*self._edges, self.fill, self.padding_mode),)


@dataclass(frozen=True, repr=False)
class HorizontalFlip(FixedTransform):
    """Mirror left and right, always. Exact, as ``torchvision...functional.horizontal_flip``."""

    name: ClassVar[str] = "horizontal_flip"

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return (Mirror("horizontal"),)


@dataclass(frozen=True, repr=False)
class VerticalFlip(FixedTransform):
    """Mirror top and bottom, always. Exact, as ``torchvision...functional.vertical_flip``."""

    name: ClassVar[str] = "vertical_flip"

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return (Mirror("vertical"),)
