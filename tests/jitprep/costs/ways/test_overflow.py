"""The price of overflow: what it adds up to, and where Lambda is not possible."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jitprep.costs.ways.bill import FUNCTION_URL, INVOKE
from jitprep.costs.ways.overflow import price_overflow
from jitprep.costs.ways.server import vcpu_hours

from tests.jitprep.costs.given import MEASURED, PLAN, PRICES


@pytest.mark.parametrize("images_per_s", [1.0, 710.0])
def test_an_hour_of_overflow_is_priced_as_so_many_objects(images_per_s):
    price = price_overflow(MEASURED, PLAN, PRICES, images_per_s)
    assert price.lambda_way == INVOKE
    double = price_overflow(MEASURED, PLAN, PRICES, 2 * images_per_s)
    assert double.lambda_usd == pytest.approx(2 * price.lambda_usd, rel=0.05)
    assert double.s3_get_usd == pytest.approx(2 * price.s3_get_usd)
    vcpus = vcpu_hours(MEASURED, replace(PLAN, objects=round(3600 * images_per_s)))
    machine = PRICES.instances[PLAN.server]
    assert vcpus <= price.machines * machine.vcpus < vcpus + machine.vcpus
    assert price.server_usd == price.machines * machine.usd
    assert price.oldest <= machine.date <= price.newest


def test_what_cannot_be_stacked_is_called_one_by_one():
    price = price_overflow(MEASURED, replace(PLAN, stackable=False), PRICES, 100.0)
    assert price.lambda_way == FUNCTION_URL


def test_results_that_lambda_cannot_return_have_a_servers_price():
    price = price_overflow(replace(MEASURED, bytes_out=7e6), PLAN, PRICES, 100.0)
    assert (price.lambda_usd, price.lambda_way) == (None, None)
    assert price.server_usd > 0
