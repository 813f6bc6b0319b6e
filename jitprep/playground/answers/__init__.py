"""One module for each question of the page, and the table of them.

Each answer takes the `Playground` and the request's body or query, and returns plain data. Modules are
imported when they are asked, so that the page opens at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jitprep.playground.playground import Playground

    Answer = Callable[[Playground, Mapping[str, Any]], Any]
    StreamedAnswer = Callable[[Playground, Mapping[str, Any]], Iterator[Any]]


def _of(module: str) -> Any:
    def ask(playground: Playground, asked: Mapping[str, Any]) -> Any:
        return import_module(f"jitprep.playground.answers.{module}").answer(playground, asked)

    return ask


# By the name in the URL: /api/NAME.
GETS: Mapping[str, Answer] = {name: _of(name) for name in ("session", "steps", "objects")}
POSTS: Mapping[str, Answer] = {
    name: _of(name)
    for name in (
        "pipeline",
        "look",
        "source",
        "explain",
        "values",
        "draws",
        "thumbs",
        "cost",
        "copy",
    )
}
STREAMS: Mapping[str, StreamedAnswer] = {name: _of(name) for name in ("sheet",)}
