"""``source``: a source alone, for a pipeline that is wrong or that does not take it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jitprep.playground.asks import SourceAsk
from jitprep.playground.drawing.sources import draw_source
from jitprep.playground.reading import read_item

if TYPE_CHECKING:
    from jitprep.playground.playground import Playground


def answer(playground: Playground, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the view of a source, by the kind of its content.

    Raises
    ------
    AskRefused, RequestFailed, SourceError, LimitExceeded
    """
    ask = SourceAsk.of(asked.get("source"))
    item = read_item(playground, ask)
    desk, limits = playground.desk, playground.limits
    before = playground.source_views.get(
        desk, ask, item, "", lambda: draw_source(desk, item, None, limits)
    )
    return {"before": before}
