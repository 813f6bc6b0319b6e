"""The cost of a store: it adds requests and storage once, and takes the transform away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jitprep.costs.answers.breakeven import cheaper_from
from jitprep.costs.ways.bill import GPU, JUST_IN_TIME, Way
from jitprep.costs.ways.model import GIB, ways
from jitprep.costs.ways.store import with_store

from tests.jitprep.costs.given import MEASURED, PLAN, PRICES


@pytest.mark.parametrize("name", JUST_IN_TIME)
def test_the_first_epoch_costs_what_it_costs_without_and_the_copies(name):
    (way,) = (
        one for one in ways(MEASURED, PLAN, PRICES) if isinstance(one, Way) and one.name == name
    )
    kept, n = with_store(way, MEASURED, PLAN, PRICES, in_s3=True), PLAN.objects
    storage = n * MEASURED.bytes_out / GIB * PLAN.months * PRICES.s3_gb_month.usd
    requests = n * (2 * PRICES.s3_get.usd + PRICES.s3_put.usd)
    assert kept.total(1) == pytest.approx(way.total(1) + requests + storage)
    epoch = cheaper_from(way, kept)
    if epoch is None:
        assert kept.slope >= way.slope
    else:
        assert kept.total(epoch) < way.total(epoch)
        assert epoch > 1


def test_copies_on_the_hosts_own_disk_save_idle_time_and_cost_a_request_once():
    (host,) = (
        one for one in ways(MEASURED, PLAN, PRICES) if isinstance(one, Way) and one.name == GPU
    )
    kept = with_store(host, MEASURED, PLAN, PRICES, in_s3=False)
    assert kept.total(1) == pytest.approx(host.total(1) + PLAN.objects * PRICES.s3_get.usd)
    assert cheaper_from(host, kept) == 3


def test_a_host_that_is_never_idle_gains_nothing():
    plan = replace(PLAN, train_ms=10.0)
    (host,) = (
        one for one in ways(MEASURED, plan, PRICES) if isinstance(one, Way) and one.name == GPU
    )
    assert cheaper_from(host, with_store(host, MEASURED, plan, PRICES, in_s3=False)) is None
