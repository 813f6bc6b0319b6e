"""Sources that are neither bytes nor paths: open files, Pillow images, and arrays, which are checked."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np

from preprocessing.decode.image.pillow import (
    ids_of_image,
    loading_errors,
    pixels_of_image,
    turn_of_image,
)
from preprocessing.errors import EmptySource, IncompatibleSource, LimitExceeded
from preprocessing.limits import require_pixels
from preprocessing.media import (
    AudioSpec,
    ImageSpec,
    IndexSpec,
    Media,
    SampleType,
    TextSpec,
    VideoSpec,
)
from preprocessing.spec.kinds import DECODED

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing.limits import Limits
    from preprocessing.media import Array, DType, Kind, SourceKind, Spec

# Satellite images have about a dozen bands, and those of the finest spectrometers a few hundred.
_FEW_CHANNELS, _MOST_CHANNELS = 16, 512
_PIECE = 2**20
_SURROGATE = re.compile("[\ud800-\udfff]")


def bytes_or_media(source: Any, kind: SourceKind, limits: Limits) -> bytes | Media:
    """Return the content of a source: the bytes of a file, or an array as `Media` of the wanted kind.

    Raises
    ------
    IncompatibleSource
        If the source is something else, or a file that is closed or open in text mode.
    CorruptSource, EmptySource, UnsupportedSource, LimitExceeded
    """
    if hasattr(source, "read"):
        return _read(source, limits)
    gives = hasattr(source, "__array__") or hasattr(source, "__array_interface__")
    if not gives or isinstance(source, type):
        raise IncompatibleSource(
            "a source must be bytes, a path, a file open in binary mode, a Pillow image or an array, "
            f"got {type(source).__name__}{_hint(source)}"
        )
    try:
        array = np.asarray(source)
    except Exception as error:  # PyTorch's tensors raise TypeError and RuntimeError
        raise IncompatibleSource(
            f"the {type(source).__name__} cannot be converted to an array: {error}"
        ) from error
    return Media(array, kind)


def is_pillow_image(source: Any) -> bool:
    """Return whether a source is an image that Pillow opened or made."""
    # If Pillow is not imported, the source is not its image; nor while another thread imports it.
    made = getattr(sys.modules.get("PIL.Image"), "Image", None)
    return made is not None and isinstance(source, made)


def pillow_spec(image: Any, kind: SourceKind, limits: Limits) -> tuple[ImageSpec, int]:
    """Return the spec of an image that Pillow opened, upright, and its EXIF orientation.

    Raises
    ------
    IncompatibleSource, CorruptSource, LimitExceeded
    """
    require_pixels(image.height, image.width, limits, "the image has")
    with loading_errors():
        orientation = turn_of_image(image)
    height, width = (image.height, image.width)[:: -1 if orientation >= 5 else 1]
    wanted = DECODED[kind]
    assert isinstance(wanted, ImageSpec)
    return replace(wanted, height=height, width=width), orientation


def pillow_media(image: Any, kind: SourceKind) -> Media:
    """Return the pixels of an image that Pillow opened. Raises CorruptSource, UnsupportedSource."""
    if DECODED[kind].kind == "index":
        return Media(ids_of_image(image), kind)
    return Media(pixels_of_image(image, DECODED[kind].dtype), "image")


def array_and_spec(media: Media) -> tuple[Array, Spec]:
    """Return the array of a decoded object, with all axes of its kind, and its spec.

    Raises
    ------
    IncompatibleSource
        If the array's shape or type is not one of its kind, or sound has no sample rate.
    """
    return _CHECKS[DECODED[media.kind].kind](media)


def _image(media: Media) -> tuple[Array, Spec]:
    pixels = media.array
    image = pixels[:, :, None] if pixels.ndim == 2 else pixels
    if image.ndim != 3 or 0 in image.shape:
        raise IncompatibleSource(
            f"an image array must have shape (height, width) or (height, width, channels), got "
            f"{pixels.shape}"
        )
    _require_channels(image.shape)
    height, width, channels = image.shape
    return image, ImageSpec(height, width, channels, _pixel_type(image))


def _index(media: Media) -> tuple[Array, Spec]:
    mask, _ = _image(media)
    if mask.dtype.kind != "u" or mask.shape[2] != 1:
        raise IncompatibleSource(
            "a mask array must have shape (height, width) and type uint8 or uint16, got "
            f"{media.array.shape} {mask.dtype.name}; convert it"
        )
    wanted = DECODED[media.kind].dtype
    if np.dtype(wanted) < mask.dtype:
        raise IncompatibleSource(
            f"the mask array is {mask.dtype.name}, and the pipeline takes {wanted}; begin it with "
            "index:uint16/"
        )
    height, width, _ = mask.shape
    return mask.astype(wanted, copy=False), IndexSpec(height, width, 1, wanted)


def _video(media: Media) -> tuple[Array, Spec]:
    frames = media.array
    if frames.ndim != 4 or 0 in frames.shape:
        raise IncompatibleSource(
            f"a video array must have shape (frames, height, width, channels), got {frames.shape}"
        )
    _require_channels(frames.shape)
    count, height, width, channels = frames.shape
    return frames, VideoSpec(height, width, channels, _pixel_type(frames), count)


def _pixel_type(pixels: Array) -> DType:
    if pixels.dtype.name not in get_args(SampleType):
        raise IncompatibleSource(
            f"the type of a pixel array must be one of {', '.join(get_args(SampleType))}, got "
            f"{pixels.dtype.name}; convert it"
        )
    return cast("DType", pixels.dtype.name)


def _audio(media: Media) -> tuple[Array, Spec]:
    sound = media.array
    if sound.ndim != 2 or 0 in sound.shape or sound.dtype != np.float32:
        raise IncompatibleSource(
            f"an audio array must be float32, of shape (channels, samples), got {sound.dtype.name} "
            f"{sound.shape}"
        )
    if media.rate is None or media.rate != int(media.rate) or media.rate < 1:
        raise IncompatibleSource(
            "an audio array needs a sample rate, in whole samples per second: pass "
            "Media(array, 'audio', rate=16000)"
        )
    channels, samples = sound.shape
    return sound, AudioSpec(channels, samples, int(media.rate))


def _text(media: Media) -> tuple[Array, Spec]:
    texts = media.array
    if texts.ndim != 1 or not all(isinstance(text, str) for text in texts):
        raise IncompatibleSource(
            f"a text array must have one axis and contain strings, got shape {texts.shape}"
        )
    if any(not text.isascii() and _SURROGATE.search(text) for text in texts):
        raise IncompatibleSource("a text has half of a surrogate pair, which is not a character")
    return texts.astype(object), TextSpec(len(texts))


def _require_channels(shape: tuple[int, ...]) -> None:
    """Raise IncompatibleSource if channels seem to come first, or are more than any image has."""
    *before, height, width, channels = shape
    if channels > _FEW_CHANNELS and height <= _FEW_CHANNELS and height < width:
        axes = (*range(len(before)), *(len(before) + axis for axis in (1, 2, 0)))
        raise IncompatibleSource(
            f"an array of shape {tuple(shape)} would have {channels} channels; if its channels come "
            f"first, pass array.transpose({', '.join(map(str, axes))})"
        )
    if channels > _MOST_CHANNELS:
        raise IncompatibleSource(
            f"an array of shape {tuple(shape)} would have {channels} channels, more than "
            f"{_MOST_CHANNELS}; its last axes must be height, width and channels"
        )


def _read(file: Any, limits: Limits) -> bytes:
    """Read a file from its current position to its end, or up to the limit."""
    if getattr(file, "closed", False):
        raise IncompatibleSource("the file is closed; pass it while it is open")
    parts: list[bytes] = []
    size = 0
    while size <= limits.source_bytes:
        part = file.read(_PIECE)
        if not isinstance(part, bytes | bytearray | memoryview):
            how = (
                "in text mode; open it with mode 'rb'"
                if isinstance(part, str)
                else "in non-blocking mode, and has no data yet"
            )
            raise IncompatibleSource(f"the file is open {how}")
        if not part and not parts:
            raise EmptySource(
                "the file has no bytes left to read; if it was read before, call seek(0)"
            )
        if not part:
            return b"".join(parts)
        parts.append(bytes(part))
        size += len(part)
    raise LimitExceeded(
        f"the file has more bytes than the limit of {limits.source_bytes}; raise the limit or store a "
        "smaller file"
    )


def _hint(source: Any) -> str:
    if isinstance(source, list | tuple):
        return "; pass several sources to `batch`, and numbers as numpy.array(…)"
    return ""


_CHECKS: dict[Kind, Callable[[Media], tuple[Array, Spec]]] = {
    "image": _image,
    "video": _video,
    "index": _index,
    "audio": _audio,
    "text": _text,
}
