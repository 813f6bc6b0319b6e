"""Random pipelines: the seed, a wall of draws, and one that is pinned."""

from __future__ import annotations

from playwright.sync_api import expect

from .workbench import Workbench

PHOTO = "photos/astronaut.jpg"
CROPS = "random_resized_crop:96/random_horizontal_flip/png"


def test_the_wall_shows_twelve_draws_and_one_is_pinned(bench: Workbench) -> None:
    bench.open(PHOTO, CROPS, tab="draws")
    panel = bench.page.get_by_role("tabpanel", name="Draws")
    draws = panel.get_by_role("button").filter(has=bench.page.locator("canvas"))
    expect(draws).to_have_count(12)
    draws.nth(5).click()
    bench.settled(CROPS)
    assert bench.query()["seed"] == "5"
    expect(bench.page.get_by_role("slider", name="Seed")).to_have_value("5")


def test_the_seed_decides_what_is_drawn(bench: Workbench) -> None:
    bench.open(PHOTO, CROPS)
    bench.settled(CROPS)
    first = bench.pixels("after")
    seed = bench.page.get_by_role("slider", name="Seed")
    seed.focus()
    bench.page.keyboard.press("ArrowRight")
    expect(bench.page).to_have_url(lambda url: "seed=1" in url)
    bench.settled(CROPS)
    assert not (bench.pixels("after") == first).all()
    bench.page.keyboard.press("ArrowLeft")
    bench.settled(CROPS)
    bench.page.wait_for_function("() => !location.search.includes('seed')")
    bench.settled(CROPS)
    assert (bench.pixels("after") == first).all()


def test_a_pipeline_that_is_not_random_has_no_slider(bench: Workbench) -> None:
    bench.open(PHOTO, "resize:64/png")
    bench.settled("resize:64/png")
    expect(bench.page.get_by_role("slider", name="Seed")).to_be_hidden()
