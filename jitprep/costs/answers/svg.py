"""Elements of SVG pictures, and the colors of the families of ways."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from jitprep.costs.ways import bill

# Readable on white and on GitHub's dark gray. The background is transparent.
INK, FAINT = "#7a828c", "#7a828c40"
# Height of a line of text, and the most that a character takes of 12 pixels' sans-serif.
LINE_HEIGHT, CHARACTER_WIDTH = 16, 6.6

FAMILIES: tuple[tuple[str, ...], ...] = (
    (bill.HOST,),
    (bill.HOST_DISK,),
    (bill.OVERFLOW_LAMBDA, bill.OVERFLOW_SERVER),
    (*bill.SERVER_WAYS, bill.MANAGED),
    (bill.OBJECT_LAMBDA, bill.FUNCTION_URL, bill.STREAMED_URL, bill.INVOKE),
    bill.SHARD_WAYS,
    bill.COPY_WAYS,
)
# One hue per family; within it, lighter from way to way.
_HUES = (
    ("#7a828c",),
    ("#98a0aa",),
    ("#8f5aa8", "#a860a0"),
    ("#2f7d57", "#418f66", "#529a70", "#7d8c35"),
    ("#a84a22", "#c8602f", "#d97434", "#c98a55"),
    ("#2a8f9c", "#4a9fb0", "#6aa9b5", "#3f7f95"),
    ("#3f66a3", "#5f86b8", "#7a7fc4", "#5b8bd6"),
)
COLORS = {
    name: color
    for family, hues in zip(FAMILIES, _HUES, strict=True)
    for name, color in zip(family, hues, strict=True)
}


def svg_document(width: int, height: int, parts: Sequence[str]) -> str:
    """Return a picture of these elements."""
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="12" fill="{INK}">'
    )
    return "\n".join((opening, *parts, "</svg>")) + "\n"


def svg_text(x: float, y: float, text: str, anchor: str = "start", color: str = INK) -> str:
    """Return a line of text that starts, ends or is centered at a place."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}"'
    return f"<text {place}>{escape(text)}</text>"


def svg_path(shape: str, color: str, width: float = 1, more: str = "") -> str:
    """Return a line along a path."""
    return f'<path d="{shape}" fill="none" stroke="{color}" stroke-width="{width:g}"{more}/>'


def apart(places: Sequence[float], lowest: float) -> list[float]:
    """Return sorted baselines moved so that lines of text do not overlap, and none is below `lowest`."""
    moved = list(places)
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + LINE_HEIGHT)
    for i in reversed(range(len(moved))):
        moved[i] = min(moved[i], lowest)
        lowest = moved[i] - LINE_HEIGHT
    return moved


def round_steps(most: float) -> list[float]:
    """Return about five round numbers from 0 to `most`."""
    rough = most / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [step * i for i in range(math.floor(most / step * (1 + 1e-9)) + 1)]


def svg_title(x: float, text: str, width: float) -> str:
    """Return the title of a picture, cut where it is wider than `width`."""
    most = int(width / CHARACTER_WIDTH)
    return svg_text(x, 20, text if len(text) <= most else f"{text[: most - 1]}…")
