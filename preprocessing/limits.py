"""Limits on the size of objects and results, checked before memory is allocated."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from preprocessing import available_memory
from preprocessing.errors import LimitExceeded
from preprocessing.frozen import frozen
from preprocessing.media import ImageSpec, VideoSpec, known

if TYPE_CHECKING:
    from preprocessing.media import DType, Spec


@frozen
class Limits:
    """Limits that are checked before memory is allocated.

    Parameters
    ----------
    source_bytes : int
        Most bytes of an encoded object. If only parts of the object are read, most bytes that are read.
    pixels : int
        Most pixels (height × width) of a source image, or of a video's frame. The default is Pillow's
        ``Image.MAX_IMAGE_PIXELS``, above which Pillow suspects a decompression bomb.
    side : int
        Most pixels along one axis, in the source and in the result of every step. The default is the
        maximum of JPEG. It bounds the weights of a resampling, which grow with the longest side.
    seconds : float
        Longest sound or video, by its header. The default is six hours.
    frames : int
        Most frames that are taken from a video, and most views of an image.
    members : int
        Most files and folders of a shard.
    samples, characters : int, optional
        Most samples (channels × samples) of decoded sound, and most characters or tokens of a text. By
        default, the number that takes a quarter of `memory` at 4 bytes each.
    memory : int, optional
        Most bytes held at once while one object is processed: the encoded object, the decoder's memory,
        each step's input, result and temporary arrays, and the encoded result. By default the result of
        `preprocessing.available_memory`: ``JITPREP_MEMORY``, or the memory of the function or container
        without what the process itself needs, or 2 GiB.
    """

    source_bytes: int = 256 * 2**20
    pixels: int = 89_478_485
    side: int = 65_535
    seconds: float = 6 * 3600.0
    frames: int = 2**14
    members: int = 2**20
    samples: int = 0
    characters: int = 0
    memory: int = 0

    def __post_init__(self) -> None:
        if not self.memory:
            object.__setattr__(self, "memory", available_memory.memory())
        for name in ("samples", "characters"):
            if not getattr(self, name):
                object.__setattr__(self, name, max(self.memory // 16, 1))


DEFAULT_LIMITS = Limits()

# Python takes 1, 2 or 4 bytes for each character of a text.
_ITEMSIZES: dict[DType, int] = {
    "uint8": 1,
    "uint16": 2,
    "float16": 2,
    "float32": 4,
    "int32": 4,
    "str": 4,
}


def nbytes(spec: Spec) -> int:
    """Return the number of bytes in an array of `spec`; 0 if its size depends on the content."""
    sides = known(spec.shape)
    return 0 if sides is None else prod(sides) * _ITEMSIZES[spec.dtype]


def frame(spec: Spec) -> Spec:
    """Return the spec of a video's frames; any other spec unchanged."""
    if isinstance(spec, VideoSpec):
        return ImageSpec(spec.height, spec.width, spec.channels, spec.dtype)
    return spec


def require_sides(spec: Spec, limits: Limits) -> None:
    """Raise LimitExceeded unless the sides of `spec`, and its frames, are within the limits.

    Bytes are not checked here, because a stage may hold more than its result: see `require_memory`.
    """
    if not isinstance(spec, ImageSpec):
        return
    longest = max(spec.height or 0, spec.width or 0)
    if longest > limits.side:
        raise LimitExceeded(
            f"the result would have a side of {longest} pixels, more than the limit of {limits.side}; "
            "raise the limit or ask for less"
        )
    if isinstance(spec, VideoSpec) and (spec.frames or 0) > limits.frames:
        raise LimitExceeded(
            f"the result would have {spec.frames} frames, more than the limit of {limits.frames}; "
            "sample fewer"
        )


def require_memory(held: int, limits: Limits, what: str) -> None:
    """Raise LimitExceeded if work would hold more bytes at once than `limits.memory`.

    Parameters
    ----------
    held : int
        Bytes held at once.
    limits : Limits
    what : str
        The work, as the subject of the message's sentence.
    """
    if held > limits.memory:
        raise LimitExceeded(
            f"{what} would hold {held >> 20} MiB at once, more than the limit of "
            f"{limits.memory >> 20} MiB; give the process more memory (JITPREP_MEMORY) or ask for less"
        )


def at_most(most: int, each: int) -> int:
    """Return the most items that may be made of a source: `most`, or fewer if memory is short.

    This is for items that are counted while they are made, so that a plan cannot refuse them beforehand.

    Parameters
    ----------
    most : int
    each : int
        Bytes that one item takes, with everything that is held besides.
    """
    return min(most, DEFAULT_LIMITS.memory // each)


def require_pixels(
    height: int, width: int, limits: Limits, claim: str, *, advice: str = ""
) -> None:
    """Raise LimitExceeded if an image or a frame is too large.

    Parameters
    ----------
    height, width : int
        In pixels.
    limits : Limits
    claim : str
        The beginning of the message, as in "the png header claims".
    advice : str
        The end of the message: what to do, if anything helps.
    """
    if height * width > limits.pixels or max(height, width) > limits.side:
        raise LimitExceeded(
            f"{claim} {width} x {height} pixels, more than the limits of {limits.pixels} pixels in all "
            f"and {limits.side} per side{advice}"
        )
