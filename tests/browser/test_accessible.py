"""Everybody can use the page: axe-core finds nothing serious, and nothing is wider than the screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

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
SCREENS = {
    "wide light": ({"width": 1280, "height": 900}, "light"),
    "wide dark": ({"width": 1280, "height": 900}, "dark"),
    "phone light": ({"width": 390, "height": 844}, "light"),
    "phone dark": ({"width": 390, "height": 844}, "dark"),
}
_SERIOUS = {"critical", "serious"}


def _show(bench: Workbench, state: str) -> None:
    bench.watched.refusals |= {400, 422}
    key, pipeline, rest = STATES[state]
    bench.open(key, pipeline, **rest)
    bench.page.wait_for_load_state("networkidle")
    if key:
        expect(bench.status).not_to_have_text("")


def _serious(page: Page) -> list[str]:
    """Return what axe-core finds that keeps somebody from using the page."""
    return [
        f"{rule['id']}: {rule['help']}: {node['html'][:200]}"
        for rule in Axe().run(page).response["violations"]
        if rule["impact"] in _SERIOUS
        for node in rule["nodes"][:3]
    ]


class TestEveryScreen:
    """Wide and narrow, light and dark."""

    @pytest.fixture(params=SCREENS.values(), ids=SCREENS)
    def context(self, request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
        size, scheme = request.param
        made = browser.new_context(viewport=size, color_scheme=scheme)
        made.set_default_timeout(10_000)
        yield made
        made.close()

    @pytest.mark.parametrize("states", [list(STATES)[:7], list(STATES)[7:]], ids=["tabs", "kinds"])
    def test_axe_finds_nothing_serious(self, bench: Workbench, states: list[str]) -> None:
        found = []
        for state in states:
            _show(bench, state)
            found += [f"{state}: {problem}" for problem in _serious(bench.page)]
        assert not found, "\n".join(found)


def test_axe_finds_what_is_wrong(bench: Workbench) -> None:
    bench.open()
    bench.page.evaluate("document.querySelector('h1').append(document.createElement('button'))")
    assert any(problem.startswith("button-name") for problem in _serious(bench.page))


class TestNarrow:
    """The narrowest phone."""

    @pytest.fixture
    def context(self, browser: Browser) -> Iterator[BrowserContext]:
        made = browser.new_context(viewport={"width": 360, "height": 640}, has_touch=True)
        made.set_default_timeout(10_000)
        yield made
        made.close()

    def test_nothing_is_wider_than_the_screen(self, bench: Workbench) -> None:
        wide = []
        for state in STATES:
            _show(bench, state)
            width = bench.page.evaluate("document.documentElement.scrollWidth")
            if width > 360:
                wide.append((state, width))
        assert not wide


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
