"""The costs in the pages follow from the stored measurement."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest

from jitprep.cli.commands import load_command
from jitprep.costs.estimate import from_json, to_json

ROOT = Path(__file__).parents[3]
KEPT = json.loads((ROOT / "docs/cost.json").read_text(encoding="utf-8"))


def test_the_tables_and_the_picture_are_current() -> None:
    """`make cost-page` measures, and `python tools/cost_page.py` writes the pages again."""
    made = runpy.run_path(str(ROOT / "tools/cost_page.py"))["pages"]()
    assert {path.name for path in made} == {"README.md", "model.md", "cost.svg"}
    for path, text in made.items():
        assert path.read_text(encoding="utf-8") == text, path


def test_the_figures_follow_from_what_was_measured() -> None:
    """A changed formula requires new dollars in the stored estimate."""
    anew = json.loads(json.dumps(to_json(from_json(KEPT))))
    assert anew.keys() == KEPT.keys()
    for kept, made in zip(KEPT["ways"], anew["ways"], strict=True):
        assert made["usd"] == pytest.approx(kept["usd"])
        assert made.get("ms") == kept.get("ms")


def test_the_page_names_only_existing_options() -> None:
    page = (ROOT / "docs/cost/model.md").read_text(encoding="utf-8")
    command = load_command("cost")
    options = {option for parameter in command.params for option in parameter.opts}
    ours = re.sub(r"`python -m [^`]+`", "", page)  # benchmarks have options of their own
    assert set(re.findall(r"--[a-z0-9-]+[a-z0-9]", ours)) <= options
