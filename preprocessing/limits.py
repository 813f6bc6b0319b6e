"""How large an object, and what is made of it, may be; asked before memory is taken."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from preprocessing.errors import LimitExceeded
from preprocessing.frozen import frozen
from preprocessing.media import AudioSpec, ImageSpec, SpectrogramSpec, VideoSpec, known

if TYPE_CHECKING:
    from preprocessing.media import DType, Spec, TextSpec, TokensSpec


@frozen
class Limits:
    """Bounds that are checked before memory is taken.

    Parameters
    ----------
    source_bytes : int
        Longest encoded object; of one that is read in pieces, most bytes that are read.
    pixels : int
        Most pixels (height × width) of the decoded image, or of a video's frame, and of every step's
        result; and, in all its frames together, of a video that comes out. The default is Pillow's own
        ``Image.MAX_IMAGE_PIXELS``, the number above which it suspects a bomb: 256 MiB of 8-bit RGB.
    side : int
        Most pixels along one axis, of the decoded image and of every step's result. The default is
        JPEG's own. It bounds the weights of a resampling, which grow with the longest side.
    seconds : float
        Longest sound or video, as its header tells; six hours.
    frames : int
        Most frames that are taken of a video.
    samples, characters : int, optional
        Most samples (channels × samples, or bins × frames) of decoded sound, and characters of a text or
        numbers of its tokens, and of every step's result. Where they are left out, as many as take the
        memory that `pixels` of 8-bit RGB do, at 4 bytes each: whoever allows more for one kind has that
        memory for all.
    memory : int
        Most bytes that the work on one object holds at once: the encoded object, what its decoder takes,
        and each step's input, result and arrays in between.
    """

    source_bytes: int = 256 * 2**20
    pixels: int = 89_478_485
    side: int = 65_535
    seconds: float = 6 * 3600.0
    frames: int = 2**14
    samples: int = 0
    characters: int = 0
    memory: int = 2 * 2**30

    def __post_init__(self) -> None:
        for name in ("samples", "characters"):
            if not getattr(self, name):
                object.__setattr__(self, name, -(-3 * self.pixels // 4))


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


def require(spec: Spec, limits: Limits) -> None:
    """Raise LimitExceeded unless `spec`, as far as it is known, is within the limits.

    How many pixels there may be is asked of the stages, which may hold more than they leave.
    """
    if isinstance(spec, ImageSpec):
        _require_side(spec, limits)
        if isinstance(spec, VideoSpec) and (spec.frames or 0) > limits.frames:
            raise LimitExceeded(
                f"would have {spec.frames} frames, more than the limit of {limits.frames}; sample fewer"
            )
    elif isinstance(spec, AudioSpec | SpectrogramSpec):
        _require_items(spec, limits.samples, "samples")
    else:
        _require_items(spec, limits.characters, "texts or tokens")


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


def require_frames(spec: VideoSpec, limits: Limits) -> int:
    """Return how many frames of `spec` may come out; raise LimitExceeded where there are more."""
    assert spec.height and spec.width
    most = min(limits.frames, limits.pixels // (spec.height * spec.width))
    if (spec.frames or 0) > most:
        raise LimitExceeded(
            f"the result would have {spec.frames} frames of {spec.width} x {spec.height} pixels, more "
            f"than the limit of {limits.pixels} pixels in all; take fewer frames, or make them smaller"
        )
    return most


def _require_side(spec: ImageSpec, limits: Limits) -> None:
    longest = max(spec.height or 0, spec.width or 0)
    if longest > limits.side:
        raise LimitExceeded(
            f"would make a side of {longest} pixels, more than the limit of {limits.side}; raise the "
            "limit or ask for less"
        )


def _require_items(
    spec: AudioSpec | SpectrogramSpec | TextSpec | TokensSpec, most: int, what: str
) -> None:
    sides = known(spec.shape)
    if sides is not None and prod(sides) > most:
        raise LimitExceeded(
            f"would make {prod(sides)} {what}, more than the limit of {most}; raise the limit or ask "
            "for less"
        )
