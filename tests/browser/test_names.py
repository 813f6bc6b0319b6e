"""Names that were made to do harm are shown as text, and lead to their objects."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .material import HOSTILE
from .workbench import Workbench

SMALL = "resize:16,16/png"


def test_the_list_shows_each_name_as_text(bench: Workbench) -> None:
    bench.open(prefix="hostile/")
    rows = bench.page.get_by_role("list", name="Objects").get_by_role("button")
    expect(rows).to_have_count(len(HOSTILE))
    shown = "\n".join(rows.all_text_contents())
    assert "<img src=x onerror=alert(1)>.png" in shown
    _nothing_of_a_name_is_markup(bench)


@pytest.mark.parametrize("name", HOSTILE, ids=[f"name {n}" for n in range(len(HOSTILE))])
def test_an_object_of_this_name_is_looked_at(bench: Workbench, name: str) -> None:
    bench.open(f"hostile/{name}", SMALL, prefix="hostile/")
    bench.settled(SMALL)
    for tab in ("Stages", "Copy"):
        bench.tab(tab)
        _nothing_of_a_name_is_markup(bench)
    bench.page.reload()
    bench.settled(SMALL)
    assert bench.query()["key"] == f"hostile/{name}"


def test_a_sheet_of_these_names_is_text(bench: Workbench) -> None:
    bench.open(f"hostile/{HOSTILE[0]}", SMALL, prefix="hostile/", tab="sheet")
    panel = bench.page.get_by_role("tabpanel", name="Many")
    expect(panel).to_contain_text(f"{len(HOSTILE)} objects")
    _nothing_of_a_name_is_markup(bench)


def test_an_uploaded_name_is_text(bench: Workbench) -> None:
    bench.open(pipeline=SMALL)
    body = (bench.served.folder / "hostile" / HOSTILE[0]).read_bytes()
    file = {"name": HOSTILE[0], "mimeType": "image/png", "buffer": body}
    bench.page.get_by_label("Drop a file or choose one").set_input_files(files=[file])
    bench.settled(SMALL)
    _nothing_of_a_name_is_markup(bench)


def test_an_error_that_names_it_is_text(bench: Workbench) -> None:
    bench.watched.refusals |= {400, 404}
    name = "<img src=x onerror=alert(2)>"
    bench.open(f"hostile/{name}.missing", SMALL)
    expect(bench.alerts.first).to_be_visible()
    bench.text.fill(f"{name}/png")
    expect(bench.alerts.first).to_contain_text(name)
    _nothing_of_a_name_is_markup(bench)


def _nothing_of_a_name_is_markup(bench: Workbench) -> None:
    assert bench.page.locator("img[src=x], b:text-is('.png')").count() == 0
