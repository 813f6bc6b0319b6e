"""All of the state is in the URL: reload, Back, Forward and a link lead to the same view."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from .workbench import Workbench

PHOTO = "photos/rocket.jpg"
GRAY = "grayscale/resize:224,224/png"
CROPPED = "random_resized_crop:64/npy"


def test_a_reload_changes_nothing(bench: Workbench) -> None:
    bench.open(PHOTO, CROPPED, seed=7, off="1")
    bench.tab("Stages")
    before = bench.query()
    bench.page.reload()
    expect(bench.page.get_by_role("tab", name="Stages")).to_have_attribute("aria-selected", "true")
    expect(bench.text).to_have_value(CROPPED)
    assert bench.query() == before == {**before, "seed": "7", "off": "1", "tab": "stages"}


def test_back_and_forward(bench: Workbench) -> None:
    bench.open("photos/coffee.jpg", GRAY)
    bench.settled(GRAY)
    bench.button("Remove grayscale").click()
    bench.settled("resize:224,224/png")
    bench.tab("Copy")
    bench.page.go_back()
    expect(bench.page.get_by_role("tab", name="Result")).to_have_attribute("aria-selected", "true")
    bench.page.go_back()
    bench.settled(GRAY)
    expect(bench.text).to_have_value(GRAY)
    bench.expect_steps("grayscale", "resize:224,224", "png")
    bench.page.go_forward()
    bench.settled("resize:224,224/png")
    expect(bench.text).to_have_value("resize:224,224/png")


def test_a_link_to_a_failing_object_shows_its_error(bench: Workbench) -> None:
    """As a log line has it: the key and the pipeline."""
    bench.watched.refusals.add(422)
    bench.page.goto(bench.served.address(key="broken/cut.jpg", pipeline=GRAY))
    expect(bench.alerts.first).to_be_visible()
    expect(bench.status).to_have_text("failed")
    bench.expect_steps("grayscale", "resize:224,224", "png")


def test_a_link_to_an_object_that_is_not_there_says_so(bench: Workbench) -> None:
    bench.watched.refusals |= {400, 404}
    bench.open("photos/nowhere.jpg", GRAY)
    expect(bench.alerts.first).to_contain_text("photos/nowhere.jpg")


def test_another_object_keeps_the_pipeline(bench: Workbench) -> None:
    bench.open(PHOTO, GRAY, prefix="photos/")
    bench.settled(GRAY)
    before = bench.pixels("after")
    bench.page.get_by_role("list", name="Objects").get_by_role("button", name="coffee.jpg").click()
    expect(bench.page).to_have_url(re.compile("coffee.jpg"))
    bench.settled(GRAY)
    assert bench.query()["pipeline"] == GRAY
    assert not (bench.pixels("after") == before).all()
