"""Plot of an estimate: the cost of each way over epochs, as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from jitprep.costs.answers.breakeven import crossing
from jitprep.costs.answers.report import dollars
from jitprep.costs.estimate import Estimate
from jitprep.costs.ways.bill import (
    BACKFILL,
    EC2,
    EC2_SPOT,
    FARGATE,
    FUNCTION_URL,
    GPU,
    INVOKE,
    OBJECT_LAMBDA,
    SHARD_WAYS,
    SHARDS_EC2_SPOT,
    SHARDS_GPU,
    SHARDS_OBJECT_LAMBDA,
    Way,
)

_WIDTH, _HEIGHT = 760, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 200, 46, 46
_LINE = 16  # from one label's baseline to the next
# Readable on white and on GitHub's dark gray. The background is transparent.
_INK, _GRID = "#7a828c", "#7a828c40"
_COLORS = {
    OBJECT_LAMBDA: "#b4532a",
    FUNCTION_URL: "#e07b39",
    INVOKE: "#eaa56f",
    FARGATE: "#35805a",
    EC2: "#4f9f74",
    EC2_SPOT: "#7dbb97",
    BACKFILL: "#5f86b8",
    GPU: "#7a828c",
}
# Dashed, in the color of the way that reads single objects.
_COLORS |= {
    SHARDS_OBJECT_LAMBDA: _COLORS[OBJECT_LAMBDA],
    SHARDS_EC2_SPOT: _COLORS[EC2_SPOT],
    SHARDS_GPU: _COLORS[GPU],
}
_TITLE = 70  # characters of a pipeline that fit into the title
# Multiple of the planned epochs up to which the plot may extend to show where a stored copy is cheaper.
_FARTHEST = 10


def render_svg(estimate: Estimate) -> str:
    """Return an SVG with one line per way, and dots where a stored copy becomes cheaper."""
    epochs = _epochs(estimate)
    most = max(way.total(epochs) for way in estimate.open) or 1.0
    plot = _Plot(epochs, most)
    plan = f"{estimate.plan.objects:,} objects, {_cut(estimate.pipeline)}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="sans-serif" font-size="12" fill="{_INK}">',
        _text(_LEFT, 20, f"US dollars by number of epochs: {plan}"),
        *plot.axes(estimate.epochs),
        *(plot.line(way) for way in estimate.open),
        *plot.dots(estimate),
        *plot.labels(estimate.open),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _epochs(estimate: Estimate) -> int:
    """Return the last epoch of the plot: past the last crossing, if that is not too far."""
    stored, planned = estimate.stored, estimate.epochs
    crossings = [crossing(way, stored) for way in estimate.open] if stored else []
    farthest = max((c for c in crossings if c and c < _FARTHEST * planned), default=0)
    return max(planned, math.ceil(1.15 * farthest))


class _Plot:
    """Coordinates of the plot, and its elements."""

    def __init__(self, epochs: int, most: float) -> None:
        self.epochs, self.most = epochs, most

    def x(self, epochs: float) -> float:
        return _LEFT + epochs / self.epochs * (_WIDTH - _LEFT - _RIGHT)

    def y(self, usd: float) -> float:
        return _HEIGHT - _BOTTOM - usd / self.most * (_HEIGHT - _TOP - _BOTTOM)

    def axes(self, planned: int) -> list[str]:
        """Return horizontal lines for amounts, and a vertical one at the planned epochs."""
        right, bottom = self.x(self.epochs), self.y(0)
        upright = f'<path d="M{self.x(planned):.1f} {_TOP}V{bottom:.1f}" stroke="{_GRID}"/>'
        across = [
            f'<path d="M{_LEFT} {self.y(usd):.1f}H{right:.1f}" stroke="{_GRID}"/>'
            + _text(_LEFT - 8, self.y(usd) + 4, _amount(usd, self.most), "end")
            for usd in _ticks(self.most)
        ]
        along = [
            _text(self.x(epoch), bottom + 18, f"{int(epoch):,}", "middle")
            for epoch in _ticks(self.epochs)
            if epoch == int(epoch)
        ]
        return [
            *across,
            *along,
            upright,
            _text((_LEFT + right) / 2, bottom + 36, "epochs", "middle"),
        ]

    def line(self, way: Way) -> str:
        places = (self.x(0), self.y(way.fixed), self.x(self.epochs), self.y(way.total(self.epochs)))
        start = "M{:.1f} {:.1f}L{:.1f} {:.1f}".format(*places)
        dashes = ' stroke-dasharray="7 4"' if way.name in SHARD_WAYS else ""
        return f'<path d="{start}" stroke="{_COLORS[way.name]}" stroke-width="2.5"{dashes}/>'

    def dots(self, estimate: Estimate) -> list[str]:
        """Return dots where the line of the stored copy crosses another."""
        stored, made = estimate.stored, []
        for way in estimate.open if stored else ():
            assert stored is not None
            epochs = crossing(way, stored)
            if epochs is not None and epochs <= self.epochs:
                x, y = self.x(epochs), self.y(way.total(epochs))
                color = _COLORS[way.name]
                made.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{color}"/>')
                made.append(_text(x - 4, y - 10, f"{epochs:.1f}", "end", color))
        return made

    def labels(self, ways: Sequence[Way]) -> list[str]:
        """Return the names of the lines at their ends, moved apart where they would overlap."""
        order = sorted(ways, key=lambda way: self.y(way.total(self.epochs)))
        places = [self.y(way.total(self.epochs)) + 4 for way in order]
        for i in range(1, len(places)):
            places[i] = max(places[i], places[i - 1] + _LINE)
        lowest = self.y(0) + 4.0
        for i in reversed(range(len(places))):
            places[i] = min(places[i], lowest)
            lowest = places[i] - _LINE
        x = self.x(self.epochs) + 8
        return [
            _text(x, y, f"{way.name} {dollars(way.total(self.epochs))}", color=_COLORS[way.name])
            for way, y in zip(order, places, strict=True)
        ]


def _ticks(most: float) -> list[float]:
    """Return about five round numbers from 0 to `most`."""
    rough = most / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [step * i for i in range(math.floor(most / step * (1 + 1e-9)) + 1)]


def _cut(text: str) -> str:
    return text if len(text) <= _TITLE else f"{text[: _TITLE - 1]}…"


def _amount(usd: float, most: float) -> str:
    return f"${usd:,.0f}" if most >= 10 else f"${usd:.2g}"


def _text(x: float, y: float, text: str, anchor: str = "start", color: str = _INK) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}"'
    return f"<text {place}>{escape(text)}</text>"
