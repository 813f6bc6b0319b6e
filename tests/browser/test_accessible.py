"""Everybody can use the page: axe-core finds nothing serious, and nothing is wider than the screen."""

from __future__ import annotations

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from .workbench import Workbench

PHOTO = "photos/rocket.jpg"
GRAY = "grayscale/resize:224,224/png"
CROPS = "random_resized_crop:96/png"
# The main states of the page: a key, a pipeline, and the rest of the URL.
STATES: dict[str, tuple[str, str, dict[str, str]]] = {
    "empty": ("", "", {}),
    "result": (PHOTO, GRAY, {"prefix": "photos/"}),
    "error": (PHOTO, "graysacle/png", {}),
    "stages": (PHOTO, GRAY, {"tab": "stages"}),
    "draws": (PHOTO, CROPS, {"tab": "draws"}),
    "sheet": ("many/00.jpg", GRAY, {"tab": "sheet", "prefix": "many/"}),
    "cost": (PHOTO, GRAY, {"tab": "cost"}),
    "copy": (PHOTO, GRAY, {"tab": "copy"}),
    "sound": ("sound/tone.wav", "mono/resample:8000/wav", {}),
    "video": ("video/clip.mp4", "sample_frames:4/resize:32,32/npy", {}),
    "text": ("text/note.html", "strip_html/fix_mojibake/collapse_whitespace/text", {}),
    "tokens": ("text/sentence.txt", "tokenize:words,length=12/npy", {}),
    "shard": ("shards/samples.tar", "resize:64/npy", {}),
}
PHONE: ViewportSize = {"width": 390, "height": 844}
NARROWEST: ViewportSize = {"width": 360, "height": 640}
_SERIOUS = {"critical", "serious"}


def _show(bench: Workbench, state: str) -> None:
    bench.watched.refusals |= {400, 422}
    key, pipeline, rest = STATES[state]
    bench.page.emulate_media(reduced_motion="reduce")
    bench.open(key, pipeline, **rest)
    if key:
        expect(bench.page.locator("#result-panel")).not_to_have_attribute("aria-busy", "true")
    bench.page.wait_for_load_state("networkidle")


def _serious(page: Page) -> list[str]:
    """Return what axe-core finds that keeps somebody from using the page."""
    page.evaluate(f"window.axe === undefined && eval({json.dumps(Axe().axe_script)})")
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    return [
        f"{rule['id']}: {rule['help']}: {node['html'][:200]}"
        for rule in found["violations"]
        if rule["impact"] in _SERIOUS
        for node in rule["nodes"][:3]
    ]


@pytest.mark.parametrize("state", STATES)
def test_everybody_can_use_it(bench: Workbench, state: str) -> None:
    """Axe-core finds nothing serious, in light and dark, and nothing is wider than the screen."""
    _show(bench, state)
    found = [f"wide, light: {problem}" for problem in _serious(bench.page)]
    bench.page.set_viewport_size(PHONE)
    bench.page.emulate_media(color_scheme="dark")
    found += [f"phone, dark: {problem}" for problem in _serious(bench.page)]
    assert not found, "\n".join(found)
    bench.page.set_viewport_size(NARROWEST)
    assert bench.page.evaluate("document.documentElement.scrollWidth") == NARROWEST["width"]


def test_axe_finds_what_is_wrong(bench: Workbench) -> None:
    bench.open()
    bench.page.evaluate("document.querySelector('h1').append(document.createElement('button'))")
    bench.page.evaluate("document.querySelector('h1').style.color = '#e0e0e0'")
    found = {problem.partition(":")[0] for problem in _serious(bench.page)}
    assert found == {"button-name", "color-contrast"}


def test_everything_is_reached_by_keyboard(bench: Workbench) -> None:
    """Tab leads to each button, field and picture that can be seen, and no further than the page."""
    bench.open(PHOTO, GRAY)
    bench.settled(GRAY)
    reached = set()
    for _ in range(120):
        bench.page.keyboard.press("Tab")
        reached.add(
            bench.page.evaluate(
                "document.activeElement.getAttribute('aria-label') || "
                "document.activeElement.textContent.trim().slice(0, 40)"
            )
        )
    assert {"Remove grayscale", "Move resize up", "Add step", "after", "Result"} <= reached
