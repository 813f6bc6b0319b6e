"""RandomCrop."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.planner.stages import PadMode
from preprocessing.spec.step import require
from preprocessing.transforms._base import (
    MAX_SIDE,
    RandomTransform,
    height_and_width,
    require_side_lengths,
)
from preprocessing.transforms.image.crop import Crop
from preprocessing.transforms.image.pad import Pad

if TYPE_CHECKING:
    from preprocessing.media import AudioSpec, ImageSpec
    from preprocessing.rng import Draws
    from preprocessing.transforms._base import Transform


@frozen
class RandomCrop(RandomTransform):
    """Crop the image at a random place, as ``torchvision.transforms.v2.RandomCrop``.

    It also crops sound, along time.

    Parameters
    ----------
    size : int or (int, int)
        Side of a square, or height and width. For sound, a number of samples.
    padding : int, (int, int) or (int, int, int, int), optional
        Border that is added first, as for `Pad`.
    pad_if_needed : bool
        Whether an image or sound that is still too small is padded, on both sides, by what it lacks.
        Otherwise it is refused.
    fill : float
        Value of the border with ``constant``, in the units of the image at this step.
    padding_mode : {"constant", "edge", "reflect", "symmetric"}
        As for `Pad`. This, `padding` and `fill` are for images only.

    Notes
    -----
    Exact. Applies a `Crop`, after a `Pad` if there is a border. The corner is drawn uniformly, first the
    top, then the left; for sound, the first sample.

    Raises
    ------
    SpecError
        If the size is below 1 or, for an image, above 65,535, or the padding is below 0.
    """

    input_kinds = ("image", "video", "audio", "index")
    name: ClassVar[str] = "random_crop"
    size: int | tuple[int, int]
    padding: int | tuple[int, int] | tuple[int, int, int, int] | None = None
    pad_if_needed: bool = False
    fill: float = 0.0
    padding_mode: PadMode = "constant"

    def check(self) -> None:
        if isinstance(self.size, tuple):
            require_side_lengths("size", self.size)
        require(self._sides[0] >= 1, f"size: must be 1 or more, got {self.size}")
        self._border()

    @property
    def _sides(self) -> tuple[int, int]:
        return height_and_width(self.size)

    def infer(self, spec: Any) -> Any:
        return self._infer_sound(spec) if spec.kind == "audio" else self._infer_image(spec)

    def choose(self, spec: Any, draws: Draws) -> tuple[Transform, ...]:
        if spec.kind == "audio":
            return self._choose_sound(spec, draws)
        return self._choose_image(spec, draws)

    def _infer_sound(self, spec: AudioSpec) -> AudioSpec:
        plain = RandomCrop(self.size, pad_if_needed=self.pad_if_needed)
        if isinstance(self.size, tuple) or self != plain:
            raise IncompatibleSource(
                "takes one size, in samples, and pad_if_needed for sound; leave out the other arguments"
            )
        if spec.samples is not None and spec.samples < self.size and not self.pad_if_needed:
            raise IncompatibleSource(
                f"takes {self.size} samples, but the sound has {spec.samples}; put pad_or_trim first, "
                "or set pad_if_needed"
            )
        return replace(spec, samples=self.size)

    def _choose_sound(self, spec: AudioSpec, draws: Draws) -> tuple[Transform, ...]:
        from preprocessing.transforms.audio._piece import Piece  # noqa: PLC0415  for sound only

        assert isinstance(self.size, int)
        assert spec.samples is not None
        spare = spec.samples - self.size
        return (Piece(draws.integer(min(spare, 0), max(spare, 0)), self.size),)

    def _infer_image(self, spec: ImageSpec) -> ImageSpec:
        if max(self._sides) > MAX_SIDE:
            raise IncompatibleSource(
                f"size: must be from 1 to {MAX_SIDE} for images, got {self.size}"
            )
        self._border().infer(spec)
        if spec.height and spec.width:
            self._pad(spec).infer(spec)
        return replace(spec, height=self._sides[0], width=self._sides[1])

    def _choose_image(self, spec: ImageSpec, draws: Draws) -> tuple[Transform, ...]:
        pad = self._pad(spec)
        padded = pad.infer(spec)
        assert padded.height and padded.width
        height, width = self._sides
        top = draws.integer(0, padded.height - height)
        left = draws.integer(0, padded.width - width)
        crop = Crop(top, left, height, width)
        return (pad, crop) if any(pad.edges) else (crop,)

    def _pad(self, spec: ImageSpec) -> Pad:
        """Return the border that makes an image of `spec` at least as large as the crop."""
        padded = self._border().infer(spec)
        assert padded.height and padded.width
        short_y, short_x = self._sides[0] - padded.height, self._sides[1] - padded.width
        if max(short_y, short_x) <= 0:
            return self._border()
        if not self.pad_if_needed:
            raise IncompatibleSource(
                f"takes {self._sides[0]}×{self._sides[1]} pixels of an image of {padded.height}×"
                f"{padded.width}; resize it first, or set pad_if_needed"
            )
        return self._border(max(short_y, 0), max(short_x, 0))

    def _border(self, y: int = 0, x: int = 0) -> Pad:
        """Return the padding, and `y` rows and `x` columns more on both sides: one border, not two."""
        left, top, right, bottom = Pad(self.padding or 0).edges
        return Pad((left + x, top + y, right + x, bottom + y), self.fill, self.padding_mode)
