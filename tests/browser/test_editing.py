"""The pipeline as text and as cards: each is the other's view."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from preprocessing import Pipeline

from .workbench import Workbench

PHOTO = "photos/rocket.jpg"
GRAY = "grayscale/resize:224,224/png"


def test_text_becomes_cards(bench: Workbench) -> None:
    bench.open(PHOTO)
    bench.text.fill(GRAY)
    bench.expect_steps("grayscale", "resize:224,224", "png")
    bench.settled(GRAY)
    expect(bench.caption("after")).to_contain_text("224×224")
    assert bench.query()["pipeline"] == GRAY


def test_cards_become_text(bench: Workbench) -> None:
    bench.open(PHOTO, GRAY)
    bench.settled(GRAY)
    bench.button("Remove grayscale").click()
    bench.settled("resize:224,224/png")
    expect(bench.text).to_have_value("resize:224,224/png")


def test_a_step_is_added_from_the_catalogue(bench: Workbench) -> None:
    bench.open(PHOTO, "resize:224,224/png")
    bench.settled("resize:224,224/png")
    bench.button("Add step").click()
    bench.page.keyboard.type("horizontal")
    bench.page.keyboard.press("Enter")
    bench.settled("resize:224,224/horizontal_flip/png")


def test_an_argument_of_a_card_is_changed(bench: Workbench) -> None:
    bench.open(PHOTO, "adjust_gamma:1.5/png")
    bench.settled("adjust_gamma:1.5/png")
    field = bench.cards.nth(0).get_by_role("spinbutton").first
    field.fill("0.5")
    bench.settled("adjust_gamma:0.5/png")


def test_a_preset_is_a_beginning(bench: Workbench) -> None:
    bench.open(PHOTO)
    bench.page.get_by_label("Preset").select_option("grayscale-224")
    bench.settled(GRAY)
    expect(bench.text).to_have_value(GRAY)


def test_an_error_is_under_its_word(bench: Workbench) -> None:
    bench.watched.refusals |= {400, 422}
    bench.open(PHOTO)
    bench.text.fill("graysacle/resize:224,224/png")
    expect(bench.alerts.first).to_contain_text("graysacle")
    expect(bench.alerts.first).to_contain_text("grayscale")  # which the library suggests
    expect(bench.text).to_have_attribute("aria-invalid", "true")
    expect(bench.page.locator(".mirror .wrong")).to_have_text("graysacle")


def test_what_the_library_suggests_is_taken_by_a_click(bench: Workbench) -> None:
    bench.watched.refusals |= {400, 422}
    bench.open(PHOTO)
    bench.text.fill("graysacle/resize:224,224/png")
    bench.page.get_by_role("button", name="grayscale").click()
    bench.settled(GRAY)


def test_a_step_is_switched_off_and_on(bench: Workbench) -> None:
    bench.open(PHOTO, GRAY)
    bench.settled(GRAY)
    switch = bench.page.get_by_role("checkbox", name="Use grayscale")
    switch.uncheck()
    bench.settled("resize:224,224/png")
    expect(bench.text).to_have_value(GRAY)  # it stays, and is only left out
    assert bench.query()["off"] == "0"
    switch.check()
    bench.settled(GRAY)


def test_steps_are_put_in_order_by_keyboard(bench: Workbench) -> None:
    bench.open(PHOTO, GRAY)
    bench.settled(GRAY)
    up = bench.button("Move resize up")
    up.focus()
    bench.page.keyboard.press("Enter")
    bench.settled("resize:224,224/grayscale/png")
    bench.expect_steps("resize:224,224", "grayscale", "png")
    bench.button("Move resize down").focus()
    bench.page.keyboard.press("Enter")
    bench.settled(GRAY)


def test_steps_are_put_in_order_by_dragging(bench: Workbench) -> None:
    bench.open(PHOTO, GRAY)
    bench.settled(GRAY)
    lower = bench.cards.nth(1)
    box = lower.bounding_box()
    assert box
    bench.cards.nth(0).drag_to(
        lower, source_position={"x": 12, "y": 12}, target_position={"x": 40, "y": box["height"] - 6}
    )
    bench.settled("resize:224,224/grayscale/png")


def test_a_document_is_read_as_a_line_is(bench: Workbench) -> None:
    bench.open(PHOTO)
    bench.text.fill(json.dumps(Pipeline.parse(GRAY).document))
    bench.settled(GRAY)
    bench.expect_steps("grayscale", "resize:224,224", "png")


def test_a_new_result_replaces_the_old_one_while_one_types(bench: Workbench) -> None:
    bench.open(PHOTO, "resize:64,64/png")
    bench.settled("resize:64,64/png")
    for size in ("96,96", "128,96", "160,120"):
        bench.text.fill(f"resize:{size}/png")
    bench.settled("resize:160,120/png")
    expect(bench.caption("after")).to_contain_text("160×120")


def test_long_work_is_cancelled(bench: Workbench) -> None:
    bench.open(PHOTO, "resize:64,64/png")
    bench.settled("resize:64,64/png")
    bench.text.fill("resize:3000/denoise_bilateral/denoise_tv/resize:64,64/png")
    bench.page.get_by_role("button", name="Cancel").click()
    expect(bench.status).to_have_text("cancelled")
    bench.text.fill("resize:96,96/png")
    bench.settled("resize:96,96/png")
