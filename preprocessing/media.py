"""The typed values that pass from one part to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Every image array is indexed (height, width, channel). How it lies in memory is told by its
# strides: a planar result is the transposed view of a (channel, height, width) buffer, so that no
# kernel and no transform needs to know which it got.
Array: TypeAlias = "NDArray[Any]"

DType: TypeAlias = Literal["uint8", "uint16", "float16", "float32"]
Layout: TypeAlias = Literal["chw", "hwc"]


@frozen
class ImageSpec:
    """What is known of an image without its pixels.

    Parameters
    ----------
    height, width : int or None
        In pixels; None where only the source will tell.
    channels : int
        1 for gray, 3 for RGB; arrays given by the caller may have others.
    dtype : str
        One of ``uint8``, ``uint16``, ``float16``, ``float32``.
    """

    height: int | None
    width: int | None
    channels: int
    dtype: DType

    def __str__(self) -> str:
        sides = ("?" if n is None else str(n) for n in (self.height, self.width))
        return f"{'×'.join(sides)}×{self.channels} {self.dtype}"


# What every decoder delivers: 8-bit RGB, whatever the file holds (see preprocessing.decode).
DECODED = ImageSpec(None, None, 3, "uint8")


@frozen
class Media:
    """A decoded object.

    Parameters
    ----------
    array : ndarray
        Samples; for an image of shape (height, width, channel).
    kind : {"image"}
        What the samples are; it decides which transforms are legal.
    layout : {"hwc"}
        What the axes of `array` mean.
    """

    array: Array
    kind: Literal["image"] = "image"
    layout: Literal["hwc"] = "hwc"


@frozen
class OutputSpec:
    """What a pipeline gives, as far as it is known before the object is read.

    Parameters
    ----------
    shape : tuple of (int or None)
        Shape of the array, in the encoding's layout.
    dtype : str
        NumPy name of the sample type.
    nbytes : int or None
        Length of the encoded body; None where it depends on the source's size or content.
    content_type : str
        Media type of the encoded body.
    """

    shape: tuple[int | None, ...]
    dtype: DType
    nbytes: int | None
    content_type: str


@frozen
class Encoded:
    """An encoded result.

    Parameters
    ----------
    body : bytes or bytearray
    content_type : str
        Media type of `body`.
    metadata : dict of str to str
        ``pipeline``, ``fingerprint``, the ``shape`` and ``dtype`` of the array in `body`, and where
        something was drawn the ``seed``.
    """

    body: bytes | bytearray
    content_type: str
    metadata: dict[str, str]


@frozen
class Limits:
    """Bounds that are checked before memory is taken.

    Parameters
    ----------
    source_bytes : int
        Longest encoded object.
    pixels : int
        Most pixels (height × width) of the decoded image and of every step's result. The default is
        Pillow's own ``Image.MAX_IMAGE_PIXELS``, the number above which it suspects a bomb:
        256 MiB of 8-bit RGB.
    side : int
        Most pixels along one axis, of the decoded image and of every step's result. The default is
        JPEG's own. It bounds the weights of a resampling, which grow with the longest side.
    """

    source_bytes: int = 256 * 2**20
    pixels: int = 89_478_485
    side: int = 65_535


DEFAULT_LIMITS = Limits()
