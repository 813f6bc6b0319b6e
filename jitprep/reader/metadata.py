"""Metadata of the results that a thread decodes, for a read that returns more than the array."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from jitprep.reader.errors import Undecodable
from preprocessing import Geometry

# What the block of `noting_metadata` collects; None outside of one.
_noted: ContextVar[dict[str, str] | None] = ContextVar("noted", default=None)


@contextmanager
def noting_metadata() -> Iterator[dict[str, str]]:
    """Collect the metadata of what is decoded in the block.

    Every door decodes in its own way, and most reads want the array alone.
    """
    noted: dict[str, str] = {}
    before = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(before)


def notes_metadata() -> bool:
    """Return whether this is within a block of `noting_metadata`."""
    return _noted.get() is not None


def note_metadata(metadata: Mapping[str, str]) -> None:
    """Add the metadata of a result, where it is wanted."""
    noted = _noted.get()
    if noted is not None:
        noted.update(metadata)


def geometry_in(metadata: Mapping[str, str], key: str) -> Geometry:
    """Return the geometry in a result's metadata.

    Raises
    ------
    Undecodable
        If there is none, or it is malformed.
    """
    if "geometry" not in metadata:
        raise Undecodable(
            "the result has no geometry in its metadata; images and videos that jitprep made have one, "
            "but for several views, and files of results in a folder",
            key=key,
        )
    try:
        return Geometry.parse(metadata["geometry"])
    except ValueError as error:
        raise Undecodable(f"the geometry in the metadata is malformed: {error}", key=key) from None
