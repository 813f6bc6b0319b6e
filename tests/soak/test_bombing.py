"""The result of a hostile file is right if it is the library's or an expected error, in time."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from soak import bombing, laws
from soak.bombing import Shot, judge
from soak.bombs import BOMBS
from soak.load.reads import Outcome, Read, Verdict
from soak.rows import Answers, Processes, Row

SHOT = Shot(0, BOMBS[0].specs[0], Read("hostile", "get_object", {}))


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Outcome("hostile", Verdict.RIGHT, detail="as the library"), Verdict.RIGHT),
        (Outcome("hostile", Verdict.RIGHT, detail="other bytes"), Verdict.WRONG),
        (Outcome("hostile", Verdict.REFUSED, "ObjectTooLarge"), Verdict.RIGHT),
        (Outcome("hostile", Verdict.REFUSED, "DeadlineExceeded"), Verdict.RIGHT),
        (Outcome("hostile", Verdict.REFUSED, "OutOfMemory"), Verdict.REFUSED),
        (Outcome("hostile", Verdict.REFUSED, "LambdaRuntimeError"), Verdict.REFUSED),
        (Outcome("hostile", Verdict.REFUSED, "ObjectTooLarge", seconds=99), Verdict.HUNG),
    ],
)
def test_what_comes_of_a_hostile_file(
    outcome: Outcome, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    def library(_: Any, pairs: list[tuple[int, str]], __: str) -> dict[tuple[int, str], str]:
        return dict.fromkeys(pairs, "as the library")

    monkeypatch.setattr(bombing, "apart", library)
    beside = Outcome("whole", Verdict.RIGHT)
    (judged, other) = judge([SHOT], [outcome, beside], "")
    assert (judged.verdict, other) == (verdict, beside)
    assert BOMBS[0].name in judged.detail


def test_every_file_is_read_through_each_pipeline() -> None:
    pairs = bombing.some(0, Random(1))
    assert sorted(pairs) == sorted((n, spec) for n, bomb in enumerate(BOMBS) for spec in bomb.specs)
    assert len(bombing.some(8, Random(1))) == 8


def test_names_are_of_one_file_each() -> None:
    assert len({bomb.name for bomb in BOMBS}) == len(BOMBS)


def test_a_worker_that_has_more_than_is_stated_breaks_a_law() -> None:
    answers = Answers.of([Outcome("hostile", Verdict.RIGHT)], ())
    for peak, broken in ((2**30, []), (2**31, ["x: a worker used 2048 MB; the limit is 1024 MB"])):
        row = Row("x", answers, Processes(peak, None, 0, 0, most=2**30), 1.0)
        assert laws.broken([row]) == broken
