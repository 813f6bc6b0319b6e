"""Map of kinds to the `Start` that decodes them. A decoder is imported with its first object."""

from __future__ import annotations

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
}


def start(data: Content, found: Format, limits: Limits) -> Start:
    """Read an object's header and return the start that decodes the object.

    Raises
    ------
    SourceError, LimitExceeded
    """
    module, name = _STARTS[found.kind]
    kind: type[Start] = getattr(import_module(f"preprocessing.planner.stages.{module}"), name)
    return kind.probe(data, found, limits)
