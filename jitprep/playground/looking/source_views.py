"""`SourceViews`: sources that were drawn lately, so that a change of the pipeline draws none again."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from jitprep.playground.asks import SourceAsk
from jitprep.playground.desk import Desk
from jitprep.playground.drawing.view import View
from jitprep.playground.items import Item

_MOST = 16


class SourceViews:
    """Views of sources by the source's version. Their pictures lie on the desk."""

    def __init__(self) -> None:
        self._views: OrderedDict[Hashable, View] = OrderedDict()
        self._lock = Lock()

    def get(
        self, desk: Desk, ask: SourceAsk, item: Item, kind: str, draw: Callable[[], View]
    ) -> View:
        """Return the view of a source, drawn again only where it changed or its pictures are gone.

        Parameters
        ----------
        desk : Desk
        ask : SourceAsk
        item : Item
            What was read of it.
        kind : str
            As which kind it is drawn.
        draw : callable
        """
        key = (ask, kind, _version(ask, item))
        with self._lock:
            view = self._views.get(key)
        if view is None or not _is_kept(desk, view):
            view = draw()
        with self._lock:
            self._views[key] = view
            self._views.move_to_end(key)
            while len(self._views) > _MOST:
                self._views.popitem(last=False)
        return view


def _version(ask: SourceAsk, item: Item) -> str:
    """Return what changes with a source; nothing for an upload, whose id is of its content."""
    if ask.upload:
        return ""
    return item.etag or hashlib.md5(item.content, usedforsecurity=False).hexdigest()


def _is_kept(desk: Desk, view: View) -> bool:
    """Whether the page can fetch all that a view names. What is asked for stays longer."""
    assets = [frame.asset for frame in view.frames]
    return all(desk.get(asset) is not None for asset in [*assets, *filter(None, [view.media])])
