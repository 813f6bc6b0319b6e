"""Random pipelines: the seed, a wall of draws, and one that is pinned."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from .workbench import Workbench

PHOTO = "photos/astronaut.jpg"
CROPS = "random_resized_crop:96/random_horizontal_flip/png"


def test_the_wall_shows_twelve_draws_and_one_is_pinned(bench: Workbench) -> None:
    bench.open(PHOTO, CROPS, tab="draws")
    draws = bench.page.get_by_role("group", name="Draws").get_by_role("button")
    expect(draws).to_have_count(12)
    bench.button("Pin seed 5").click()
    expect(bench.button("Pin seed 5")).to_have_attribute("aria-pressed", "true")
    assert bench.query()["seed"] == "5"
    expect(bench.page.get_by_role("slider", name="Seed")).to_have_value("5")


def test_the_wall_turns_to_the_next_twelve(bench: Workbench) -> None:
    bench.open(PHOTO, CROPS, tab="draws")
    expect(bench.button("Pin seed 0")).to_be_visible()
    bench.button("Next 12").click()
    expect(bench.button("Pin seed 12")).to_be_visible()
    expect(bench.button("Pin seed 0")).to_have_count(0)


def test_the_seed_decides_what_is_drawn(bench: Workbench) -> None:
    bench.open(PHOTO, CROPS)
    bench.settled(CROPS)
    first = bench.pixels("after")
    seed = bench.page.get_by_role("slider", name="Seed")
    seed.focus()
    bench.page.keyboard.press("ArrowRight")
    expect(bench.page).to_have_url(re.compile("seed=1"))
    bench.settled(CROPS)
    assert not (bench.pixels("after") == first).all()
    bench.page.keyboard.press("ArrowLeft")
    expect(bench.page).not_to_have_url(re.compile("seed"))
    bench.settled(CROPS)
    assert (bench.pixels("after") == first).all()


def test_a_pipeline_that_is_not_random_has_no_slider(bench: Workbench) -> None:
    bench.open(PHOTO, "resize:64/png")
    bench.settled("resize:64/png")
    expect(bench.page.get_by_role("slider", name="Seed")).to_be_hidden()
