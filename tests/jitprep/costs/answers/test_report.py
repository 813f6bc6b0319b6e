"""An estimate as JSON, as text and as a plot."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from jitprep.costs.answers import plot, report
from jitprep.costs.answers.breakeven import cheaper_from
from jitprep.costs.estimate import from_json, to_json
from jitprep.costs.ways.bill import TrainingPlan
from tests.jitprep.costs.given import ESTIMATE

SVG = "{http://www.w3.org/2000/svg}"


def of(**changes):
    """Return the estimate with changes to the plan, the measurement or its own fields."""
    for part in ("plan", "measured"):
        names = set(getattr(ESTIMATE, part).__dataclass_fields__) & changes.keys()
        if names:
            own = {name: changes.pop(name) for name in names}
            changes[part] = replace(getattr(ESTIMATE, part), **own)
    return replace(ESTIMATE, **changes)


def test_json_holds_the_estimate_and_what_follows():
    told = json.loads(json.dumps(to_json(ESTIMATE)))
    assert from_json(told) == ESTIMATE
    for way, row in zip(ESTIMATE.open, told["ways"], strict=True):
        assert row["name"] == way.name
        assert row["usd"] == pytest.approx(
            sum(charge["usd"] for charge in row["once"])
            + 10 * sum(charge["usd"] for charge in row["each_epoch"])
        )


def test_rows_are_the_ways():
    rows = {row[0]: row for row in report.rows(ESTIMATE)}
    assert [*rows] == [way.name for way in ESTIMATE.open]
    assert all(len(row) == len(report.header(ESTIMATE)) for row in rows.values())
    stored = ESTIMATE.stored
    assert stored is not None
    for way in ESTIMATE.open:
        assert f"${way.total(10):,.2f}" in rows[way.name][5]
        if way != stored:
            epoch = cheaper_from(way, stored)
            assert rows[way.name][6] == ("never" if epoch is None else f"epoch {epoch}")
    starred = [name for name, row in rows.items() if "*" in row[5]]
    assert starred == [min(ESTIMATE.open, key=lambda way: way.total(10)).name]


def test_a_stored_copy_that_never_pays_is_reported():
    """Where a read costs no more than its GET, a copy only adds to it."""
    estimate = of(train_ms=1e6)
    (row,) = (row for row in report.rows(estimate) if row[0] == "GPU instance")
    assert row[6] == "never"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ms": 1.0}, "single objects through Lambda costs more than the instance's idle"),
        ({"ms": 40.0}, "single objects through Lambda costs less than the instance's idle"),
        ({"ms": 1.0}, "single objects through a server costs less than the instance's idle"),
        (
            {"utilisation": 0.01},
            "through a server costs more than the instance's idle seconds, how",
        ),
        ({"train_ms": 1e6}, "idle seconds, however slow the pipeline."),
        ({"random": True}, "repeats one draw in every epoch"),
        (
            {"months": 1.0},
            "kept for 1 month, costs less than the cheapest read of single objects, EC2 spot "
            "server, from",
        ),
        ({"months": 12.0}, "kept for 12 months"),
        ({}, "The 4 vCPUs of g5.xlarge prepare an object every 1.0 ms."),
        ({"gpu": "p5.48xlarge"}, "The 192 vCPUs of p5.48xlarge"),
        ({}, "$0.28 (GPU instance)."),
        ({"ms": 31.0}, "in shards, an epoch costs $0.20 (EC2 spot server), $2.17 (GPU instance)."),
    ],
)
def test_the_report_says_when_lambda_costs_more(changes, said):
    assert said in " ".join(report.losses(of(**changes)))


def test_notes_have_the_assumptions_and_the_ways_left_out():
    plan = TrainingPlan(
        **{**to_json(ESTIMATE)["plan"], "overhead_ms": 7.5, "s3_ms": 33.0, "speed": 1.25}
    )
    text = " ".join(report.notes(replace(ESTIMATE, plan=plan)))
    assert all(told in text for told in ("7.5 ms of CPU", "33 ms for each", "1.25 times", "$1.006"))
    assert "left out" not in text
    assert all(
        told in text
        for told in ("70% of the CPU", "$0.07976 per hour", "Fargate bills 2 GB", "$3.01", "$1.21")
    )
    assert "A shard has 1,000 samples (--shard)" in text
    assert "A shard has 7 samples" in " ".join(report.notes(of(objects=7)))
    assert "1.5% of the CPU" in " ".join(report.notes(of(utilisation=0.015)))
    large = " ".join(report.notes(of(working_mb=9_000)))
    assert "Fargate server is left out: a worker needs 9 GB" in large
    assert "Fargate bills" not in large
    assert "batched Invoke is left out: results can be stacked only with one shape" in " ".join(
        report.notes(of(stackable=False))
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"stackable": False},
        {"epochs": 1},
        {"objects": 1},
        {"train_ms": 1e6},
        {"working_mb": 11e3},
    ],
)
def test_the_picture_has_a_line_for_each_way(changes):
    estimate = of(**changes)
    tree = ElementTree.fromstring(plot.render_svg(estimate))
    lines = [p for p in tree.iter(f"{SVG}path") if p.get("stroke-width")]
    texts = [text.text or "" for text in tree.iter(f"{SVG}text")]
    assert len(lines) == len(estimate.open)
    for way in estimate.open:
        assert [text for text in texts if text.startswith(f"{way.name} $")]
    places = [float(number) for p in lines for number in re.findall(r"[\d.]+", p.get("d") or "")]
    assert all(0 <= place <= 760 for place in places)
    heights = sorted(
        float(t.get("y") or 0) for t in tree.iter(f"{SVG}text") if "$" in (t.text or "")
    )
    assert heights[-1] <= 420


def test_the_plot_extends_to_the_break_even():
    """Beyond the ten epochs that are planned, but not beyond ten times as many."""
    texts = [t.text for t in ElementTree.fromstring(plot.render_svg(ESTIMATE)).iter(f"{SVG}text")]
    dots = [float(text) for text in texts if text and re.fullmatch(r"\d+\.\d", text)]
    stored = ESTIMATE.stored
    assert stored is not None
    every = [cheaper_from(way, stored) for way in ESTIMATE.open if way != stored]
    near = [epoch for epoch in every if epoch is not None and epoch <= 100]
    assert len(near) < len(every)
    assert [int(dot) + 1 for dot in dots] == near


def test_a_name_is_escaped_and_a_long_one_cut():
    drawn = plot.render_svg(of(pipeline="blur:3/" * 50 + "npy"))
    assert max(len(t.text or "") for t in ElementTree.fromstring(drawn).iter(f"{SVG}text")) < 130
    assert "&lt;b&gt;" in plot.render_svg(of(pipeline="<b>"))


def test_every_way_has_its_color_or_dashes():
    drawn = plot.render_svg(ESTIMATE)
    lines = re.findall(r'stroke="(#\w{6})" stroke-width="2.5"(.*)/>', drawn)
    assert len(set(lines)) == len(lines) == len(ESTIMATE.open)
