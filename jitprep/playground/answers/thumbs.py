"""Thumbnails of sources, for the list of objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jitprep.playground.asks import AskRefused, SourceAsk
from jitprep.playground.drawing.thumbs import draw_thumb
from jitprep.playground.failures import failure_of
from jitprep.playground.looking.thumbnails import thumbnail
from jitprep.playground.reading import read_item
from preprocessing.cancellation import checkpoint

if TYPE_CHECKING:
    from jitprep.playground.playground import Playground

_MOST = 24


def answer(playground: Playground, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a thumbnail, or an error, of each source. What has no picture has neither.

    Parameters
    ----------
    playground : Playground
    asked : mapping
        ``sources``, at most 24.
    """
    sources = asked.get("sources")
    if not isinstance(sources, list) or len(sources) > _MOST:
        raise AskRefused(f"sources must be a list of at most {_MOST}")
    asks = [SourceAsk.of(source) for source in sources]
    return {"thumbs": [_thumb(playground, ask) for ask in asks]}


def _thumb(playground: Playground, ask: SourceAsk) -> Mapping[str, Any]:
    checkpoint()
    try:
        item = read_item(playground, ask)
        frame = thumbnail(playground.desk, lambda desk: draw_thumb(desk, item, playground.limits))
    except Exception as error:  # the others are drawn all the same
        return {"error": failure_of(error)}
    return {"frame": frame}
