"""How large an object, and what is made of it, may be; asked before memory is taken."""

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
    """Bounds that are checked before memory is taken.

    Parameters
    ----------
    source_bytes : int
        Longest encoded object; of one that is read in pieces, most bytes that are read.
    pixels : int
        Most pixels (height × width) of the image that a source is, or of a video's frame. The default
        is Pillow's own ``Image.MAX_IMAGE_PIXELS``, the number above which it suspects a bomb.
    side : int
        Most pixels along one axis, of the source and of every step's result. The default is JPEG's own.
        It bounds the weights of a resampling, which grow with the longest side.
    seconds : float
        Longest sound or video, as its header tells; six hours.
    frames : int
        Most frames that are taken of a video.
    samples, characters : int, optional
        Most samples (channels × samples) of decoded sound, and characters of a text or numbers of its
        tokens. Where they are left out, as many as take a quarter of `memory` at 4 bytes each.
    memory : int, optional
        Most bytes that the work on one object holds at once: the encoded object, what its decoder takes,
        each step's input, result and arrays in between, and the encoded result. Where it is left out,
        what `preprocessing.available_memory` finds: ``JITPREP_MEMORY``, or what the function or the
        container has, less what the process needs for itself, or 2 GiB.
    """

    source_bytes: int = 256 * 2**20
    pixels: int = 89_478_485
    side: int = 65_535
    seconds: float = 6 * 3600.0
    frames: int = 2**14
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

# Of a text's characters Python takes 1, 2 or 4 bytes for each.
_ITEMSIZES: dict[DType, int] = {
    "uint8": 1,
    "uint16": 2,
    "float16": 2,
    "float32": 4,
    "int32": 4,
    "str": 4,
}


def nbytes(spec: Spec) -> int:
    """Return how many bytes an array of `spec` takes; 0 where only the content tells its size."""
    sides = known(spec.shape)
    return 0 if sides is None else prod(sides) * _ITEMSIZES[spec.dtype]


def frame(spec: Spec) -> Spec:
    """Return the spec of a video's frames; others as they are."""
    if isinstance(spec, VideoSpec):
        return ImageSpec(spec.height, spec.width, spec.channels, spec.dtype)
    return spec


def require_sides(spec: Spec, limits: Limits) -> None:
    """Raise LimitExceeded unless the sides of `spec`, and its frames, are within the limits.

    How many bytes there may be is asked of the stages, which may hold more than they leave.
    """
    if not isinstance(spec, ImageSpec):
        return
    longest = max(spec.height or 0, spec.width or 0)
    if longest > limits.side:
        raise LimitExceeded(
            f"would make a side of {longest} pixels, more than the limit of {limits.side}; raise the "
            "limit or ask for less"
        )
    if isinstance(spec, VideoSpec) and (spec.frames or 0) > limits.frames:
        raise LimitExceeded(
            f"would have {spec.frames} frames, more than the limit of {limits.frames}; sample fewer"
        )


def require_memory(held: int, limits: Limits, what: str) -> None:
    """Raise LimitExceeded where work would hold more bytes at once than it may.

    Parameters
    ----------
    held : int
        In bytes.
    limits : Limits
    what : str
        What would hold them: the subject of the message's sentence.
    """
    if held > limits.memory:
        raise LimitExceeded(
            f"{what} would hold {held >> 20} MiB at once, more than the limit of "
            f"{limits.memory >> 20} MiB; give the process more memory (JITPREP_MEMORY) or ask for less"
        )


def at_most(most: int, each: int) -> int:
    """Return how many of what only the content counts there may be: `most`, or as many as fit.

    For what is counted as it is made, where no plan could refuse it: the process's memory bounds it.

    Parameters
    ----------
    most : int
    each : int
        Bytes that one takes, with all that is held beside it.
    """
    return min(most, DEFAULT_LIMITS.memory // each)


def require_pixels(
    height: int, width: int, limits: Limits, claim: str, *, advice: str = ""
) -> None:
    """Raise LimitExceeded for an image, or a frame, that is too large.

    Parameters
    ----------
    height, width : int
    limits : Limits
    claim : str
        Who says that it is so large.
    advice : str
        What may be done, if anything.
    """
    if height * width > limits.pixels or max(height, width) > limits.side:
        raise LimitExceeded(
            f"{claim} {width} x {height} pixels, more than the limit of {limits.pixels} in all and "
            f"{limits.side} a side{advice}"
        )
