"""The contact sheet: many objects through the pipeline, failures first."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from preprocessing import Pipeline, PreprocessingError

from .material import BROKEN, MANY
from .workbench import Workbench

SMALL = "resize:32,32/png"
SLOW = "resize:1800/denoise_bilateral/resize:32,32/png"
_ALL = MANY + len(BROKEN)


def _sheet(bench: Workbench, pipeline: str = SMALL) -> Locator:
    """Open the sheet of `many/`, and return its cells."""
    bench.open("many/00.jpg", pipeline, prefix="many/", tab="sheet")
    return bench.page.get_by_role("list", name="Contact sheet").get_by_role("listitem")


def test_failures_come_first_with_what_the_library_says(bench: Workbench) -> None:
    cells = _sheet(bench)
    expect(bench.page.get_by_role("tabpanel", name="Many")).to_contain_text(
        f"{_ALL} objects, {len(BROKEN)} failed"
    )
    for place, key in enumerate(BROKEN):
        with pytest.raises(PreprocessingError) as error:
            Pipeline.parse(SMALL).encode((bench.served.folder / key).read_bytes())
        expect(cells.nth(place)).to_contain_text(key.removeprefix("many/"))
        expect(cells.nth(place)).to_contain_text(str(error.value))
    expect(cells.nth(len(BROKEN)).locator("canvas")).to_be_visible()


@pytest.mark.parametrize(
    ("order", "number"), [("size", r"→ ([\d.]+) (k?)B"), ("time", r", ([\d.]+) (m)s")]
)
def test_it_is_sorted(bench: Workbench, order: str, number: str) -> None:
    cells = _sheet(bench)
    expect(cells).to_have_count(_ALL)
    bench.page.get_by_label("Sort by").select_option(order)
    shown = [re.search(number, text) for text in cells.all_text_contents()]
    found = [float(each[1]) * (1000 if each[2] == "k" else 1) for each in shown if each]
    assert len(found) == MANY
    assert found == sorted(found, reverse=True)


def test_it_is_sorted_by_key(bench: Workbench) -> None:
    cells = _sheet(bench)
    expect(cells).to_have_count(_ALL)
    bench.page.get_by_label("Sort by").select_option("key")
    keys = [text[:2] for text in cells.all_text_contents()]
    assert keys == sorted(keys)
    assert len(keys) == _ALL


def test_one_is_opened(bench: Workbench) -> None:
    cells = _sheet(bench)
    cells.filter(has_text="05.jpg").get_by_role("button").click()
    expect(bench.page.get_by_role("tab", name="Result")).to_have_attribute("aria-selected", "true")
    bench.settled(SMALL)
    assert bench.query()["key"] == "many/05.jpg"
    bench.page.go_back()
    expect(cells).to_have_count(_ALL)


def test_a_failing_one_is_opened(bench: Workbench) -> None:
    bench.watched.refusals.add(422)
    cells = _sheet(bench)
    expect(cells).to_have_count(_ALL)
    cells.nth(0).get_by_role("button").click()
    expect(bench.alerts.first).to_be_visible()
    assert (bench.query()["key"], bench.query()["pipeline"]) == (BROKEN[0], SMALL)


def test_it_is_cancelled(bench: Workbench) -> None:
    cells = _sheet(bench, SLOW)
    bench.page.get_by_role("tabpanel", name="Many").get_by_role("button", name="Cancel").click()
    expect(bench.status).to_have_text("cancelled")
    before = cells.count()
    bench.page.wait_for_timeout(600)
    assert cells.count() == before < MANY
