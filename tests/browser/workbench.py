"""The page as a person meets it: by labels and names, never by its markup."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page, expect

from preprocessing import parse_pipeline
from preprocessing.media import Array
from tools.browsing import Playing

from .watching import Watched

# The pixels of a canvas as they were drawn on it, without what the style sheet makes of it.
_PIXELS = """
async (canvas) => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const reader = new FileReader();
  const read = new Promise((resolve) => { reader.onload = resolve; });
  reader.readAsDataURL(new Blob([data]));
  await read;
  return [width, height, reader.result.split(",")[1]];
}
"""
# Canvases are painted before the next frame, and so are there in the one after it.
_PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"


@dataclass(frozen=True)
class Workbench:
    """The page.

    Parameters
    ----------
    page : Page
    served : Playing
    watched : Watched
    """

    page: Page
    served: Playing
    watched: Watched

    def open(self, key: str = "", pipeline: str = "", **state: str | int) -> Workbench:
        """Open the page at a state, and wait until it has been built."""
        asked = {"place": self.served.place, "key": key, "pipeline": pipeline, **state}
        given = {name: value for name, value in asked.items() if value != ""}
        self.page.goto(self.served.address(**given))
        expect(self.text).to_be_visible()
        return self

    @property
    def text(self) -> Locator:
        """The pipeline's text box."""
        return self.page.get_by_role("textbox", name="Pipeline")

    @property
    def status(self) -> Locator:
        """What the page says of its work."""
        return self.page.locator("#status")

    @property
    def cards(self) -> Locator:
        """The cards of the steps."""
        return self.page.get_by_role("list", name="Steps").get_by_role("listitem")

    @property
    def alerts(self) -> Locator:
        """The errors that are shown."""
        return self.page.get_by_role("alert")

    def tab(self, name: str) -> Locator:
        """Choose a tab, and return it."""
        chosen = self.page.get_by_role("tab", name=name, exact=True)
        chosen.click()
        return chosen

    def button(self, name: str) -> Locator:
        """Return the button of this name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def canvas(self, side: str) -> Locator:
        """Return the picture before, or after."""
        return self.page.get_by_label(side, exact=True)

    def caption(self, side: str) -> Locator:
        """Return what is written below the value before, or after."""
        return self.side(side).locator("> figcaption")

    def side(self, side: str) -> Locator:
        """Return all that is shown of the value before, or after."""
        return self.page.locator(f"figure.side.{side}")

    def settled(self, pipeline: str, title: str | re.Pattern[str] | None = None) -> None:
        """Wait until the result of a pipeline is shown, whose line is in the title."""
        expect(self.page).to_have_title(title or f"{parse_pipeline(pipeline)} — jitprep play")
        expect(self.page.locator("#result-panel")).not_to_have_attribute("aria-busy", "true")
        self.page.evaluate(_PAINTED)

    def expect_steps(self, *lines: str) -> None:
        """Wait until these are the cards, in order."""
        expect(self.cards).to_have_count(len(lines))
        for place, line in enumerate(lines):
            expect(self.cards.nth(place)).to_have_accessible_name(line)

    def query(self) -> dict[str, str]:
        """Return the state in the URL."""
        found = self.page.evaluate(
            "JSON.stringify(Object.fromEntries(new URL(location).searchParams))"
        )
        state: dict[str, str] = json.loads(found)
        return state

    def copied(self) -> str:
        """Return what is on the clipboard."""
        text: Any = self.page.evaluate("navigator.clipboard.readText()")
        return str(text)

    def pixels(self, side: str) -> Array:
        """Return the picture before, or after, as it was drawn: (height, width, 4)."""
        width, height, text = self.canvas(side).evaluate(_PIXELS)
        flat = np.frombuffer(base64.b64decode(text), np.uint8)
        return flat.reshape(height, width, 4)
