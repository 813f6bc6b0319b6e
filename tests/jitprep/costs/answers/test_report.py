"""An estimate as JSON and as text: rows, what is paid for, why, and what is assumed."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given

from jitprep.costs.answers.notes import notes
from jitprep.costs.answers.reasons import reasons
from jitprep.costs.answers.report import header, paid_header, paid_rows, rows
from jitprep.costs.answers.verdict import decide
from jitprep.costs.answers.wording import dollars, percent
from jitprep.costs.estimate import from_json, to_json
from jitprep.costs.ways.bill import COPIES_DISK, KINDS, Missing
from tests.jitprep.costs.answers.test_verdict import estimates
from tests.jitprep.costs.given import ESTIMATE, changed


@given(estimates)
def test_json_holds_the_estimate_and_what_follows(estimate):
    found = json.loads(json.dumps(to_json(estimate)))
    assert from_json(found) == estimate
    for way, row in zip(estimate.all, found["ways"], strict=True):
        assert row["name"] == way.name
        if not isinstance(way, Missing):
            charges = sum(c["usd"] for c in row["once"]) + estimate.plan.epochs * sum(
                c["usd"] for c in row["each_epoch"]
            )
            assert row["usd"] == pytest.approx(charges)


@given(estimates)
def test_there_is_a_row_for_each_way_and_a_star_on_the_cheapest(estimate):
    found = rows(estimate)
    assert [row[0] for row in found] == [way.name for way in estimate.open]
    assert {len(row) for row in found} == {len(header(estimate))}
    for way, row in zip(estimate.open, found, strict=True):
        assert row[5].removesuffix("*") == dollars(way.total(estimate.plan.epochs))
    assert [row[0] for row in found if "*" in row[5]] == [estimate.best.name]


@given(estimates)
def test_what_is_paid_for_is_the_whole_total(estimate):
    kinds = paid_header(estimate)[1:]
    assert set(kinds) <= set(KINDS)
    for way, (name, *cells) in zip(estimate.open, paid_rows(estimate), strict=True):
        assert name == way.name
        paid = way.by_kind(estimate.plan.epochs)
        assert sum(paid[kind] for kind in kinds) == pytest.approx(way.total(estimate.plan.epochs))
        assert [cell != "–" for cell in cells] == [abs(paid[kind]) >= 1e-6 for kind in kinds]


def test_gpus_that_wait_are_shown_as_a_share_or_as_hours():
    """4.58 ms on 4 vCPUs are 1.145 ms for each object, of a million: 0.318 hours."""
    assert rows(ESTIMATE)[0][-1] == "0.318 h"
    assert rows(changed(ESTIMATE, train_ms=0.916))[0][-1] == "20%"
    assert rows(changed(ESTIMATE, train_ms=2.0))[0][-1] == "0%"


def test_a_small_share_is_not_none_and_a_large_one_not_all():
    assert [percent(share) for share in (0, 1e-4, 0.5, 0.9999, 1)] == [
        "0%",
        "under 1%",
        "50%",
        "over 99%",
        "100%",
    ]


@given(estimates)
def test_what_an_option_would_add_is_the_difference_that_it_makes(estimate):
    """Each note of an option names ways with dollars, which are those of the estimate with it."""
    for note in notes(estimate):
        option = re.match(r"--([a-z-]+) would add ", note)
        if option is None:
            continue
        other = changed(estimate, **{option[1].replace("-", "_"): True})
        for way in estimate.open:
            then = other.way(way.name)
            for added in re.findall(rf"(\$[\d,.]+) to {way.name}[,.]", note):
                assert then is not None
                epochs = estimate.plan.epochs
                assert added == dollars(then.total(epochs) - way.total(epochs))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {},
            "takes 4.58 ms of CPU to fetch and prepare an object. With 4 vCPUs per GPU it has one",
        ),
        ({"gpu": "p5.48xlarge"}, "With 24 vCPUs per GPU it has one every 0.191 ms"),
        ({}, "EC2 spot server: receiving a result takes 0.351 ms of the host's CPU."),
        ({"train_ms": 2.0}, "Training alone costs $0.56 per epoch"),
        (
            {},
            "A vCPU costs $0.083 per hour of use in Lambda (arm64), $0.252 per hour of waiting on",
        ),
        (
            {},
            "The EC2 spot server costs less than batched Invoke where more than 10% of its CPU time",
        ),
        ({"train_ms": 2.0}, "local disk from 2 epochs on."),
        ({"bytes_out": 360_000.0}, "Results are 2 times as large as originals"),
    ],
)
def test_reasons(changes, said):
    estimate = changed(ESTIMATE, **changes)
    assert said in " ".join(reasons(estimate, decide(estimate)))


@given(estimates)
def test_the_utilisation_at_which_a_server_and_a_function_cost_the_same(estimate):
    decision = decide(estimate)
    text = " ".join(reasons(estimate, decision))
    found = re.search(r"where more than (\d+)% of its CPU time", text)
    if found is None or decision.in_lambda is None or decision.on_server is None:
        return
    above = changed(estimate, utilisation=min(int(found[1]) / 100 + 0.006, 1.0))
    server, function = above.way(decision.on_server.name), above.way(decision.in_lambda.name)
    assert server is not None
    assert function is not None
    epochs = estimate.plan.epochs
    assert server.total(epochs) <= function.total(epochs) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "6 samples measured on 2026-12-01, on one thread of some processor"),
        ({}, "Lambda's arm64 is assumed to be 0.6 times as fast (--speed)"),
        ({"lambda_speed": 1.0}, "Lambda's arm64 is assumed to be as fast (--speed)"),
        (
            {"s3_ms": 33.0},
            "waits 33 ms for each request to S3 (--s3-ms), and sends one request per",
        ),
        ({"gets": 12.0}, "and sends 12 requests, one after another, per object"),
        ({}, "A batched Invoke answers 31 objects, each read whole."),
        ({}, "AWS closed Object Lambda to new customers on 7 November 2025."),
        ({"utilisation": 0.015}, "Servers use 1.5% of the CPU time that they are paid for"),
        ({}, "c8g.large (--server): $0.07976 per hour"),
        ({}, "Managed Instances run on c8g.large, at least 3 of them while an epoch lasts."),
        ({}, "A shard has 1,000 objects (--shard)"),
        ({"objects": 7}, "A shard has 7 objects (--shard)"),
        ({"months": 12.0}, "stored for 12 months (--months)"),
        ({}, "Originals take 180 GB, and results 151 GB."),
        ({}, "by S3 Batch Operations in place of that costs $"),
        ({}, "CloudTrail's data events, $10.00 if each read"),
        ({}, "one before each GET, $4.00; free tier"),
        # 10 epochs of 150.656 GB at $0.02, and no hours without a training time.
        ({}, "--across-zones would add, for example, $30.13 to EC2 server"),
        (
            {"disk_gb": 100.0},
            f"{COPIES_DISK} is left out: it takes 331 GB, and the disk holds 100 GB (--disk-gb)",
        ),
        ({"random": True}, "copies, local disk are left out: the pipeline is random"),
        (
            {"stackable": False},
            "batched Invoke; Managed Instances are left out: results can be stacked",
        ),
    ],
)
def test_notes(changes, said):
    assert said in " ".join(notes(changed(ESTIMATE, **changes)))
