"""``draws``: what reads with several seeds return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jitprep.playground.asks import AskRefused, LookAsk, seed_of
from jitprep.playground.looking.results import draw_passed, draw_result, run_read
from jitprep.playground.looking.subject import Subject, read_subject
from jitprep.playground.playground import Playground
from preprocessing.cancellation import checkpoint
from preprocessing.rng import LARGEST_SEED
from preprocessing.sources import Loaded

_MOST = 12


def answer(playground: Playground, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the view of the result for each seed from ``first`` on.

    Raises
    ------
    AskRefused, RequestFailed, PreprocessingError
    """
    ask, first, count = LookAsk.of(asked), seed_of(asked.get("first", 0)), _count(asked)
    subject = read_subject(playground, ask, "draws are of one object")
    drawn = []
    for seed in range(first, min(first + count, LARGEST_SEED + 1)):
        checkpoint()
        drawn.append({"seed": seed, "view": _view(playground, subject, seed)})
    return {"draws": drawn}


def _view(playground: Playground, subject: Subject, seed: int) -> Any:
    loaded = subject.loaded
    if not isinstance(loaded, Loaded):
        return draw_passed(playground.desk, subject)
    return draw_result(playground.desk, subject, run_read(subject, loaded, seed))


def _count(asked: Mapping[str, Any]) -> int:
    count = asked.get("count", _MOST)
    if type(count) is not int or not 1 <= count <= _MOST:
        raise AskRefused(f"count must be a whole number from 1 to {_MOST}")
    return count
