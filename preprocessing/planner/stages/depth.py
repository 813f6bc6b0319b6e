"""`DecodeUint16` and `DecodeFloat32`: the starts of a plan for images of more than 8 bits per sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.decode.image import decoder as image
from preprocessing.decode.image.header import ImageHeader
from preprocessing.frozen import frozen
from preprocessing.kernels.image import pointwise
from preprocessing.media import DType, ImageSpec
from preprocessing.planner.stages.base import Start

if TYPE_CHECKING:
    from preprocessing.decode.formats import Format
    from preprocessing.limits import Limits
    from preprocessing.media import Array, Content


@frozen
class DecodeUint16(Start):
    """Start that decodes all samples to 16 bits; see `preprocessing.decode.image.decoder.decode_deep`.

    No rule makes it decode less, so a JPEG is decoded at its full size.
    """

    dtype: ClassVar[DType] = "uint16"
    header: ImageHeader

    def __str__(self) -> str:
        return f"Decode({self.header}, {self.dtype})"

    @classmethod
    def probe(cls, data: bytes, found: Format, limits: Limits) -> DecodeUint16:
        return cls(image.probe(data, found.name, limits, deep=cls.dtype))

    @property
    def orientation(self) -> int:
        return self.header.orientation

    def output(self) -> ImageSpec:
        return ImageSpec(self.header.height, self.header.width, 3, self.dtype)

    def holds(self) -> int:
        """Return the decoder's memory, and three arrays of 16 bits or one of them and the result."""
        return (
            image.holds(self.header) + super().holds() + 12 * self.header.height * self.header.width
        )

    def run(self, content: Content) -> Array:
        assert isinstance(content, bytes)
        samples = image.decode_deep(content, self.header, self.dtype)
        return pointwise.convert(samples, self.dtype, scale=True)


@frozen
class DecodeFloat32(DecodeUint16):
    """Start that decodes integers to the range [0, 1], and floats as they are."""

    dtype: ClassVar[DType] = "float32"
