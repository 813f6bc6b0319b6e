"""`Playground`: all that the answers are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from jitprep.playground.desk import Desk
from jitprep.playground.looking.source_views import SourceViews
from jitprep.playground.places import Places
from jitprep.playground.uploads import Uploads
from preprocessing import Limits
from preprocessing.frozen import frozen


@frozen
class Playground:
    """All that the answers are computed from.

    Parameters
    ----------
    places : Places
        Where objects may be picked. Nothing else of the file system or the network is read.
    uploads : Uploads
        Files that were dropped on the page.
    desk : Desk
    presets : mapping of str to str or mapping
        Pipelines by name.
    limits : Limits
    source_views : SourceViews
        Sources that were drawn lately.
    """

    places: Places
    uploads: Uploads
    desk: Desk
    presets: Mapping[str, Any]
    limits: Limits
    source_views: SourceViews = field(default_factory=SourceViews)
