"""Map of the best place by the transform's and the model's time per object, as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeVar

from jitprep.costs.answers.breakeven import keeping_up_ms, own_way
from jitprep.costs.answers.svg import (
    CHARACTER_WIDTH,
    COLORS,
    FAINT,
    INK,
    LINE_HEIGHT,
    svg_document,
    svg_path,
    svg_text,
    svg_title,
)
from jitprep.costs.answers.wording import count_of, three_digits
from jitprep.costs.estimate import Estimate

_WIDTH, _HEIGHT = 760, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 186, 46, 50
# The map extends by these factors around the user's point, and has so many cells across and down.
_AROUND = 30.0
_ACROSS, _DOWN = 48, 36

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class LogScale:
    """Logarithmic axis, cut into cells of equal width.

    Parameters
    ----------
    low, high : float
        Times in milliseconds at its ends.
    cells : int
    """

    low: float
    high: float
    cells: int

    def share(self, ms: float) -> float:
        """Return where a time is: 0 at `low`, 1 at `high`; times beyond them are at the ends."""
        if ms <= self.low:
            return 0.0
        return min(math.log(ms / self.low) / math.log(self.high / self.low), 1.0)

    def middle(self, cell: int) -> float:
        """Return the time in the middle of a cell."""
        return self.low * math.pow(self.high / self.low, (cell + 0.5) / self.cells)

    def decades(self) -> Iterator[float]:
        """Yield the powers of ten, and three times them, from end to end."""
        for power in range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1):
            for ms in (10.0**power, 3 * 10.0**power):
                if self.low <= ms <= self.high:
                    yield ms


@dataclass(frozen=True, slots=True)
class PlaceMap:
    """Best way for each time of the transform, and each training time per object on one GPU.

    Parameters
    ----------
    transform, train : LogScale
    best : tuple of tuple of str
        Names of ways: rows by `train`, from its low end; columns by `transform`.
    """

    transform: LogScale
    train: LogScale
    best: tuple[tuple[str, ...], ...]


def map_places(estimate: Estimate, across: int = _ACROSS, down: int = _DOWN) -> PlaceMap:
    """Return the map around an estimate. Only the two times vary; sizes and memory do not."""
    ms = max(estimate.measured.ms, 1e-3)
    transform = LogScale(ms / _AROUND, ms * _AROUND, across)
    enough = max(keeping_up_ms(estimate), 1e-6)
    planned = estimate.plan.train_ms or enough
    train = LogScale(min(planned, enough) / 10, max(planned, enough) * 10, down)
    return PlaceMap(
        transform,
        train,
        tuple(
            tuple(
                at(estimate, transform.middle(column), train.middle(row)).best.name
                for column in range(across)
            )
            for row in range(down)
        ),
    )


def at(estimate: Estimate, ms: float, train_ms: float) -> Estimate:
    """Return the estimate with other times of the transform and of the training."""
    return replace(
        estimate,
        measured=replace(estimate.measured, ms=ms),
        plan=replace(estimate.plan, train_ms=train_ms),
    )


def render_map(estimate: Estimate, places: PlaceMap) -> str:
    """Return an SVG with one region per best way, the user's point, and where the host keeps up."""
    drawn = _Drawing(places)
    plan = estimate.plan
    parts = [
        svg_title(
            _LEFT,
            f"Best place on {plan.gpu} for {plan.objects:,} objects × "
            f"{count_of(plan.epochs, 'epoch')}: {estimate.pipeline}",
            _WIDTH - _LEFT,
        ),
        *drawn.regions(),
        *drawn.axes(),
        *drawn.keeping_up(estimate),
        *drawn.names(estimate),
        *drawn.point(estimate),
    ]
    return svg_document(_WIDTH, _HEIGHT, parts)


