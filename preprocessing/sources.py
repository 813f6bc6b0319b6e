"""Loading of sources: whatever the caller passes becomes one typed value, with its header checked."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from os import PathLike, fspath, fstat
from stat import S_ISREG
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from preprocessing import foreign_sources
from preprocessing.decode.sniff import sniff
from preprocessing.errors import EmptySource, IncompatibleSource, LimitExceeded
from preprocessing.frozen import frozen
from preprocessing.limits import Limits, require_pixels, require_sides
from preprocessing.media import (
    Array,
    Content,
    ImageSpec,
    Media,
    Ranged,
    TextSpec,
    VideoSpec,
)
from preprocessing.planner.stages.base import Given, Start
from preprocessing.planner.stages.starts import start
from preprocessing.spec.kinds import DECODED, object_kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing.decode.formats import Format
    from preprocessing.media import Kind, SourceKind


class Readable(Protocol):
    """A binary file or file-like object, which is read from its current position to its end."""

    def read(self, size: int = ..., /) -> bytes:
        """Return up to `size` bytes, fewer at the end."""


class ArrayLike(Protocol):
    """An object that converts itself to a NumPy array, such as a PyTorch tensor."""

    def __array__(self) -> Any:
        """Return the array."""


class Interfaced(Protocol):
    """An object with NumPy's array interface, such as a Pillow image, which is loaded as an image."""

    @property
    def __array_interface__(self) -> Any:
        """The description of the array by NumPy's array interface."""


AnySource: TypeAlias = (
    "bytes | bytearray | memoryview | str | PathLike[str] | Readable | ArrayLike | Interfaced | Media "
    "| Ranged"
)

# The kinds of objects in messages: one object, and objects in general.
_ONE: dict[Kind, str] = {
    "image": "an image",
    "video": "a video",
    "audio": "audio",
    "text": "text",
    "index": "a mask of class ids",
}
_MANY: dict[Kind, str] = {
    "image": "images",
    "video": "videos",
    "audio": "audio",
    "text": "text",
    "index": "masks of class ids",
}

# Bytes of an object from which its format is detected.
_HEAD = 1024
# Formats that can contain sound, video or both.
_CONTAINERS = frozenset({"mp4", "matroska", "wma", "ogg", "flv"})
_CONTAINERS_NAMED = frozenset({"wmv", "wma", "ogv", "fla"})


@frozen
class Loaded:
    """A source that is within the limits.

    Parameters
    ----------
    content : bytes, BlockReader or ndarray
        The encoded object, or a reader of it; or samples, with the axes of the kind's spec.
    start : Start
        The first stage of a plan, which decodes it.
    """

    content: Content
    start: Start


@frozen
class Passed:
    """An object of another kind than the pipeline's.

    Parameters
    ----------
    content : bytes
    kind : {"image", "video", "audio", "text"}
    content_type : str
    """

    content: bytes
    kind: SourceKind
    content_type: str


def load_source(source: AnySource, kind: SourceKind, limits: Limits) -> Loaded:
    """Load a source and check its header.

    Parameters
    ----------
    source : bytes, str, path, file, array, Media or Ranged
    kind : SourceKind
        The kind that the pipeline takes.
    limits : Limits

    Raises
    ------
    OSError
        If a path cannot be read.
    SourceError, IncompatibleSource, LimitExceeded
    """
    loaded = classify(source, kind, limits, any_kind=False)
    if isinstance(loaded, Passed):
        raise IncompatibleSource(
            f"the object is {_ONE[_kind(loaded.kind)]} ({loaded.content_type}), but the pipeline takes "
            f"{_MANY[_kind(kind)]}; read it with a pipeline for {_MANY[_kind(loaded.kind)]}, or begin "
            f"this one with {kind}:skip/ to pass other kinds through unchanged"
        )
    return loaded


def classify(
    source: AnySource, kind: SourceKind, limits: Limits, *, any_kind: bool = True
) -> Loaded | Passed:
    """Load a source, or return `Passed` for one of another kind. Raises the errors of `load_source`.

    Parameters
    ----------
    source, kind, limits
        As for `load_source`.
    any_kind : bool
        Whether an object of no known format that can be text counts as text if another kind is wanted.
    """
    if type(source) is bytes:  # what most sources are needs no more checks
        _require_bytes(source, limits)
        return _encoded(source, kind, limits, any_kind=any_kind)
    if isinstance(source, str | PathLike):
        source = _video_file(source) if kind == "video" else _file(source, limits)
    elif hasattr(source, "read_at"):
        return _ranged(cast("Ranged", source), kind, limits, any_kind=any_kind)
    elif foreign_sources.is_pillow_image(source):
        begin = pillow_start(source, kind, limits)
        return Loaded(
            _given(foreign_sources.pillow_media(source, kind), kind, limits).content, begin
        )
    elif not isinstance(source, bytes | bytearray | memoryview | Media):
        source = foreign_sources.bytes_or_media(source, kind, limits)
    if isinstance(source, Media):
        return _given(source, kind, limits)
    if not isinstance(source, bytes | bytearray | memoryview):
        return _ranged(source, kind, limits, any_kind=any_kind)
    data = bytes(source)
    _require_bytes(data, limits)
    return _encoded(data, kind, limits, any_kind=any_kind)


