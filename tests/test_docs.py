"""What is made from the code is made from this code."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

from preprocessing import ENCODINGS, TRANSFORMS
from tests.clients.matrix import CLIENTS

ROOT = Path(__file__).parent.parent


def test_the_reference_is_current() -> None:
    """`make docs` writes it anew."""
    made = runpy.run_path(str(ROOT / "tools/steps_page.py"))["reference"]()
    assert (ROOT / "docs/steps.md").read_text(encoding="utf-8") == made


def test_the_readme_names_every_step() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in (*TRANSFORMS, *ENCODINGS) if f"`{name}`" not in readme] == []


def test_the_page_of_kinds_is_that_of_the_run() -> None:
    """`make bench-kinds` measures, and writes it anew."""
    made = runpy.run_path(str(ROOT / "tools/kinds_page.py"))["page"]()
    assert (ROOT / "docs/kinds-benchmarks.md").read_text(encoding="utf-8") == made


def test_the_tables_of_clients_are_current() -> None:
    """`make clients-table` measures them, and writes them anew."""
    made = runpy.run_path(str(ROOT / "tools/clients_page.py"))["pages"]()
    assert {path.name for path in made} == {"README.md", "clients.md"}
    for path, text in made.items():
        assert path.read_text(encoding="utf-8") == text, path


def test_the_clients_measured_are_those_locked() -> None:
    measured = json.loads((ROOT / "docs/clients.json").read_text(encoding="utf-8"))["versions"]
    for client in CLIENTS:
        lock = (ROOT / f"requirements/clients/{client.name}.txt").read_text(encoding="utf-8")
        assert f"\n{client.package}=={measured[client.name]} " in lock