class _Drawing:
    """Coordinates of a map, and its elements."""

    def __init__(self, places: PlaceMap) -> None:
        self.places = places
        self.cell_width = (_WIDTH - _LEFT - _RIGHT) / places.transform.cells
        self.cell_height = (_HEIGHT - _TOP - _BOTTOM) / places.train.cells

    def x(self, ms: float) -> float:
        return _LEFT + self.places.transform.share(ms) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, train_ms: float) -> float:
        return _HEIGHT - _BOTTOM - self.places.train.share(train_ms) * (_HEIGHT - _TOP - _BOTTOM)

    def regions(self) -> list[str]:
        """Return one path per way, made of the runs of its cells in each row."""
        shapes: dict[str, list[str]] = {}
        for row, names in enumerate(self.places.best):
            y = _HEIGHT - _BOTTOM - (row + 1) * self.cell_height
            for name, start, length in _runs(names):
                x, width = _LEFT + start * self.cell_width, length * self.cell_width
                corner = f"M{x:.1f} {y:.1f}h{width:.1f}v{self.cell_height:.1f}h-{width:.1f}z"
                shapes.setdefault(name, []).append(corner)
        return [
            f'<path d="{"".join(corners)}" fill="{COLORS[name]}" shape-rendering="crispEdges"/>'
            for name, corners in shapes.items()
        ]

    def names(self, estimate: Estimate) -> list[str]:
        """Return the name of each region in it, and of those too narrow beside the map."""
        made, beside = [], []
        for name in sorted({name for names in self.places.best for name in names}):
            place = self._inside(name, self.y(estimate.plan.train_ms))
            if place is None:
                beside.append(name)
            else:
                made.append(svg_text(*place, name, "middle", "#ffffff"))
        x, y = _WIDTH - _RIGHT + 10, _TOP + 10
        for i, name in enumerate(beside):
            top = y + i * LINE_HEIGHT
            made.append(
                f'<rect x="{x}" y="{top - 9}" width="10" height="10" fill="{COLORS[name]}"/>'
            )
            made.append(svg_text(x + 15, top, name))
        return made

    def _inside(self, name: str, apart_from: float) -> tuple[float, float] | None:
        """Return the middle of a place in a region that holds its name, far from its edges; or None."""
        best, place = -1, None
        for row in range(self.places.train.cells):
            y = _HEIGHT - _BOTTOM - (row + 0.5) * self.cell_height
            if abs(y - apart_from) < LINE_HEIGHT:
                continue
            for found, start, length in _runs(self.places.best[row]):
                middle = start + length // 2
                clear = self._clear(name, row, middle)
                wide = length * self.cell_width >= CHARACTER_WIDTH * len(name) + 8
                if found == name and wide and clear > best and clear * self.cell_height >= 8:
                    best, place = clear, (_LEFT + (start + length / 2) * self.cell_width, y + 4)
        return place

    def _clear(self, name: str, row: int, column: int) -> int:
        """Return how many rows above and below a cell have the same name in its column."""
        rows = self.places.best
        for distance in range(1, len(rows)):
            for other in (row - distance, row + distance):
                if not 0 <= other < len(rows) or rows[other][column] != name:
                    return distance - 1
        return len(rows)

    def axes(self) -> list[str]:
        """Return the times along both axes, and what they are."""
        left, right, bottom = _LEFT, _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
        made = [
            svg_path(f"M{self.x(ms):.1f} {bottom}v5", INK)
            + svg_text(self.x(ms), bottom + 18, three_digits(ms), "middle")
            for ms in self.places.transform.decades()
        ]
        made += [
            svg_path(f"M{left} {self.y(ms):.1f}h-5", INK)
            + svg_text(left - 8, self.y(ms) + 4, three_digits(ms), "end")
            for ms in self.places.train.decades()
        ]
        return [
            *made,
            svg_path(f"M{left} {_TOP}H{right}V{bottom}H{left}z", FAINT),
            svg_text((left + right) / 2, bottom + 38, "ms of transform per object", "middle"),
            svg_text(8, _TOP - 10, "ms of training per object on one GPU"),
        ]

    def keeping_up(self, estimate: Estimate) -> list[str]:
        """Return the line above which the host's own cores keep up."""
        scale, points = self.places.transform, []
        for cell in range(scale.cells):
            ms = scale.middle(cell)
            enough = keeping_up_ms(at(estimate, ms, estimate.plan.train_ms))
            if self.places.train.low <= enough <= self.places.train.high:
                points.append(f"{self.x(ms):.1f} {self.y(enough):.1f}")
        x, y = _WIDTH - _RIGHT + 10, _HEIGHT - _BOTTOM - 2 * LINE_HEIGHT
        dashes = ' stroke-dasharray="5 4"'
        return [
            svg_path(f"M{'L'.join(points)}", "#ffffff", 1.5, dashes),
            svg_text(x, y, "Above the dashed line,"),
            svg_text(x, y + LINE_HEIGHT, f"{own_way(estimate).name} keep up."),
        ]

    def point(self, estimate: Estimate) -> list[str]:
        """Return the user's point."""
        x, y = self.x(estimate.measured.ms), self.y(estimate.plan.train_ms)
        return [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#ffffff" stroke="#1f2328" '
            'stroke-width="2"/>',
            svg_text(x + 9, y + 4, "you", color="#ffffff"),
        ]


def _runs(values: Sequence[_T]) -> Iterator[tuple[_T, int, int]]:
    """Yield runs of equal values: the value, where the run starts, and its length."""
    start = 0
    for value, group in groupby(values):
        length = sum(1 for _ in group)
        yield value, start, length
        start += length
