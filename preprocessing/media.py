"""The typed values that pass from one part to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeAlias

from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Every image array is indexed (height, width, channel). How it lies in memory is told by its
# strides: a planar result is the transposed view of a (channel, height, width) buffer, so that no
# kernel and no transform needs to know which it got. The specs below tell the axes of the others.
Array: TypeAlias = "NDArray[Any]"


class Ranged(Protocol):
    """An object that can be read in pieces, as a file or, by ranges, an object in S3.

    Of a video no more is then read than is needed; other kinds are read whole.
    """

    @property
    def size(self) -> int:
        """In bytes."""

    def read_at(self, start: int, length: int) -> bytes:
        """Return so many bytes from `start` on, all of which lie within it."""


# An object that is read: its bytes, or what can be read of it; or, where the caller gives one, an array.
Content: TypeAlias = "bytes | Array | Ranged"

SampleType: TypeAlias = Literal["uint8", "uint16", "float16", "float32"]
DType: TypeAlias = Literal["uint8", "uint16", "float16", "float32", "int32", "str"]
Layout: TypeAlias = Literal["chw", "hwc"]
Shape: TypeAlias = tuple[int | None, ...]

# What an object can be; and, with the last two, what a pipeline can make of it.
SourceKind: TypeAlias = Literal["image", "video", "audio", "text"]
Kind: TypeAlias = Literal["image", "video", "audio", "text", "spectrogram", "tokens"]


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

    kind: ClassVar[Kind] = "image"
    height: int | None
    width: int | None
    channels: int
    dtype: DType

    @property
    def shape(self) -> Shape:
        """Of the array: (height, width, channels)."""
        return (self.height, self.width, self.channels)

    def __str__(self) -> str:
        return f"{_times(self.height, self.width, self.channels)} {self.dtype}"


@frozen
class VideoSpec(ImageSpec):
    """What is known of a video: an image's spec, which each of its frames has, and how many there are.

    Image transforms and stages take it for an image's, and keep what is more.

    Parameters
    ----------
    height, width, channels, dtype
        Of a frame.
    frames : int or None
    """

    kind: ClassVar[Kind] = "video"
    frames: int | None

    @property
    def shape(self) -> Shape:
        """Of the array: (frames, height, width, channels)."""
        return (self.frames, self.height, self.width, self.channels)

    def __str__(self) -> str:
        return f"{_times(*self.shape)} {self.dtype}"


@frozen
class AudioSpec:
    """What is known of sound without its samples.

    Parameters
    ----------
    channels, samples : int or None
        Samples are counted in each channel.
    rate : int or None
        Samples a second.
    dtype : {"float32"}
        Full scale is [-1, 1].
    """

    kind: ClassVar[Kind] = "audio"
    channels: int | None
    samples: int | None
    rate: int | None
    dtype: DType = "float32"

    @property
    def shape(self) -> Shape:
        """Of the array: (channels, samples)."""
        return (self.channels, self.samples)

    def __str__(self) -> str:
        rate = "?" if self.rate is None else self.rate
        return f"{_times(*self.shape)} {self.dtype} at {rate} Hz"


@frozen
class SpectrogramSpec:
    """What is known of a spectrogram, or of features of the same form.

    Parameters
    ----------
    channels, bins, frames : int or None
        Bins of frequency; frames of time.
    dtype : {"float32"}
    """

    kind: ClassVar[Kind] = "spectrogram"
    channels: int | None
    bins: int | None
    frames: int | None
    dtype: DType = "float32"

    @property
    def shape(self) -> Shape:
        """Of the array: (channels, bins, frames)."""
        return (self.channels, self.bins, self.frames)

    def __str__(self) -> str:
        return f"{_times(*self.shape)} {self.dtype}"


@frozen
class TextSpec:
    """What is known of text: how many documents, each of them a ``str``.

    Parameters
    ----------
    documents : int or None
        One of a plain text; None where a table's rows are still to be counted.
    """

    kind: ClassVar[Kind] = "text"
    dtype: ClassVar[DType] = "str"
    documents: int | None

    @property
    def shape(self) -> Shape:
        """Of the array, whose items are strings: (documents,)."""
        return (self.documents,)

    def __str__(self) -> str:
        return "1 text" if self.documents == 1 else f"{_times(self.documents)} texts"


@frozen
class TokensSpec:
    """What is known of tokens: their numbers, and which of them count.

    Parameters
    ----------
    documents, length : int or None
    dtype : {"int32"}
    """

    kind: ClassVar[Kind] = "tokens"
    documents: int | None
    length: int | None
    dtype: DType = "int32"

    @property
    def shape(self) -> Shape:
        """Of the array: (2, documents, length), the numbers and then the mask, 1 where one counts."""
        return (2, self.documents, self.length)

    def __str__(self) -> str:
        return f"{_times(*self.shape)} {self.dtype}"


Spec: TypeAlias = ImageSpec | VideoSpec | AudioSpec | SpectrogramSpec | TextSpec | TokensSpec


def known(shape: Shape) -> tuple[int, ...] | None:
    """Return the shape where all of it is known, and else None."""
    sides = tuple(side for side in shape if side is not None)
    return sides if len(sides) == len(shape) else None


# What every decoder delivers, whatever the file holds (see preprocessing.decode): of pictures 8-bit RGB,
# of sound float32.
DECODED: Mapping[SourceKind, Spec] = {
    "image": ImageSpec(None, None, 3, "uint8"),
    "video": VideoSpec(None, None, 3, "uint8", None),
    "audio": AudioSpec(None, None, None),
    "text": TextSpec(1),
}


@frozen
class Media:
    """A decoded object. Given as a source, it is taken as it is.

    Parameters
    ----------
    array : ndarray
        Of the axes that the specs tell: an image (height, width, channel), a video (frame, height,
        width, channel), sound (channel, sample), texts (document,).
    kind : {"image", "video", "audio", "text"}
        What the items are; it decides which transforms are legal.
    rate : float, optional
        Samples, or frames, a second. Sound needs it.
    """

    array: Array
    kind: SourceKind = "image"
    rate: float | None = None


@frozen
class OutputSpec:
    """What a pipeline gives, as far as it is known before the object is read.

    Parameters
    ----------
    shape : tuple of (int or None)
        Shape of the array, in the encoding's layout.
    dtype : str
        NumPy name of the sample type; ``str`` for text.
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
        ``pipeline``, ``fingerprint``, the ``shape`` and ``dtype`` of the array in `body`, of sound its
        ``rate``, and where something was drawn the ``seed``. Of what was passed through untouched,
        the first two alone.
    """

    body: bytes | bytearray
    content_type: str
    metadata: dict[str, str]

    def __repr__(self) -> str:
        """Return a line, which has not the body in it."""
        about = f"content_type={self.content_type!r}, metadata={self.metadata!r}"
        return f"Encoded(<{len(self.body):,} bytes>, {about})"


def _times(*sides: int | None) -> str:
    return "×".join("?" if side is None else str(side) for side in sides)
