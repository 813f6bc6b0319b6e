"""Plot of an estimate: dollars over epochs, the best way of each family, as SVG."""

from __future__ import annotations

import math
from statistics import median_high

from jitprep.costs.answers.breakeven import cheapest_by_epochs
from jitprep.costs.answers.svg import (
    COLORS,
    FAINT,
    FAMILIES,
    apart,
    round_steps,
    svg_document,
    svg_path,
    svg_text,
    svg_title,
)
from jitprep.costs.answers.wording import dollars
from jitprep.costs.estimate import Estimate
from jitprep.costs.ways.bill import Way

_WIDTH, _HEIGHT = 780, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 260, 46, 46
# Multiple of the planned epochs up to which the plot may extend to show where another way is cheapest.
_FARTHEST = 4
# Multiple of the median way's dollars above which lines are cut.
_HIGHEST = 6


def render_plot(estimate: Estimate) -> str:
    """Return an SVG with the line of each family's cheapest way, and dots where the cheapest changes."""
    epochs = _last_epoch(estimate)
    ways = drawn_ways(estimate)
    frame = _Frame(epochs, _top_amount(ways, epochs))
    parts = [
        svg_title(
            _LEFT,
            f"US dollars by number of epochs: {estimate.plan.objects:,} objects, "
            f"{estimate.pipeline}",
            _WIDTH - _LEFT,
        ),
        f'<clipPath id="frame"><rect x="{_LEFT}" y="{_TOP}" width="{_WIDTH - _LEFT - _RIGHT}" '
        f'height="{_HEIGHT - _TOP - _BOTTOM}"/></clipPath>',
        *frame.axes(estimate.plan.epochs),
        *(frame.line(way) for way in ways),
        *frame.dots(estimate),
        *frame.labels(ways),
    ]
    return svg_document(_WIDTH, _HEIGHT, parts)


def drawn_ways(estimate: Estimate) -> list[Way]:
    """Return the ways that cost least, each in its family, for some number of epochs."""
    drawn = []
    last = _last_epoch(estimate)
    for family in FAMILIES:
        members = [way for way in estimate.open if way.name in family]
        if members:
            drawn += [each.way for each in cheapest_by_epochs(members) if each.epochs <= last]
    return drawn


def _last_epoch(estimate: Estimate) -> int:
    """Return the last epoch of the plot: past the last change of the cheapest, if that is near."""
    planned = estimate.plan.epochs
    changes = [each.epochs for each in cheapest_by_epochs(estimate.open)]
    farthest = max(epochs for epochs in changes if epochs <= max(_FARTHEST * planned, 1))
    return max(planned, math.ceil(1.15 * farthest))


def _top_amount(ways: list[Way], epochs: int) -> float:
    totals = [way.total(epochs) for way in ways]
    return min(max(totals), _HIGHEST * median_high(totals)) or max(totals) or 1.0


class _Frame:
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
        across = [
            svg_path(f"M{_LEFT} {self.y(usd):.1f}H{right:.1f}", FAINT)
            + svg_text(_LEFT - 8, self.y(usd) + 4, _amount(usd, self.most), "end")
            for usd in round_steps(self.most)
        ]
        along = [
            svg_text(self.x(epoch), bottom + 18, f"{int(epoch):,}", "middle")
            for epoch in round_steps(self.epochs)
            if epoch == int(epoch)
        ]
        return [
            *across,
            *along,
            svg_path(f"M{self.x(planned):.1f} {_TOP}V{bottom:.1f}", FAINT),
            svg_text((_LEFT + right) / 2, bottom + 36, "epochs", "middle"),
        ]

    def line(self, way: Way) -> str:
        places = (self.x(0), self.y(way.fixed), self.x(self.epochs), self.y(way.total(self.epochs)))
        shape = "M{:.1f} {:.1f}L{:.1f} {:.1f}".format(*places)
        return svg_path(shape, COLORS[way.name], 2.5, ' clip-path="url(#frame)"')

    def dots(self, estimate: Estimate) -> list[str]:
        """Return dots at the epochs from which another way costs least."""
        made = []
        for each in cheapest_by_epochs(estimate.open)[1:]:
            if each.epochs <= self.epochs:
                x, y = self.x(each.epochs), self.y(each.way.total(each.epochs))
                color = COLORS[each.way.name]
                made.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{color}"/>')
                made.append(svg_text(x, y - 9, f"{each.epochs:,}", "middle", color))
        return made

    def labels(self, ways: list[Way]) -> list[str]:
        """Return the names of the lines at their ends, moved apart where they would overlap."""
        ends = sorted((max(self.y(way.total(self.epochs)), _TOP), way.name) for way in ways)
        totals = {way.name: self._total(way) for way in ways}
        places = apart([y + 4 for y, _ in ends], self.y(0) + 4.0)
        x = self.x(self.epochs) + 8
        return [
            svg_text(x, y, f"{name} {totals[name]}", color=COLORS[name])
            for y, (_, name) in zip(places, ends, strict=True)
        ]

    def _total(self, way: Way) -> str:
        usd = way.total(self.epochs)
        return f"{dollars(usd)} ↑" if usd > self.most * 1.001 else dollars(usd)


def _amount(usd: float, most: float) -> str:
    if most >= 10**6:
        return f"${usd / 10**6:g}M"
    return f"${usd:,.0f}" if most >= 10 else f"${usd:.2g}"
