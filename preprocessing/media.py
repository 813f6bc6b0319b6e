"""The types of decoded objects and results: arrays, their specs, `Media` and `Encoded`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeAlias

from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing.spec.view_specs import SectionsSpec

# Every image array is indexed (height, width, channel), whatever its memory layout: a planar result is
# the transposed view of a (channel, height, width) buffer, so kernels and transforms need not know which
# they get. The specs below have the axes of other arrays.
Array: TypeAlias = "NDArray[Any]"


class Ranged(Protocol):
    """An object that can be read in ranges, such as a file or an object in S3.

    Only the needed ranges of a video are read; other kinds are read as a whole.
    """

    @property
    def size(self) -> int:
        """Size in bytes."""

    def read_at(self, start: int, length: int) -> bytes:
        """Return exactly `length` bytes from offset `start` on; the range is within the object."""


# A loaded object: its bytes, or a reader of them, or an array that the caller passed.
Content: TypeAlias = "bytes | Array | Ranged"

SampleType: TypeAlias = Literal["uint8", "uint16", "float16", "float32"]
DType: TypeAlias = Literal["uint8", "uint16", "float16", "float32", "int32", "str"]
Layout: TypeAlias = Literal["chw", "hwc"]
Shape: TypeAlias = tuple[int | None, ...]

# Kinds of sources, some with a type of their samples; and of results.
SourceKind: TypeAlias = Literal[
    "image", "video", "audio", "text", "index", "index:uint16", "image:uint16", "image:float32"
]
Kind: TypeAlias = Literal[
    "image", "video", "audio", "text", "index", "spectrogram", "tokens", "views", "sections"
]


@frozen
class ImageSpec:
    """The shape and type of an image.

    Parameters
    ----------
    height, width : int or None
        In pixels; None if it depends on the source.
    channels : int
        1 for gray, 3 for RGB; an array passed by the caller may have another number.
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
        """Shape of the array: (height, width, channels)."""
        return (self.height, self.width, self.channels)

    def __str__(self) -> str:
        return f"{times(self.height, self.width, self.channels)} {self.dtype}"


@frozen
class VideoSpec(ImageSpec):
    """The shape and type of a video: the spec of each frame, and the number of frames.

    Image transforms and stages treat it as the spec of an image, and keep the number of frames.

    Parameters
    ----------
    height, width, channels, dtype
        Of a frame.
    frames : int or None
        None if it depends on the source.
    """

    kind: ClassVar[Kind] = "video"
    frames: int | None

    @property
    def shape(self) -> Shape:
        """Shape of the array: (frames, height, width, channels)."""
        return (self.frames, self.height, self.width, self.channels)

    def __str__(self) -> str:
        return f"{times(*self.shape)} {self.dtype}"


@frozen
class IndexSpec(ImageSpec):
    """The shape and type of a mask, whose pixels are class ids, of ``uint8`` or ``uint16``."""

    kind: ClassVar[Kind] = "index"