def _encoded(data: bytes, kind: SourceKind, limits: Limits, *, any_kind: bool) -> Loaded | Passed:
    found = format_of(data, kind, any_kind=any_kind)
    if found.kind != object_kind(kind):
        if not any_kind and found.name in _CONTAINERS_NAMED:
            start(data, found, limits, found.kind)  # raises: a pipeline of its kind would fail too
        return Passed(data, found.kind, found.content_type)
    return Loaded(data, start(data, found, limits, kind))


def format_of(data: bytes, kind: SourceKind, *, any_kind: bool) -> Format:
    """Return the format of an object, given all of it. Raises UnknownFormat, CorruptSource."""
    found = sniff(data, object_kind(kind), any_kind=any_kind)
    return _by_tracks(found, partial(_slice, data), len(data))


def _ranged(source: Ranged, kind: SourceKind, limits: Limits, *, any_kind: bool) -> Loaded | Passed:
    """Load a source that can be read in ranges: only the header of a video, or all of another kind."""
    from preprocessing.block_reader import BlockReader  # noqa: PLC0415  for videos

    pieces = BlockReader(source, limits.source_bytes)
    if kind == "video":
        found = sniff(pieces.read_at(0, _HEAD), kind, any_kind=any_kind)
        found = _by_tracks(found, pieces.read_at, pieces.size)
        if found.kind == kind:
            return Loaded(pieces, start(pieces, found, limits, kind))
    return _encoded(pieces.whole(), kind, limits, any_kind=any_kind)


def _by_tracks(found: Format, read_at: Callable[[int, int], bytes], size: int) -> Format:
    """Return the format and kind of an object, from its tracks if its first bytes show a container."""
    if found.name not in _CONTAINERS:
        return found
    from preprocessing.decode.containers.tracks import by_tracks  # noqa: PLC0415  for containers

    return by_tracks(found, read_at, size)


def _slice(data: bytes, start: int, length: int) -> bytes:
    return data[start : start + length]


def _video_file(path: str | PathLike[str]) -> Ranged:
    from preprocessing.block_reader import RangedFile  # noqa: PLC0415  for videos

    return RangedFile(path)


def _file(path: str | PathLike[str], limits: Limits) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123  pathlib takes 4 ms to import
        status = fstat(file.fileno())
        if status.st_size > limits.source_bytes:
            raise LimitExceeded(
                f"{fspath(path)} has {status.st_size} bytes, more than the limit of "
                f"{limits.source_bytes}; raise the limit or store a smaller file"
            )
        if S_ISREG(status.st_mode):
            return file.read()
        return file.read(limits.source_bytes + 1)  # a pipe or a device may never end


def _require_bytes(data: bytes, limits: Limits) -> None:
    if not data:
        raise EmptySource("the object has 0 bytes; upload it again")
    if len(data) > limits.source_bytes:
        raise LimitExceeded(
            f"the object has {len(data)} bytes, more than the limit of {limits.source_bytes}; "
            "raise the limit or store a smaller file"
        )


def pillow_start(image: Any, kind: SourceKind, limits: Limits) -> Given:
    """Return the start of an image that Pillow opened, whose pixels need not be loaded yet.

    Raises
    ------
    IncompatibleSource, CorruptSource, LimitExceeded
    """
    if object_kind(kind) != "image":
        raise _not_of_kind("image", kind)
    spec, orientation = foreign_sources.pillow_spec(image, kind, limits)
    require_sides(spec, limits)
    return Given(spec, orientation)


def _given(media: Media, kind: SourceKind, limits: Limits) -> Loaded:
    if _kind(media.kind) != _kind(kind):
        raise _not_of_kind(media.kind, kind)
    array, spec = foreign_sources.array_and_spec(replace(media, kind=kind))
    if isinstance(spec, ImageSpec):
        height, width = array.shape[-3:-1]
        require_pixels(height, width, limits, "the array has")
    elif isinstance(spec, TextSpec):
        _require_characters(array, limits)
    require_sides(spec, limits)
    if isinstance(spec, VideoSpec):
        from preprocessing.planner.stages.video import GivenVideo  # noqa: PLC0415  for videos

        return Loaded(array, GivenVideo.of(spec, media.rate))
    return Loaded(array, Given(spec))


def _not_of_kind(given: SourceKind, kind: SourceKind) -> IncompatibleSource:
    return IncompatibleSource(
        f"the array is {_ONE[_kind(given)]}, but the pipeline takes {_MANY[_kind(kind)]}"
    )


def _kind(source: SourceKind) -> Kind:
    """Return the kind of what a source is decoded to."""
    return DECODED[source].kind


def _require_characters(texts: Array, limits: Limits) -> None:
    characters = sum(map(len, texts))
    if characters > limits.characters:
        raise LimitExceeded(
            f"the texts have {characters} characters, more than the limit of {limits.characters}; raise "
            "the limit or pass fewer"
        )
