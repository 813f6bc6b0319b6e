"""The page's first question: what it may show, and how much it may send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from preprocessing import PreprocessingError, parse_pipeline

if TYPE_CHECKING:
    from jitprep.playground.playground import Playground


def answer(playground: Playground, asked: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG001
    """Return the version, the places, the presets, and the largest file that may be dropped.

    Parameters
    ----------
    playground : Playground
    asked : mapping
        Nothing.
    """
    return {
        "version": version("jitprep"),
        "places": playground.places.listed(),
        "presets": [
            {"name": name, "pipeline": _line(spec)} for name, spec in playground.presets.items()
        ],
        "most_bytes": playground.limits.source_bytes,
    }


def _line(spec: Any) -> str:
    """Return a preset as text; one that is a table as its line."""
    if isinstance(spec, str):
        return spec
    try:
        return str(parse_pipeline(spec))
    except PreprocessingError:  # said when it is chosen
        return json.dumps(spec, default=str)
