"""The plot of dollars over epochs, and the map of the best place."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitprep.costs.answers.breakeven import cheapest_by_epochs
from jitprep.costs.answers.place_map import at, map_places, render_map
from jitprep.costs.answers.plot import drawn_ways, render_plot
from jitprep.costs.answers.svg import CHARACTER_WIDTH, COLORS, FAMILIES
from jitprep.costs.ways.bill import NAMES
from tests.jitprep.costs.answers.test_verdict import estimates
from tests.jitprep.costs.given import ESTIMATE, changed

SVG = "{http://www.w3.org/2000/svg}"
MAPPED = changed(ESTIMATE, train_ms=0.3, random=True, epochs=2)


def texts(tree: ElementTree.Element) -> list[tuple[float, float, str]]:
    """Return the left end, the baseline and the text of each label."""
    found = []
    for each in tree.iter(f"{SVG}text"):
        text, x = each.text or "", float(each.get("x") or 0)
        width = CHARACTER_WIDTH * len(text)
        left = {"start": x, "middle": x - width / 2, "end": x - width}[
            each.get("text-anchor") or ""
        ]
        found.append((left, float(each.get("y") or 0), text))
    return found


def assert_inside(drawn: str) -> ElementTree.Element:
    """Assert that no text leaves the picture, and return it."""
    tree = ElementTree.fromstring(drawn)
    width, height = map(int, (tree.get("viewBox") or "").split()[2:])
    for left, y, text in texts(tree):
        assert 0 <= left <= left + CHARACTER_WIDTH * len(text) <= width, text
        assert 0 < y < height, text
    return tree


@given(estimates)
def test_the_plot_has_the_cheapest_line_of_each_family(estimate):
    drawn = drawn_ways(estimate)
    names = [way.name for way in drawn]
    assert len(set(names)) == len(names)
    for family in FAMILIES:
        members = [way for way in estimate.open if way.name in family]
        if members:
            least = min(way.total(estimate.plan.epochs) for way in members)
            shown = min(w.total(estimate.plan.epochs) for w in drawn if w.name in family)
            assert shown == pytest.approx(least)


@given(estimates)
def test_no_label_of_the_plot_leaves_it_or_covers_another(estimate):
    tree = assert_inside(render_plot(estimate))
    labels = [(y, text) for _, y, text in texts(tree) if " $" in text]
    assert len(labels) == len(drawn_ways(estimate))
    heights = sorted(y for y, _ in labels)
    assert all(low + 15 < high for low, high in pairwise(heights))


@given(estimates)
def test_dots_are_where_the_cheapest_changes(estimate):
    tree = ElementTree.fromstring(render_plot(estimate))
    dots = {text for _, _, text in texts(tree) if re.fullmatch(r"[\d,]+", text)}
    near = [each.epochs for each in cheapest_by_epochs(estimate.open)[1:]]
    shown = [epochs for epochs in near if epochs <= 4 * estimate.plan.epochs]
    assert {f"{epochs:,}" for epochs in shown} <= dots
    assert len(list(tree.iter(f"{SVG}circle"))) == len(shown)


def test_each_way_has_a_color_of_its_own():
    assert set(COLORS) == set(NAMES)
    assert len(set(COLORS.values())) == len(NAMES)


@cache
def mapped():
    return map_places(MAPPED, 24, 18)


@settings(max_examples=20)
@given(st.integers(0, 23), st.integers(0, 17))
def test_each_cell_of_the_map_is_the_best_way_there(column, row):
    places = mapped()
    ms, train_ms = places.transform.middle(column), places.train.middle(row)
    assert places.best[row][column] == at(MAPPED, ms, train_ms).best.name


@given(st.floats(1e-3, 1e3), st.floats(1.1, 1e4))
def test_the_axes_of_the_map_are_logarithmic(low, factor):
    scale = map_places(changed(ESTIMATE, ms=low), 3, 1).transform
    assert scale.middle(1) == pytest.approx(low)
    assert scale.share(scale.low) == 0
    assert scale.share(scale.high * factor) == 1
    assert scale.share(low) == pytest.approx(0.5)
    assert all(scale.low <= ms <= scale.high for ms in scale.decades())


def test_the_map_names_its_regions_and_marks_the_user():
    tree = assert_inside(render_map(MAPPED, mapped()))
    names = {name for row in mapped().best for name in row}
    assert MAPPED.best.name in names
    assert len(names) > 2
    assert names <= {text for _, _, text in texts(tree)}
    filled = {path.get("fill") for path in tree.iter(f"{SVG}path")} - {"none"}
    assert filled == {COLORS[name] for name in names}
    (point,) = tree.iter(f"{SVG}circle")
    # 3 decades of 30 times to each side of 4 ms, from 66 to 574.
    assert float(point.get("cx") or 0) == pytest.approx(320, abs=0.1)


@pytest.mark.parametrize("render", [render_plot, lambda each: render_map(each, mapped())])
def test_a_name_is_escaped_and_a_long_one_cut(render):
    assert "&lt;b&gt;" in render(replace(MAPPED, pipeline="<b>"))
    assert_inside(render(replace(MAPPED, pipeline="blur:3/" * 50 + "npy")))
