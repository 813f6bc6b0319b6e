"""A playground of one folder, with the presets that ship."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jitprep.playground.desk import Desk
from jitprep.playground.places import Place, Places
from jitprep.playground.playground import Playground
from jitprep.playground.uploads import Uploads
from jitprep.service.config import config
from jitprep.service.source.original_store import OriginalStore
from jitprep.service.source.stores import SourceUrl
from preprocessing import Limits

# Keys that a shell, a URL, HTML or a document could take for something else.
HOSTILE = [
    "rocket.jpg",
    'a b/it\'s "quoted" $HOME `id` \\ !.jpg',
    "-rf/-v.jpg",
    "<img src=x>&amp;%20+ü😀.jpg",
    "new\nline\ttab\x7f.jpg",
    "#x?y=z;[a]{b,c}*~.jpg",
]


def playground(
    place: Path | str | None = None, presets: Mapping[str, Any] | None = None
) -> Playground:
    """Return a playground whose only place, ``photos``, is a folder or a URL."""
    found = []
    if place is not None:
        url = SourceUrl.parse(str(place))
        found.append(Place("photos", url, lambda: _open(url)))
    limits = Limits()
    return Playground(
        Places(lambda: found, limits.source_bytes),
        Uploads(),
        Desk(),
        config().presets if presets is None else presets,
        limits,
    )


def _open(url: SourceUrl) -> OriginalStore:
    return OriginalStore.open(url, endpoint=None, region=None, credentials=None, timeout_s=60.0)
