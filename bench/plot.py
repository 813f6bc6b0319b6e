"""Plot of the time of each library relative to jitprep, one panel per pipeline."""

from __future__ import annotations

import re
from io import StringIO
from typing import TYPE_CHECKING, Any

from bench.figures import EXACT, FLOOR, OURS, contenders

if TYPE_CHECKING:
    from pathlib import Path

    from bench.figures import Result

PANELS = ("P1 500", "P2 500", "P2 4 MP", "P3 500", "P4 12 MP", "P5 batch")
# Readable on white and on GitHub's dark gray; the background is transparent.
INK = "#7a828c"
BAR, OWN, ASIDE = "#8fa6c4", "#e07b39", "#a9b1ba"


def draw(result: Result, path: Path) -> None:
    """Write an SVG with text as text and no background."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    style = {
        "svg.fonttype": "none",
        "svg.hashsalt": "jitprep",
        "font.size": 8,
        **dict.fromkeys(("text.color", "ytick.color"), INK),
    }
    stream = StringIO()
    with mpl.rc_context(style):
        figure, axes = plt.subplots(2, 3, figsize=(10, 6), layout="constrained")
        for panel, case in zip(axes.flat, PANELS, strict=True):
            _panel(panel, result, case)
        figure.supxlabel(
            "times as long as jitprep (logarithmic); antialiased libraries, one thread", fontsize=8
        )
        figure.savefig(stream, transparent=True, metadata={"Date": None})
        plt.close(figure)
    # The reader's sans-serif font, and not matplotlib's list of fonts in every label.
    path.write_text(re.sub(r"font-family: [^;]+;", "font-family: sans-serif;", stream.getvalue()))


def _panel(axes: Any, result: Result, case: str) -> None:
    """Draw bars from 1, which is jitprep: slower libraries to the right, faster ones to the left."""
    rows = result["cases"][case]
    times = contenders(result, case)
    times |= {name: rows[name]["ms"] for name in (FLOOR, OURS, EXACT) if name in rows}
    order = sorted(times, key=lambda name: -times[name])
    ratios = [times[name] / rows[OURS]["ms"] for name in order]
    colors = [OWN if name in (OURS, EXACT) else ASIDE if name == FLOOR else BAR for name in order]
    axes.set_xscale("log")
    axes.axvline(1, color=OWN, linewidth=1)
    axes.barh(order, [ratio - 1 for ratio in ratios], left=1, color=colors, height=0.7)
    for place, ratio in enumerate(ratios):
        text = f"{ratio:.2f}" if ratio < 9.95 else f"{ratio:.0f}"
        side = ("left", 1.06) if ratio >= 1 else ("right", 1 / 1.06)
        axes.text(ratio * side[1], place, text, va="center", ha=side[0])
    low, high = min(ratios), max(ratios)
    room = (high / low) ** 0.22  # room for the numbers on both sides
    axes.set_xlim(low / room, high * room)
    axes.set_title(f"{case}: {rows[OURS]['ms']:.3g} ms", fontsize=9)
    axes.xaxis.set_visible(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(axis="y", length=0)
    for label in axes.get_yticklabels():
        if label.get_text() in (OURS, EXACT):
            label.set_color(OWN)
