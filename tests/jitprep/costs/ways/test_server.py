"""Cost of the server: an audit's figures by hand, and laws."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jitprep.costs.inputs.measure import Measured
from jitprep.costs.ways.bill import EC2, EC2_SPOT, FARGATE, SERVER_WAYS, Missing, Way
from jitprep.costs.ways.server import (
    SERVER_OVERHEAD_MS,
    balancer_usd,
    fargate_gb,
    price_servers,
    zones_usd,
)
from tests.jitprep.costs.given import MEASURED, PLAN, PRICES

# With the request's own CPU, an object takes 7 ms, and with 30% idle time 10 ms.
TAKES_10_MS = replace(MEASURED, ms=7 - SERVER_OVERHEAD_MS)
GET = 0.40


def slopes(measured: Measured, **plan: object) -> dict[str, float]:
    found = price_servers(measured, replace(PLAN, **plan), PRICES)
    return {way.name: way.slope for way in found if isinstance(way, Way)}


def test_a_million_objects_by_hand():
    hours = 1e6 * 0.010 / 3600
    assert slopes(TAKES_10_MS) == pytest.approx(
        {
            FARGATE: GET + hours * (0.03238 + 2 * 0.00356),
            EC2: GET + hours / 2 * 0.07976,
            EC2_SPOT: GET + hours / 2 * 0.0319,
        }
    )
    x86 = slopes(TAKES_10_MS, arch="x86_64")
    assert x86[FARGATE] == pytest.approx(GET + hours * (0.04048 + 2 * 0.004445))
    assert (x86[EC2], x86[EC2_SPOT]) == (slopes(TAKES_10_MS)[EC2], slopes(TAKES_10_MS)[EC2_SPOT])


def test_idle_time_is_paid_for():
    half, whole = slopes(MEASURED, utilisation=0.5), slopes(MEASURED, utilisation=1.0)
    for name in SERVER_WAYS:
        assert half[name] - GET == pytest.approx(2 * (whole[name] - GET))


def test_nothing_is_paid_before_the_first_epoch_and_waiting_is_free():
    for way in price_servers(MEASURED, PLAN, PRICES):
        assert isinstance(way, Way)
        assert (way.fixed, way.memory_mb, way.ms) == (0, None, None)
    assert slopes(MEASURED, s3_ms=500.0, overhead_ms=50.0, speed=0.5) == slopes(MEASURED)


def test_memory_is_billed_on_fargate_only():
    """A worker of 173 MB and one of 1.9 GB fit into the least that a vCPU of Fargate has."""
    large, larger = (replace(MEASURED, working_mb=mb) for mb in (1_700, 2_900))
    assert [fargate_gb(took) for took in (MEASURED, large, larger)] == [2, 2, 3]
    least, more = slopes(MEASURED), slopes(larger)
    assert more.pop(FARGATE) > least.pop(FARGATE)
    assert more == least


def test_a_worker_that_fits_no_task_is_left_out():
    fargate, *machines = price_servers(replace(MEASURED, working_mb=9_000), PLAN, PRICES)
    assert fargate == Missing(
        FARGATE, "a worker needs 9 GB, and a task of one vCPU has 8 GB at most"
    )
    assert all(isinstance(way, Way) for way in machines)


def test_a_machine_without_a_spot_price_is_left_out():
    *_, spot = price_servers(MEASURED, PLAN, replace(PRICES, spot={}))
    assert spot == Missing(EC2_SPOT, "the price file has no spot price for c8g.large")


def test_balancers_and_zones_charge_by_the_byte():
    """A million results of 150,656 bytes: $1.21 behind a load balancer, and $3.01 across zones."""
    assert f"{balancer_usd(MEASURED, PLAN, PRICES):.2f}" == "1.21"
    assert f"{zones_usd(MEASURED, PLAN, PRICES):.2f}" == "3.01"
