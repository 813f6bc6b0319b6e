"""Amounts, counts and times as text, and what to do for each way in words."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context

from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.plan import TrainingPlan
from jitprep.costs.ways import bill
from jitprep.costs.ways.bill import Way

_DO = {
    bill.HOST: "prepare on its own cores",
    bill.HOST_DISK: "copy the originals once, {originals}, to its local disk, and prepare there",
    bill.OVERFLOW_LAMBDA: "prepare on its own cores, and {share} of the objects in Lambda ({via})",
    bill.OVERFLOW_SERVER: "prepare on its own cores, and {share} of the objects elsewhere ({via})",
    bill.FARGATE: "prepare on a Fargate server",
    bill.EC2: "prepare on an EC2 server",
    bill.EC2_SPOT: "prepare on an EC2 spot server",
    bill.OBJECT_LAMBDA: "prepare through Object Lambda",
    bill.FUNCTION_URL: "prepare through a Function URL",
    bill.STREAMED_URL: "prepare through a Function URL that streams",
    bill.INVOKE: "prepare in Lambda, by batched Invokes",
    bill.MANAGED: "prepare in Lambda, on Managed Instances",
    bill.SHARDS_HOST: "{pack}prepare on its own cores",
    bill.SHARDS_OBJECT_LAMBDA: "{pack}read them through Object Lambda",
    bill.SHARDS_STREAMED_URL: "{pack}read them through a Function URL that streams",
    bill.SHARDS_SERVER: "{pack}read them through an EC2 spot server",
    bill.COPIES: "store each result once, as an object",
    bill.COPIES_SHARDS: "store the results once, in shards",
    bill.COPIES_EXPRESS: "store each result once, in Express One Zone",
    bill.COPIES_DISK: "store the results once, {results}, on its local disk",
}


def what_to_do(way: Way, plan: TrainingPlan, measured: Measured) -> str:
    """Return what to do for a way, as a command in words."""
    pack = "read shards, and " if plan.packed else "pack the originals into shards, and "
    return _DO[way.name].format(
        share=percent(way.remote),
        via=way.via,
        pack=pack,
        originals=gigabytes(plan.objects * measured.bytes_in),
        results=gigabytes(plan.objects * measured.bytes_out),
    )


def dollars(usd: float) -> str:
    """Return an amount: to the cent, and from $1,000 on to the dollar."""
    return f"${usd:,.0f}" if abs(usd) >= 999.995 else f"${usd:,.2f}"


def gigabytes(nbytes: float) -> str:
    """Return bytes in units of 10^9, with three significant digits."""
    return f"{three_digits(nbytes / 10**9)} GB" if nbytes >= 10**6 else "under 0.001 GB"


def count_of(number: float, what: str) -> str:
    """Return a number and what is counted, in the plural where it is not one."""
    shown = f"{number:,}" if isinstance(number, int) else f"{number:g}"
    return f"{shown} {what}{'' if number == 1 else 's'}"


def three_digits(number: float, rounding: str = ROUND_HALF_EVEN) -> str:
    """Return a number with three significant digits, and commas; `rounding` is one of `decimal`'s."""
    value = Context(prec=3, rounding=rounding).create_decimal(repr(number)).normalize()
    return f"{value:,f}"


def rounded_down(number: float) -> str:
    """Return a threshold below which something holds, rounded down so that it is true as printed."""
    return three_digits(number, ROUND_FLOOR)


def rounded_up(number: float) -> str:
    """Return a threshold from which on something holds, rounded up so that it is true as printed."""
    return three_digits(number, ROUND_CEILING)


def percent(share: float) -> str:
    """Return a share; one that is neither none nor all is shown as neither."""
    if 0 < share < 0.005:
        return "under 1%"
    if 0.995 <= share < 1:
        return "over 99%"
    return f"{share:.0%}"
