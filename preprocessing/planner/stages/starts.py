"""Which `Start` decodes which kind; a kind's decoder is imported for the first object of it."""

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
    """Return how an object is decoded; its header is read.

    Raises
    ------
    SourceError, LimitExceeded
    """
    module, name = _STARTS[found.kind]
    kind: type[Start] = getattr(import_module(f"preprocessing.planner.stages.{module}"), name)
    return kind.probe(data, found, limits)