@frozen
class AudioSpec:
    """The shape and type of sound.

    Parameters
    ----------
    channels, samples : int or None
        Samples per channel; None if they depend on the source.
    rate : int or None
        Samples per second.
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
        """Shape of the array: (channels, samples)."""
        return (self.channels, self.samples)

    def __str__(self) -> str:
        rate = "?" if self.rate is None else self.rate
        return f"{times(*self.shape)} {self.dtype} at {rate} Hz"


@frozen
class SpectrogramSpec:
    """The shape and type of a spectrogram, or of features with the same axes.

    Parameters
    ----------
    channels, bins, frames : int or None
        Bins are along frequency, frames along time; None if they depend on the source.
    dtype : {"float32"}
    """

    kind: ClassVar[Kind] = "spectrogram"
    channels: int | None
    bins: int | None
    frames: int | None
    dtype: DType = "float32"

    @property
    def shape(self) -> Shape:
        """Shape of the array: (channels, bins, frames)."""
        return (self.channels, self.bins, self.frames)

    def __str__(self) -> str:
        return f"{times(*self.shape)} {self.dtype}"


@frozen
class TextSpec:
    """The shape of texts: the number of documents, which are of type ``str``.

    Parameters
    ----------
    documents : int or None
        1 for a plain text; None for a table whose rows are not counted yet.
    """

    kind: ClassVar[Kind] = "text"
    dtype: ClassVar[DType] = "str"
    documents: int | None

    @property
    def shape(self) -> Shape:
        """Shape of the array, whose items are strings: (documents,)."""
        return (self.documents,)

    def __str__(self) -> str:
        return "1 text" if self.documents == 1 else f"{times(self.documents)} texts"


@frozen
class TokensSpec:
    """The shape and type of tokens: their ids, and a mask of those that are not padding.

    Parameters
    ----------
    documents, length : int or None
        None if it depends on the source.
    dtype : {"int32"}
    """

    kind: ClassVar[Kind] = "tokens"
    documents: int | None
    length: int | None
    dtype: DType = "int32"

    @property
    def shape(self) -> Shape:
        """Shape of the array: (2, documents, length), the ids and then the mask, 0 for padding."""
        return (2, self.documents, self.length)

    def __str__(self) -> str:
        return f"{times(*self.shape)} {self.dtype}"


Spec: TypeAlias = "ImageSpec | AudioSpec | SpectrogramSpec | TextSpec | TokensSpec | SectionsSpec"


def known(shape: Shape) -> tuple[int, ...] | None:
    """Return the shape if all of it is known, else None."""
    sides = tuple(side for side in shape if side is not None)
    return sides if len(sides) == len(shape) else None


@frozen
class Media:
    """A decoded object. As a source, it is used without decoding.

    Parameters
    ----------
    array : ndarray
        An image or a mask (height, width, channel), a video (frame, height, width, channel), sound
        (channel, sample), or texts (document,).
    kind : {"image", "video", "audio", "text", "index"}
        Decides which transforms are legal. ``index`` is a mask of class ids.
    rate : float, optional
        Samples, or frames, per second. Required for sound.
    """

    array: Array
    kind: SourceKind = "image"
    rate: float | None = None


@frozen
class OutputSpec:
    """The result of a pipeline, as far as it is known before an object is read.

    Parameters
    ----------
    shape : tuple of (int or None)
        Shape of the array, in the encoding's layout; None for a side that depends on the source. For
        several sections of views, the number of samples in all of them.
    dtype : str
        NumPy name of the sample type; ``str`` for text.
    nbytes : int or None
        Length of the encoded body; None if it depends on the source.
    content_type : str
        Media type of the encoded body.
    sections : dict of str to tuple of (int or None)
        Shape of each section's array by its key; empty if the result is one array.
    """

    shape: tuple[int | None, ...]
    dtype: DType
    nbytes: int | None
    content_type: str
    sections: Mapping[str, tuple[int | None, ...]] = field(default_factory=dict)


@frozen
class Encoded:
    """An encoded result.

    Parameters
    ----------
    body : bytes or bytearray
    content_type : str
        Media type of `body`.
    metadata : dict of str to str
        ``pipeline``, ``fingerprint``; and if the object was not passed through: ``shape`` (of sections
        ``global=2,3,224,224;local=6,3,96,96``), ``dtype``, ``rate``, ``geometry`` and ``seed``.
    """

    body: bytes | bytearray
    content_type: str
    metadata: dict[str, str]

    def __repr__(self) -> str:
        """Return a line with the length of the body instead of the body."""
        about = f"content_type={self.content_type!r}, metadata={self.metadata!r}"
        return f"Encoded(<{len(self.body):,} bytes>, {about})"


def times(*sides: int | None) -> str:
    """Return sides as text, such as ``224×224×3``; ``?`` for one that is unknown."""
    return "×".join("?" if side is None else str(side) for side in sides)
