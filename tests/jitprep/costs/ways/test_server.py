"""Cost of servers and Managed Instances: by hand, and laws."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jitprep.costs.ways.bill import EC2, EC2_SPOT, FARGATE, MANAGED, SERVER_WAYS, Missing, Way
from jitprep.costs.ways.case import Case
from jitprep.costs.ways.model import ways
from jitprep.costs.ways.server import balancer, fargate_gb, zones
from tests.jitprep.costs.given import MEASURED, OVERHEADS, PLAN, PRICES

# With the server's own CPU, an object takes 7 ms, and with 30% idle time 10 ms.
TAKES_10_MS = replace(MEASURED, ms=7 - 1.0 - 0.5 * 0.150656)


def computed(measured=MEASURED, prices=PRICES, **plan):
    """Return what the machines of each way cost in an epoch."""
    found = ways(measured, replace(PLAN, **plan), prices, OVERHEADS)
    return {
        way.name: way.by_kind(1)["compute"]
        for way in found
        if isinstance(way, Way) and way.name in SERVER_WAYS
    }


def test_a_million_objects_by_hand():
    hours = 1e6 * 0.010 / 3600
    assert computed(TAKES_10_MS) == pytest.approx(
        {
            FARGATE: hours * (0.03238 + 2 * 0.00356),
            EC2: hours / 2 * 0.07976,
            EC2_SPOT: hours / 2 * 0.0319,
        }
    )
    x86 = computed(TAKES_10_MS, arch="x86_64")
    assert x86[FARGATE] == pytest.approx(hours * (0.04048 + 2 * 0.004445))
    assert (x86[EC2], x86[EC2_SPOT]) == (
        computed(TAKES_10_MS)[EC2],
        computed(TAKES_10_MS)[EC2_SPOT],
    )


def test_unused_time_is_paid_for():
    half, whole = computed(utilisation=0.5), computed(utilisation=1.0)
    assert half == pytest.approx({name: 2 * usd for name, usd in whole.items()})


def test_waiting_is_free_and_lambda_s_speed_does_not_matter():
    assert computed(s3_ms=500.0, lambda_speed=0.5) == computed()


def test_memory_is_billed_on_fargate_only():
    """A worker of 173 MB and one of 1.9 GB fit into the least that a vCPU of Fargate has."""
    large, larger = (replace(MEASURED, working_mb=mb) for mb in (1_700, 2_900))
    assert [fargate_gb(took) for took in (MEASURED, large, larger)] == [2, 2, 3]
    least, more = computed(MEASURED), computed(larger)
    assert more.pop(FARGATE) > least.pop(FARGATE)
    assert more == least


def test_what_cannot_run_is_left_out():
    by_name = {
        way.name: way for way in ways(replace(MEASURED, working_mb=9_000), PLAN, PRICES, OVERHEADS)
    }
    reason = "a worker needs 9 GB, and a task of one vCPU has 8 GB at most"
    assert by_name[FARGATE] == Missing(FARGATE, reason)
    assert isinstance(by_name[EC2], Way)
    assert computed(prices=replace(PRICES, spot={})).keys() == {FARGATE, EC2}


def test_balancers_and_zones_charge_by_the_byte():
    """A million results of 150,656 bytes: $1.21 behind a load balancer, and $3.01 across zones."""
    case, nbytes = Case(MEASURED, PLAN, PRICES, OVERHEADS), 1e6 * 150_656
    assert f"{balancer(case, nbytes, 0.0).usd:.2f}" == "1.21"
    assert balancer(case, 0.0, 100.0).usd == pytest.approx(2.25)
    assert f"{zones(case, nbytes).usd:.2f}" == "3.01"


@pytest.mark.parametrize(("train_ms", "instance_hours"), [(0.0, 0.939), (10.0, 3 * 1e7 / 3.6e6)])
def test_three_managed_instances_run_as_long_as_the_training(train_ms, instance_hours):
    """4 + 0.6 + 0.150656 ms a sample on two vCPUs at 70%: 0.943 hours, less than three are on."""
    found = ways(MEASURED, replace(PLAN, train_ms=train_ms), PRICES, OVERHEADS)
    (way,) = (way for way in found if way.name == MANAGED)
    assert way.by_kind(1)["compute"] == pytest.approx(instance_hours * 0.07976 * 1.15, rel=0.01)
