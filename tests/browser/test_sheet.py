"""The contact sheet: many objects through the pipeline, failures first."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from .material import BROKEN, MANY
from .workbench import Workbench

SMALL = "resize:32,32/png"


def _made(bench: Workbench, pipeline: str = SMALL) -> Locator:
    """Make the sheet of `many/`, and return its tiles."""
    bench.open("many/00.jpg", pipeline, prefix="many/", tab="sheet")
    panel = bench.page.get_by_role("tabpanel", name="Many")
    start = panel.get_by_role("button", name=re.compile("^(Make|Start|Run)"))
    if start.count():
        start.first.click()
    tiles = panel.get_by_role("listitem")
    expect(tiles).to_have_count(MANY + len(BROKEN))
    return tiles


def test_failures_come_first_with_their_errors(bench: Workbench) -> None:
    tiles = _made(bench)
    for place, key in enumerate(BROKEN):
        expect(tiles.nth(place)).to_contain_text(key.rpartition("/")[2])
        expect(tiles.nth(place)).to_contain_text(
            re.compile("JPEG|image|truncated|cut", re.IGNORECASE)
        )
    expect(tiles.nth(len(BROKEN)).locator("canvas")).to_be_visible()


def test_it_is_sorted_by_size_and_time(bench: Workbench) -> None:
    tiles = _made(bench)
    order = bench.page.get_by_label("Sort")
    for by in ("size", "time"):
        order.select_option(re.compile(by, re.IGNORECASE))
        expect(tiles).to_have_count(MANY + len(BROKEN))


def test_one_is_opened(bench: Workbench) -> None:
    tiles = _made(bench)
    tiles.filter(has_text="05.jpg").get_by_role("button").first.click()
    expect(bench.page).to_have_url(re.compile("many%2F05.jpg|many/05.jpg"))
    expect(bench.page.get_by_role("tab", name="Result")).to_have_attribute("aria-selected", "true")
    bench.settled(SMALL)


def test_a_failing_one_is_opened_by_its_url(bench: Workbench) -> None:
    bench.watched.refusals.add(422)
    tiles = _made(bench)
    tiles.nth(0).get_by_role("button").first.click()
    expect(bench.alerts.first).to_be_visible()
    key, pipeline = bench.query()["key"], bench.query()["pipeline"]
    assert (key, pipeline) == (BROKEN[0], SMALL)


def test_it_is_cancelled(bench: Workbench) -> None:
    slow = "resize:1800/denoise_bilateral/resize:32,32/png"
    bench.open("many/00.jpg", slow, prefix="many/", tab="sheet")
    panel = bench.page.get_by_role("tabpanel", name="Many")
    panel.get_by_role("button", name="Cancel").click()
    expect(bench.status).to_have_text("cancelled")
    before = panel.get_by_role("listitem").count()
    bench.page.wait_for_timeout(600)
    assert panel.get_by_role("listitem").count() == before < MANY
