"""SECURITY.md shows docs/hostile.json, which has every file and broke no law."""

from __future__ import annotations

import json
from pathlib import Path

from soak import hostile
from soak.bombs import BOMBS

DOCS = Path(__file__).parents[2] / "docs"
FOUND = json.loads((DOCS / "hostile.json").read_text(encoding="utf-8"))


def test_the_page_is_that_of_the_run() -> None:
    """`python -m soak.hostile --render` writes it."""
    text = hostile.PAGE.read_text(encoding="utf-8")
    assert text == hostile.page(FOUND, text)
    assert hostile.table(FOUND) in text


def test_every_file_was_read_and_broke_nothing() -> None:
    read = {(row["file"], row["spec"]) for row in FOUND["rows"]}
    assert read == {(bomb.name, spec) for bomb in BOMBS for spec in bomb.specs}
    assert list(hostile.breaches(FOUND)) == []


def test_what_breaks_a_law_is_named() -> None:
    row = {"file": "a", "spec": "b", "outcome": "1 bytes", "limit": 2**20, "busy": 0.0}
    for found, words in (
        ({"seconds": 7.0, "peak": 0}, "took 7.0 s"),
        ({"seconds": 0.0, "peak": 2**27}, "used 128 MB"),
        ({"seconds": 0.0, "peak": 0, "busy": 1.0}, "still used 100% of a core"),
        ({"seconds": 0.0, "peak": 0, "outcome": "ended: with status -9"}, "status -9"),
    ):
        (breach,) = hostile.breaches({"rows": [{**row, **found}]})
        assert words in breach
