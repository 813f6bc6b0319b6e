"""Price of an hour of overflow: samples that a training host cannot make in time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.prices import Prices
from jitprep.costs.ways.bill import TrainingPlan, Way, charge_gets
from jitprep.costs.ways.model import price_function_url, price_invoke
from jitprep.costs.ways.server import vcpu_hours

_HOUR_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class OverflowPrice:
    """List prices, in US dollars per hour, before S3's requests.

    Parameters
    ----------
    images_per_s : float
        What is made elsewhere.
    lambda_usd : float or None
        Through Lambda; None where it is not possible.
    lambda_way : str or None
        Cheapest way to call it.
    server_usd : float
        On whole machines, used or not.
    machines : int
    server : str
        Their type.
    s3_get_usd : float
        GETs of the originals, if they are in S3. Whichever machine transforms them, these are paid for.
    oldest, newest : str
        Dates of the prices.
    """

    images_per_s: float
    lambda_usd: float | None
    lambda_way: str | None
    server_usd: float
    machines: int
    server: str
    s3_get_usd: float
    oldest: str
    newest: str


def price_overflow(
    measured: Measured, plan: TrainingPlan, prices: Prices, images_per_s: float
) -> OverflowPrice:
    """Return the price of `images_per_s`, for an hour; ``plan.objects`` is not used."""
    plan = replace(plan, objects=round(images_per_s * _HOUR_S))
    gets = charge_gets(plan.objects, prices).usd
    priced = (price_function_url(measured, plan, prices), price_invoke(measured, plan, prices))
    ways = [way for way in priced if isinstance(way, Way)]
    way = min(ways, key=lambda way: way.slope, default=None)
    machine = prices.instances[plan.server]
    machines = math.ceil(vcpu_hours(measured, plan) / machine.vcpus)
    used = ("lambda_request", f"lambda_gb_second_{plan.arch}", "s3_get")
    dates = [machine.date, *(getattr(prices, name).date for name in used)]
    return OverflowPrice(
        images_per_s=images_per_s,
        lambda_usd=None if way is None else way.slope - gets,
        lambda_way=None if way is None else way.name,
        server_usd=machines * machine.usd,
        machines=machines,
        server=plan.server,
        s3_get_usd=gets,
        oldest=min(dates),
        newest=max(dates),
    )
