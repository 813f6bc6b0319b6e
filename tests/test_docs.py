"""What is made from the code is made from this code."""

from __future__ import annotations

import runpy
from pathlib import Path

from preprocessing import ENCODINGS, TRANSFORMS

ROOT = Path(__file__).parent.parent


def test_the_reference_is_current() -> None:
    """`make docs` writes it anew."""
    made = runpy.run_path(str(ROOT / "docs/generate.py"))["reference"]()
    assert (ROOT / "docs/steps.md").read_text(encoding="utf-8") == made


def test_the_readme_names_every_step() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in (*TRANSFORMS, *ENCODINGS) if f"`{name}`" not in readme] == []


def test_the_tables_of_clients_are_current() -> None:
    """`make clients-table` measures them, and writes them anew."""
    made = runpy.run_path(str(ROOT / "docs/clients.py"))["pages"]()
    assert {path.name for path in made} == {"README.md", "clients.md"}
    for path, text in made.items():
        assert path.read_text(encoding="utf-8") == text, path
