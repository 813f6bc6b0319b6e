"""Map of kinds to the `Start` that decodes them. A decoder is imported with its first object."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from preprocessing.decode.formats import Format
    from preprocessing.limits import Limits
    from preprocessing.media import Content, SourceKind
    from preprocessing.planner.stages.base import Start

_STARTS: dict[SourceKind, tuple[str, str]] = {
    "image": ("base", "Decode"),
    "audio": ("audio", "DecodeAudio"),
    "video": ("video", "DecodeVideo"),
    "text": ("text", "DecodeText"),
    "index": ("index", "DecodeIndex"),
    "index:uint16": ("index", "DecodeWideIndex"),
    "image:uint16": ("depth", "DecodeUint16"),
    "image:float32": ("depth", "DecodeFloat32"),
}


def start(data: Content, found: Format, limits: Limits, kind: SourceKind) -> Start:
    """Read an object's header and return the start that decodes the object.

    Parameters
    ----------
    data : bytes or BlockReader
    found : Format
        Of the object.
    limits : Limits
    kind : SourceKind
        The kind that it is decoded to.

    Raises
    ------
    SourceError, LimitExceeded
    """
    return _start_of(kind).probe(data, found, limits)


@cache
def _start_of(kind: SourceKind) -> type[Start]:
    module, name = _STARTS[kind]
    made: type[Start] = getattr(import_module(f"preprocessing.planner.stages.{module}"), name)
    return made
