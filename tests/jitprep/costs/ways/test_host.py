"""The training host and its overflow: the share that costs least, and when there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.costs.ways.bill import OVERFLOW_SERVER, Missing, Way
from jitprep.costs.ways.case import Case
from jitprep.costs.ways.host import (
    OverflowShare,
    best_overflow,
    keeping_up,
    overflow_way,
    own_cores,
    price_overflow_way,
)
from jitprep.costs.ways.model import lambda_remotes, server_remotes
from jitprep.costs.ways.remote import Remote, price_remote
from tests.jitprep.costs.given import MEASURED, OVERHEADS, PLAN, PRICES
from tests.jitprep.costs.ways.drawn import cases

CASE = Case(MEASURED, PLAN, PRICES, OVERHEADS)


def remotes(case: Case) -> list[Remote]:
    return [r for r in (*lambda_remotes(case), *server_remotes(case)) if isinstance(r, Remote)]


@given(cases, st.floats(0, 1))
def test_no_other_share_costs_less(case, share):
    """But for whole requests: a batch that is not full costs as much as a full one."""
    best = best_overflow(case, remotes(case))
    if best is None:
        return
    least = price_overflow_way("", case, best).slope
    for remote in remotes(case):
        other = price_overflow_way("", case, OverflowShare(remote, share))
        a_call = sum(c.usd for c in remote.charges(1, 0)) * remote.objects
        assert least <= other.slope * (1 + 1e-9) + a_call


@given(cases)
def test_the_ends_are_the_host_alone_and_the_remote_alone(case):
    for remote in remotes(case):
        none, all_ = (price_overflow_way("", case, OverflowShare(remote, x)) for x in (0.0, 1.0))
        assert none.slope == pytest.approx(own_cores(case).slope)
        assert all_.slope == pytest.approx(price_remote(remote, case).slope)


@given(cases)
def test_at_the_share_of_keeping_up_no_gpu_waits(case):
    for remote in remotes(case):
        share = keeping_up(case, remote)
        way = price_overflow_way("", case, OverflowShare(remote, share))
        if share < 1:
            assert way.idle_s == pytest.approx(0, abs=1e-6 * case.plan.objects)
        if 0 < share < 1:
            fewer = price_overflow_way("", case, OverflowShare(remote, 0.9 * share))
            assert fewer.idle_s > way.idle_s


def test_the_share_by_hand():
    """4 + 0.4 + 0.18 ms to make one, 0.2 + 0.150656 to receive one; 4 vCPUs train on one in 1 ms."""
    case = replace(CASE, plan=replace(PLAN, train_ms=1.0))
    way = overflow_way(OVERFLOW_SERVER, case, [r for r in server_remotes(case) if r])
    assert isinstance(way, Way)
    assert way.remote == pytest.approx((4.58 - 4.0) / (4.58 - 0.350656))
    assert way.host_ms == pytest.approx(4.0)
    assert way.idle_s == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ({"train_ms": 2.0}, "the host keeps up"),
        ({"train_ms": 0.0}, "it costs least to make every sample elsewhere: EC2 spot server"),
        ({"train_ms": 1.0, "utilisation": 0.0001}, "waiting GPUs cost less than an overflow"),
    ],
)
def test_without_an_overflow_the_reason_is_given(plan, reason):
    case = replace(CASE, plan=replace(PLAN, **plan))
    found = overflow_way(OVERFLOW_SERVER, case, [r for r in server_remotes(case) if r])
    assert found == Missing(OVERFLOW_SERVER, reason)
