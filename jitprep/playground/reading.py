"""`read_item`: a source that the page names, wherever it is."""

from __future__ import annotations

from jitprep.playground.asks import SourceAsk
from jitprep.playground.items import Item
from jitprep.playground.playground import Playground


def read_item(playground: Playground, ask: SourceAsk) -> Item:
    """Read an object of a place, a dropped file, or a member of either.

    Raises
    ------
    AskRefused, RequestFailed, PreprocessingError
    """
    item = playground.uploads.read(ask.upload) if ask.upload else playground.places.read(ask)
    if not ask.member:
        return item
    from jitprep.playground.members import read_member  # noqa: PLC0415  for shards

    return read_member(item, ask.member, playground.limits)
