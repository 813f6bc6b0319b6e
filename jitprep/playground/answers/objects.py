"""The objects of a place: 200 at a time, by folder or by a part of their keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jitprep.playground.asks import AskRefused
from jitprep.playground.listing import list_level, search_objects
from preprocessing.names import is_utf8

if TYPE_CHECKING:
    from jitprep.playground.listing import ObjectPage
    from jitprep.playground.playground import Playground

_MOST = 200


def answer(playground: Playground, asked: Mapping[str, Any]) -> ObjectPage:
    """Return a page of objects.

    Parameters
    ----------
    playground : Playground
    asked : mapping
        ``place``; ``prefix``, and ``search`` for objects at any depth below it; ``after`` of the page
        before.
    """
    place, prefix, search, after = (
        str(asked.get(name, "")) for name in ("place", "prefix", "search", "after")
    )
    if not is_utf8(prefix + search + after):
        raise AskRefused("prefix, search and after must be UTF-8, as keys are")
    where = playground.places.place(place)
    if search:
        return search_objects(where, prefix, search, after, _MOST)
    return list_level(where, prefix, after, _MOST)
