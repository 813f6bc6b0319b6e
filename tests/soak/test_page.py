"""docs/soak.md shows docs/soak.json, which is a run that broke no law."""

from __future__ import annotations

import json
from pathlib import Path

from soak import report

DOCS = Path(__file__).parents[2] / "docs"
FOUND = json.loads((DOCS / "soak.json").read_text(encoding="utf-8"))


def test_the_page_is_that_of_the_run() -> None:
    """`python -m soak --render` writes it."""
    assert (DOCS / "soak.md").read_text(encoding="utf-8") == report.page(FOUND) + "\n"


def test_the_run_was_whole_and_broke_nothing() -> None:
    assert FOUND["made"]["command"] == "make soak"
    assert FOUND["broken"] == []
    assert sum(row["answers"]["requests"] for row in FOUND["phases"]) >= 10_000
