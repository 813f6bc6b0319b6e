"""Price of an hour of samples that a training host cannot make in time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from jitprep.costs.ways.bill import Missing
from jitprep.costs.ways.case import Case
from jitprep.costs.ways.function import function_url, invoke
from jitprep.costs.ways.remote import Remote
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


def price_overflow(case: Case, images_per_s: float) -> OverflowPrice:
    """Return the price of `images_per_s`, for an hour; ``case.plan.objects`` is not used."""
    samples = round(images_per_s * _HOUR_S)
    case = replace(case, plan=replace(case.plan, objects=samples))
    plan, prices, own = case.plan, case.prices, case.overheads.server
    gets = math.fsum(charge.usd for charge in case.gets(case.own_gets))
    way, usd = _cheapest((function_url(case), invoke(case)), samples)
    machine = prices.instances[plan.server]
    each_ms = case.measured.ms + own.cpu_ms(case.measured.bytes_out)
    machines = math.ceil(vcpu_hours(case, samples, each_ms) / machine.vcpus)
    used = ("lambda_request", f"lambda_gb_second_{plan.arch}", "s3_get")
    dates = [machine.date, *(getattr(prices, name).date for name in used)]
    return OverflowPrice(
        images_per_s=images_per_s,
        lambda_usd=None if way is None else usd - gets,
        lambda_way=None if way is None else way.name,
        server_usd=machines * machine.usd,
        machines=machines,
        server=plan.server,
        s3_get_usd=gets,
        oldest=min(dates),
        newest=max(dates),
    )


def _cheapest(remotes: Iterable[Remote | Missing], samples: int) -> tuple[Remote | None, float]:
    """Return the remote that costs least in an hour, and its dollars."""
    priced = [
        (math.fsum(charge.usd for charge in remote.charges(samples, 1.0)), remote)
        for remote in remotes
        if isinstance(remote, Remote)
    ]
    usd, remote = min(priced, key=lambda pair: pair[0], default=(0.0, None))
    return remote, usd
