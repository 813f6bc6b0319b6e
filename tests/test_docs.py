"""What is generated from the code is current, and relative links lead somewhere."""

from __future__ import annotations

import json
import re
import runpy
import tomllib
from pathlib import Path

import pytest

from preprocessing import ENCODINGS, TRANSFORMS
from tests.clients.matrix import CLIENTS

from .paths import ROOT

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
)


def test_the_reference_is_current() -> None:
    """`make docs` writes it."""
    made = runpy.run_path(str(ROOT / "tools/steps_page.py"))["reference"]()
    assert (ROOT / "docs/steps.md").read_text(encoding="utf-8") == made


def test_the_page_of_pipelines_names_every_step() -> None:
    folder = ROOT / "docs/pipelines"
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.md"))
    assert [name for name in (*TRANSFORMS, *ENCODINGS) if f"`{name}`" not in text] == []


def test_the_page_of_kinds_is_that_of_the_run() -> None:
    """`make bench-kinds` measures, and writes it."""
    made = runpy.run_path(str(ROOT / "tools/kinds_page.py"))["page"]()
    assert (ROOT / "docs/kinds-benchmarks.md").read_text(encoding="utf-8") == made


def test_the_tables_of_clients_are_current() -> None:
    """`make clients-table` measures them, and writes them."""
    tool = runpy.run_path(str(ROOT / "tools/clients_page.py"))
    assert tool["PAGE"].read_text(encoding="utf-8") == tool["page"]()


def test_the_clients_measured_are_those_locked() -> None:
    measured = json.loads((ROOT / "docs/clients.json").read_text(encoding="utf-8"))["versions"]
    for client in CLIENTS:
        lock = (ROOT / f"requirements/clients/{client.name}.txt").read_text(encoding="utf-8")
        assert f"\n{client.package}=={measured[client.name]} " in lock


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and MkDocs make them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {text.strip().replace(" ", "-") for text in words}


def broken(name: str) -> list[str]:
    """Return the relative links of a page that lead nowhere."""
    page = ROOT / name
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    found = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("name", PAGES)
def test_relative_links_lead_somewhere(name: str) -> None:
    assert broken(name) == []


def test_pages_of_the_site_link_within_it() -> None:
    """`mkdocs build --strict` refuses others: the site has no repository to point to."""
    outside = {
        f"{path.relative_to(ROOT)}: {link}"
        for path in (ROOT / "docs").rglob("*.md")
        for link in re.findall(r"\]\((\.\./[^)\s#]+)", path.read_text(encoding="utf-8"))
        if (ROOT / "docs") not in (path.parent / link).resolve().parents
    }
    assert outside == set()


def test_files_that_pages_name_are_there() -> None:
    named = re.compile(
        r"`((?:preprocessing|handler|jitprep|tests|tools|bench|soak|deploy|docker|examples|docs)/[\w/.-]+)`"
    )
    missing = [
        f"{name}: {path}"
        for name in PAGES
        if name != "CHANGELOG.md"
        for path in named.findall((ROOT / name).read_text(encoding="utf-8"))
        if not (ROOT / path).exists()
    ]
    assert missing == []


def test_the_page_of_installing_lists_every_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (ROOT / "docs/start/install.md").read_text(encoding="utf-8")
    rows = "".join(re.findall(r"^\|([^|]+)\|", page, re.MULTILINE))
    assert set(re.findall(r"`([a-z]+)`", rows)) == project["optional-dependencies"].keys()


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert set(re.findall(r"[\w/.-]+\.md", navigation)) == pages
