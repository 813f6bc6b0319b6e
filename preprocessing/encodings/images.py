"""Image files: PNG, JPEG, WebP."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.encodings._base import Encoding
from preprocessing.encodings._png_writer import write_png
from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.kernels.image.geometry.contact_sheet import grid, sheet
from preprocessing.limits import nbytes
from preprocessing.media import ImageSpec, Kind, VideoSpec
from preprocessing.spec.step import require

if TYPE_CHECKING:
    from preprocessing.media import Array


# Seconds of one call, which cannot be interrupted: of JPEG per sample; of WebP per pixel, lossy and
# lossless. Measured for photographs on one core of an AMD EPYC of 2023.
_JPEG_S = 10e-9
_WEBP_S = (0.15e-6, 0.6e-6)


class ImageFileEncoding(Encoding):
    """Base of the image files, which hold integers in rows of pixels."""

    input_kinds: ClassVar[tuple[Kind, ...]] = ("image",)
    dtypes: ClassVar[tuple[str, ...]] = ("uint8",)
    channels: ClassVar[tuple[int, ...]] = (1, 3)
    longest_side: ClassVar[int]

    def accept(self, spec: ImageSpec) -> None:
        if spec.dtype not in self.dtypes:
            raise IncompatibleSource(
                f"holds {' or '.join(self.dtypes)}, but the result is {spec.dtype}; encode as npy, or "
                "put to_dtype:uint8 last"
            )
        if spec.channels not in self.channels:
            raise IncompatibleSource(
                f"holds {' or '.join(map(str, self.channels))} channels, but the result has "
                f"{spec.channels}"
            )
        longest = max(spec.height or 0, spec.width or 0)
        if longest > self.longest_side:
            raise IncompatibleSource(
                f"holds at most {self.longest_side} pixels per side, but the result has {longest}; "
                "resize first, or encode as npy"
            )


@frozen
class Png(ImageFileEncoding):
    """Lossless PNG of 1 to 4 channels, 8 or 16 bits.

    Parameters
    ----------
    compression : {"fast", "small"}
        ``fast`` only looks for runs: much faster, and slightly larger for photographs. ``small`` is
        zlib's level 9.
    """

    name: ClassVar[str] = "png"
    input_kinds = ("image", "index")
    compression: Literal["fast", "small"] = "fast"
    content_type: ClassVar[str] = "image/png"
    dtypes: ClassVar[tuple[str, ...]] = ("uint8", "uint16")
    channels: ClassVar[tuple[int, ...]] = (1, 2, 3, 4)
    longest_side: ClassVar[int] = 2**31 - 1

    def holds(self, spec: ImageSpec) -> int:
        """Count the body in pieces and joined; at worst it is slightly larger than the pixels."""
        return 5 * nbytes(spec) // 2

    def encode(self, array: Array, spec: ImageSpec) -> bytes:
        return write_png(array, small=self.compression == "small")


@frozen
class Jpeg(ImageFileEncoding):
    """JPEG by libjpeg-turbo. A video becomes a contact sheet.

    Parameters
    ----------
    quality : int
        Quality on libjpeg's scale, 1 to 100.
    subsampling : {"420", "422", "444"}
        Resolution of the colour planes: a quarter, half, or full.

    Notes
    -----
    A contact sheet shows the frames from left to right, then from top to bottom. The number of columns
    is the square root of the number of frames, rounded up. Unused cells are black.
    """

    name: ClassVar[str] = "jpeg"
    input_kinds = ("image", "video")
    quality: int = 90
    subsampling: Literal["420", "422", "444"] = "420"
    content_type: ClassVar[str] = "image/jpeg"
    longest_side: ClassVar[int] = 65_500

    @property
    def suffix(self) -> str:
        return "jpg"

    def check(self) -> None:
        require(1 <= self.quality <= 100, f"quality: must be 1 to 100, got {self.quality}")

    def accept(self, spec: ImageSpec) -> None:
        super().accept(_sheet(spec) if isinstance(spec, VideoSpec) else spec)

    def holds(self, spec: ImageSpec) -> int:
        """Count a copy, the sheet, and the body twice; at worst it is 1.5 times the pixels."""
        if isinstance(spec, VideoSpec):
            return 6 * nbytes(_sheet(spec))
        return 4 * nbytes(spec)

    def encode(self, array: Array, spec: ImageSpec) -> bytes:
        import simplejpeg  # noqa: PLC0415  only pipelines with JPEG need it

        checkpoint(lasting=array.size * _JPEG_S)

        if isinstance(spec, VideoSpec):
            array = sheet(array)
            height, width, channels = array.shape
            super().accept(ImageSpec(height, width, channels, spec.dtype))
        gray = array.shape[2] == 1
        encoded: bytes = simplejpeg.encode_jpeg(
            np.ascontiguousarray(array),
            quality=self.quality,
            colorspace="GRAY" if gray else "RGB",
            colorsubsampling="Gray" if gray else self.subsampling,
        )
        return encoded


def _sheet(spec: VideoSpec) -> ImageSpec:
    """Return the spec of a video's contact sheet."""
    rows, columns = grid(spec.frames or 1)
    height, width = (
        side and side * count for side, count in ((spec.height, rows), (spec.width, columns))
    )
    return ImageSpec(height, width, spec.channels, spec.dtype)


@frozen
class WebP(ImageFileEncoding):
    """WebP by libwebp. Gray images are stored as RGB, because WebP has no gray.

    Parameters
    ----------
    quality : int
        Quality, 0 to 100; with `lossless`, the compression effort.
    lossless : bool
        Whether compression is lossless.
    """

    name: ClassVar[str] = "webp"
    quality: int = 80
    lossless: bool = False
    content_type: ClassVar[str] = "image/webp"
    longest_side: ClassVar[int] = 16_383

    def check(self) -> None:
        require(0 <= self.quality <= 100, f"quality: must be 0 to 100, got {self.quality}")

    def holds(self, spec: ImageSpec) -> int:
        """Count what libwebp allocates for noise, 41 bytes per pixel, and Pillow's copies."""
        assert spec.height is not None and spec.width is not None
        return 48 * spec.height * spec.width

    def encode(self, array: Array, spec: ImageSpec) -> bytes:
        checkpoint(lasting=array.shape[0] * array.shape[1] * _WEBP_S[self.lossless])
        from PIL import Image, WebPImagePlugin  # noqa: F401, PLC0415  8 ms, and only here

        stream = BytesIO()
        rgb = np.ascontiguousarray(np.broadcast_to(array, (*array.shape[:2], 3)))
        Image.fromarray(rgb).save(stream, "WEBP", quality=self.quality, lossless=self.lossless)
        return stream.getvalue()
