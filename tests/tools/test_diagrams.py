"""Diagrams are current, are shown, and can be read in light and in dark, also by a screen reader."""

from __future__ import annotations

import re
from itertools import product
from xml.etree import ElementTree

import pytest

from tools.diagrams.__main__ import DIAGRAMS, ROOT
from tools.diagrams.drawing import DARK, LIGHT, TONES, Drawing

SVG = "{http://www.w3.org/2000/svg}"


def luminance(color: str) -> float:
    """Return the relative luminance of WCAG 2."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_diagram_is_current(name: str) -> None:
    """`make docs` writes it."""
    assert (ROOT / name).read_text(encoding="utf-8") == DIAGRAMS[name]()


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_diagram_says_what_it_shows(name: str) -> None:
    root = ElementTree.fromstring(DIAGRAMS[name]())
    assert root.get("role") == "img"
    assert len(root.findtext(f"{SVG}title", "")) > 20
    assert len(root.findtext(f"{SVG}desc", "")) > 200


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_diagram_is_on_a_page_of_its_folder(name: str) -> None:
    path = ROOT / name
    pages = "".join(page.read_text(encoding="utf-8") for page in path.parent.glob("*.md"))
    assert re.search(rf"!\[[^\]]{{60,}}\]\({path.name}\)", pages)


@pytest.mark.parametrize(("place", "colors"), [(0, LIGHT), (2, DARK)], ids=["light", "dark"])
def test_texts_have_contrast(place: int, colors: dict[str, str]) -> None:
    grounds = [colors["page"], TONES["store"][place]]
    for style, ground in product(("ink", "faint"), grounds):
        assert contrast(colors[style], ground) >= 4.5, (style, ground)
    for tone, hues in TONES.items():
        assert contrast(colors["ink"], hues[place]) >= 4.5, tone
        assert contrast(hues[place + 1], colors["page"]) >= 3, tone


def test_a_text_that_does_not_fit_its_box_is_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        Drawing(100, 100, "a title", "a text").box((0, 0), (60, 40), "plain", ("much too long",))
