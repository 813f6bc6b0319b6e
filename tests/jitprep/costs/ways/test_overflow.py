"""The price of an hour of overflow: what it adds up to, and where Lambda is called one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jitprep.costs.ways.bill import FUNCTION_URL, INVOKE
from jitprep.costs.ways.case import Case
from jitprep.costs.ways.overflow import price_overflow
from jitprep.costs.ways.server import vcpu_hours
from tests.jitprep.costs.given import MEASURED, OVERHEADS, PLAN, PRICES

CASE = Case(MEASURED, PLAN, PRICES, OVERHEADS)


@pytest.mark.parametrize("images_per_s", [1.0, 710.0])
def test_an_hour_of_overflow_is_priced_as_so_many_objects(images_per_s):
    price = price_overflow(CASE, images_per_s)
    assert price.lambda_way == INVOKE
    double = price_overflow(CASE, 2 * images_per_s)
    assert double.lambda_usd == pytest.approx(2 * price.lambda_usd, rel=0.05)
    assert double.s3_get_usd == pytest.approx(2 * price.s3_get_usd)
    # 4 ms of transform, 1 + 0.5 × 0.150656 of the server's own
    vcpus = vcpu_hours(CASE, round(3600 * images_per_s), 5.075328)
    machine = PRICES.instances[PLAN.server]
    assert vcpus <= price.machines * machine.vcpus < vcpus + machine.vcpus
    assert price.server_usd == price.machines * machine.usd
    assert price.oldest <= machine.date <= price.newest


def test_what_cannot_be_stacked_is_called_one_by_one():
    case = replace(CASE, plan=replace(PLAN, stackable=False))
    assert price_overflow(case, 100.0).lambda_way == FUNCTION_URL
