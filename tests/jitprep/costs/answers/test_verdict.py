"""The answer in two sentences: the best is the cheapest, and each threshold holds where it is put in."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jitprep.costs.answers.breakeven import cheaper_from, cheapest_by_epochs, own_way
from jitprep.costs.answers.reasons import reasons
from jitprep.costs.answers.verdict import FUNCTIONS, decide, two_sentences
from jitprep.costs.answers.wording import dollars, three_digits, what_to_do
from jitprep.costs.estimate import Estimate
from jitprep.costs.ways.bill import (
    COPY_WAYS,
    HOST,
    HOST_DISK,
    SERVER_WAYS,
    SHARDS_HOST,
)
from tests.jitprep.costs.given import ESTIMATE, changed
from tests.jitprep.costs.ways.drawn import measured, plans

estimates = st.builds(
    lambda measured, plan: replace(ESTIMATE, measured=measured, plan=plan), measured, plans
)


def costs(estimate: Estimate, **plan) -> dict[str, float]:
    """Return the dollars of each way under a changed plan."""
    other = changed(estimate, **plan)
    return {way.name: way.total(other.plan.epochs) for way in other.open}


@given(estimates)
def test_the_best_is_the_cheapest_of_all_rows(estimate):
    decision = decide(estimate)
    first, _ = two_sentences(estimate, decision)
    least = min(costs(estimate).values())
    assert decision.best.total(estimate.plan.epochs) == least
    assert f"for {dollars(least)} over " in first
    assert what_to_do(decision.best, estimate.plan, estimate.measured) in first


@given(estimates)
def test_the_first_sentence_says_where_preparing_remotely_makes_no_sense(estimate):
    decision = decide(estimate)
    first, _ = two_sentences(estimate, decision)
    at_home = decision.best.name in {HOST, HOST_DISK, SHARDS_HOST, *COPY_WAYS}
    known = decision.keeps_up or estimate.plan.train_ms > 0
    assert ("do not prepare remotely" in first) is (at_home and known)
    behind = "Your host does not" if known else "It depends on the training time"
    assert first.startswith("Your host keeps up" if decision.keeps_up else behind)


@given(estimates)
def test_each_answer_is_two_sentences(estimate):
    for sentence in two_sentences(estimate, decide(estimate)):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert ". " not in sentence


@given(estimates)
def test_from_the_stated_training_time_on_the_host_keeps_up(estimate):
    least = decide(estimate).keeping_up_ms
    assert own_way(changed(estimate, train_ms=1.001 * least)).idle_s == 0
    assert own_way(changed(estimate, train_ms=0.999 * least)).idle_s > 0


@given(estimates)
def test_each_threshold_holds_as_it_is_printed(estimate):
    decision = decide(estimate)
    _, second = two_sentences(estimate, decision)
    at = re.match(r"(Below|From) ([\d,.]+) ms of training per object", second)
    assert at is not None, second
    train_ms = float(at[2].replace(",", ""))
    if at[1] == "From":
        assert own_way(changed(estimate, train_ms=train_ms * (1 + 1e-9))).idle_s == 0
    else:
        assert own_way(changed(estimate, train_ms=train_ms * (1 - 1e-9))).idle_s > 0
    for reason in reasons(estimate, decision):
        used = re.match(r"The (.+) costs less than (.+) where more than (\d+)% of", reason)
        if used is not None and int(used[3]):
            then = costs(estimate, utilisation=int(used[3]) / 100)
            assert then[used[1]] <= then[used[2]] * (1 + 1e-9)


@given(estimates)
def test_from_the_stated_epochs_on_stored_results_cost_less(estimate):
    own = own_way(estimate)
    for way in estimate.open:
        epochs = cheaper_from(own, way)
        if epochs is None:
            assert way.total(10**9) >= own.total(10**9) * (1 - 1e-9)
            continue
        for more in (1, 2, 10):
            assert way.total(more * epochs) < own.total(more * epochs)
        if epochs > 1:
            assert way.total(epochs - 1) >= own.total(epochs - 1) * (1 - 1e-9)


@given(estimates)
def test_beyond_the_stated_epochs_the_next_way_costs_less(estimate):
    decision = decide(estimate)
    best, later = decision.best.name, decision.later
    if later is not None:
        then = costs(estimate, epochs=later.epochs)
        assert then[later.way.name] == pytest.approx(min(then.values()))
        assert then[later.way.name] < then[best] * (1 + 1e-9)
        before = costs(estimate, epochs=later.epochs - 1)
        assert before[best] <= before[later.way.name] * (1 + 1e-9)
    if decision.sooner is not None:
        fewer = costs(estimate, epochs=decision.best_from - 1)
        assert fewer[decision.sooner.name] == pytest.approx(min(fewer.values()))
        now = costs(estimate, epochs=decision.best_from)
        assert now[best] == pytest.approx(min(now.values()))


@given(estimates, st.integers(1, 20_000))
def test_the_cheapest_for_each_number_of_epochs(estimate, epochs):
    by_epochs = cheapest_by_epochs(estimate.open)
    starts = [each.epochs for each in by_epochs]
    assert starts[0] == 1
    assert starts == sorted(set(starts))
    at = max((each for each in by_epochs if each.epochs <= epochs), key=lambda each: each.epochs)
    assert at.way.total(epochs) == pytest.approx(min(way.total(epochs) for way in estimate.open))


@given(estimates)
def test_lambda_is_so_many_times_as_dear_as_a_server(estimate):
    assume(not estimate.plan.packed)
    decision, usd = decide(estimate), costs(estimate)
    functions = [usd[name] for name in FUNCTIONS if name in usd]
    servers = [usd[name] for name in SERVER_WAYS if name in usd]
    if decision.lambda_ratio is None:
        assert not functions
        return
    assert min(functions) == pytest.approx(decision.lambda_ratio * min(servers))
    assert (
        f"costs {three_digits(decision.lambda_ratio)} times" in two_sentences(estimate, decision)[1]
    )


@given(measured, st.floats(0.5, 2))
def test_the_overflow_is_that_of_the_stated_training_time(measured, share):
    estimate = changed(replace(ESTIMATE, measured=measured), ms=measured.ms + 2, gpu="p5.48xlarge")
    estimate = changed(estimate, train_ms=share * decide(estimate).keeping_up_ms)
    decision = decide(estimate)
    assume(decision.overflow is not None)
    assert decision.keeps_up is (share >= 1)
    then = costs(estimate, train_ms=decision.overflow_ms)
    assert decision.overflow.total(decision.epochs) == pytest.approx(then[decision.overflow.name])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        # 4.58 ms of CPU on 4 vCPUs: 1.145 ms. A million GETs and LISTs: $0.405 and $0.005.
        (
            {"train_ms": 1.2, "random": True, "epochs": 1},
            (
                "Your host keeps up, so do not prepare remotely: prepare on its own cores, for $0.40 "
                "over 1 epoch.",
                "Below 1.14 ms of training per object, it no longer keeps up, and at 1.03 ms an "
                "overflow of ",
            ),
        ),
        (
            {"train_ms": 1.2, "objects": 1_200_000},
            (
                "Your host keeps up, so do not prepare remotely: copy the originals once, 216 GB, to "
                "its local disk, and prepare there, for $0.49 over 10 epochs; preparing from S3 costs "
                "$4.81, all of it for requests to S3.",
                "for more epochs, this remains the cheapest way",
            ),
        ),
        (
            {"train_ms": 0.3},
            (
                "Your host does not keep up, and its GPUs would wait for 74% of the time, but do not "
                "prepare remotely, because stored results cost less: store ",
                "From 1.15 ms of training per object on, your host keeps up; at 0.3 ms, an overflow of ",
            ),
        ),
        (
            {"train_ms": 0.3, "random": True, "epochs": 2, "disk_gb": 0.0},
            (
                "would wait for 74% of the time: prepare on its own cores, and ",
                "epochs on, it costs less to pack the originals into shards, and read them through an "
                "EC2 spot server",
            ),
        ),
        (
            {"train_ms": 0.3, "random": True, "packed": True},
            (
                "read shards, and read them through an EC2 spot server",
                "the cheapest function (shards, ",
            ),
        ),
        # A GET from S3 takes 0.4 ms of CPU, and a shard's sample 0.1: shards need (4 + 0.28) / 4 ms.
        (
            {"train_ms": 1.1, "random": True, "epochs": 100, "months": 0.0, "disk_gb": 0.0},
            (
                "do not prepare remotely, because it keeps up if it reads shards: pack the originals "
                "into shards, and prepare on its own cores",
                "From 1.15 ms",
            ),
        ),
        # Receiving takes as long as preparing.
        (
            {"train_ms": 0.01, "ms": 0.01, "bytes_in": 100.0, "range_bytes": 100.0, "random": True}
            | {"epochs": 1, "bytes_out": 1e6},
            ("because receiving a result takes your host as long as preparing it", "From 0.103 ms"),
        ),
    ],
)
def test_the_sentences(changes, said):
    estimate = changed(ESTIMATE, **changes)
    sentences = two_sentences(estimate, decide(estimate))
    for part, sentence in zip(said, sentences, strict=True):
        assert part in sentence
