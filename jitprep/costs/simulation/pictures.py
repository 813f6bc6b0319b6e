"""Pictures of simulations, as SVG: one epoch over time, and epochs over the number of readers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from jitprep.costs.answers.svg import (
    FAINT,
    apart,
    round_steps,
    svg_document,
    svg_path,
    svg_text,
    svg_title,
)
from jitprep.costs.simulation.outcome import Outcome

_WIDTH, _LEFT, _RIGHT, _TOP, _PANEL, _GAP, _BOTTOM = 780, 70, 170, 44, 150, 34, 44
# Readable on white and on dark gray.
_BLUE, _GREEN, _ORANGE, _RED, _VIOLET = "#5f86b8", "#418f66", "#d97434", "#c0504d", "#8f6ab0"


@dataclass(frozen=True, slots=True)
class Curve:
    """Values of one quantity, at the places of its panel."""

    name: str
    color: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves with one vertical axis."""

    name: str
    curves: tuple[Curve, ...]


def render_timeline(title: str, outcome: Outcome) -> str:
    """Return an SVG of one epoch over time: requests and environments, and rates below them."""
    ends = [0.0, *(each.end_s for each in outcome.timeline)]
    widths = [b - a for a, b in pairwise(ends)]
    line = outcome.timeline

    def rate(counts: Sequence[int]) -> tuple[float, ...]:
        return tuple(n / w if w else 0.0 for n, w in zip(counts, widths, strict=True))

    panels = (
        Panel(
            "number",
            (
                Curve("requests under way", _BLUE, tuple(each.under_way for each in line)),
                Curve("environments, workers", _VIOLET, tuple(each.environments for each in line)),
            ),
        ),
        Panel(
            "per second",
            (
                Curve("samples", _GREEN, rate([each.samples for each in line])),
                Curve("429 from Lambda", _ORANGE, rate([each.throttled_429 for each in line])),
                Curve("503 SlowDown", _RED, rate([each.slow_503 for each in line])),
            ),
        ),
    )
    return _render(title, "seconds", [each.end_s for each in line], panels, log=False)


def render_readers(title: str, outcomes: Sequence[tuple[int, Outcome]]) -> str:
    """Return an SVG of epochs over the number of readers, on a logarithmic axis.

    Parameters
    ----------
    title : str
    outcomes : sequence of (int, Outcome)
        Readers, ascending, and the outcome with them; at least two.
    """
    made = [outcome for _, outcome in outcomes]
    panels = (
        Panel(
            "samples per second",
            (Curve("samples per second", _GREEN, tuple(each.samples_per_s for each in made)),),
        ),
        Panel(
            "milliseconds",
            (Curve("mean wait of a read", _BLUE, tuple(each.mean_ms for each in made)),),
        ),
        Panel(
            "refusals per sample",
            (
                Curve(
                    "429 from Lambda",
                    _ORANGE,
                    tuple(each.throttled_429 / each.samples for each in made),
                ),
                Curve("503 SlowDown", _RED, tuple(each.slow_503 / each.samples for each in made)),
            ),
        ),
    )
    return _render(title, "readers", [float(readers) for readers, _ in outcomes], panels, log=True)


def _render(
    title: str, axis: str, places: Sequence[float], panels: Sequence[Panel], *, log: bool
) -> str:
    first, last = (places[0] if log else 0.0), places[-1]
    right = _WIDTH - _RIGHT

    def x(place: float) -> float:
        if log:
            return _LEFT + math.log(place / first) / math.log(last / first) * (right - _LEFT)
        return _LEFT + place / last * (right - _LEFT)

    ticks = _decades(first, last) if log else round_steps(last)
    parts = [svg_title(_LEFT, title, _WIDTH - _LEFT)]
    for number, panel in enumerate(panels):
        parts += _panel(panel, [x(place) for place in places], _TOP + number * (_PANEL + _GAP))
    bottom = _TOP + len(panels) * (_PANEL + _GAP) - _GAP
    parts += [svg_text(x(tick), bottom + 18, _short(tick), "middle") for tick in ticks]
    parts.append(svg_text((_LEFT + right) / 2, bottom + 36, axis, "middle"))
    return svg_document(_WIDTH, bottom + _BOTTOM, parts)


def _panel(panel: Panel, xs: Sequence[float], top: float) -> list[str]:
    right, bottom = _WIDTH - _RIGHT, top + _PANEL
    most = max((max(curve.values) for curve in panel.curves), default=0.0) or 1.0

    def y(value: float) -> float:
        return bottom - value / most * _PANEL

    parts = [svg_text(_LEFT, top - 6, panel.name)]
    for tick in round_steps(most):
        parts.append(svg_path(f"M{_LEFT} {y(tick):.1f}H{right}", FAINT))
        parts.append(svg_text(_LEFT - 8, y(tick) + 4, _short(tick), "end"))
    drawn = [curve for curve in panel.curves if any(curve.values)]
    parts += [svg_path(_line(xs, curve.values, y), curve.color, 2) for curve in drawn]
    ends = sorted(drawn, key=lambda curve: y(curve.values[-1]))
    labels = apart([y(curve.values[-1]) + 4 for curve in ends], bottom + 4)
    for curve, place in zip(ends, labels, strict=True):
        parts.append(svg_text(right + 8, place, curve.name, color=curve.color))
    return parts


def _line(xs: Sequence[float], values: Sequence[float], y: Callable[[float], float]) -> str:
    dots = (f"{x:.1f} {y(value):.1f}" for x, value in zip(xs, values, strict=True))
    return "M" + "L".join(dots)


def _decades(first: float, last: float) -> list[float]:
    powers = range(math.ceil(math.log10(first)), math.floor(math.log10(last)) + 1)
    return sorted({first, last, *(10.0**power for power in powers)})


def _short(value: float) -> str:
    if value >= 1_000_000:
        return f"{value / 1_000_000:g}M"
    return f"{value:,.0f}" if value >= 10 else f"{value:g}"
