"""Cost of a way whose results a read-through store keeps, from its first epoch on."""

from __future__ import annotations

from dataclasses import replace

from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.prices import Prices
from jitprep.costs.ways.bill import Charge, TrainingPlan, Way
from jitprep.costs.ways.model import GIB, ways

# CPU of reading a copy, in ms: `python -m bench.train.store`, "folder, deterministic, warm".
READ_MS = 0.13


def with_store(
    way: Way, measured: Measured, plan: TrainingPlan, prices: Prices, *, in_s3: bool
) -> Way:
    """Return the same way with a store in S3, or in a folder of a disk that is paid for.

    A later read transforms nothing. It sends a HEAD for the original; with copies in S3 also a GET, for
    which the function is taken to wait twice as long. The first epoch looks for copies that are not
    there, reads the originals, and writes the copies, which are then stored.

    Parameters
    ----------
    way : Way
        One that prepares just in time, or on the training host.
    measured, plan, prices
        What the way was priced by.
    in_s3 : bool
    """
    n, request = plan.objects, prices.s3_get.usd
    waiting = replace(plan, s3_ms=(2 if in_s3 else 1) * plan.s3_ms)
    (later,) = (
        found
        for found in ways(replace(measured, ms=READ_MS), waiting, prices)
        if isinstance(found, Way) and found.name == way.name
    )
    warm, cold = later.each_epoch, (*way.each_epoch, Charge("S3 HEAD", n * request))
    if in_s3:
        stored = n * measured.bytes_out / GIB * plan.months
        warm += (Charge("S3 HEAD", n * request),)
        cold += (
            Charge("S3 GET of no copy", n * request),
            Charge("S3 PUT", n * prices.s3_put.usd),
            Charge("storage", stored * prices.s3_gb_month.usd),
        )
    less = Charge("less an epoch of copies", -sum(charge.usd for charge in warm))
    return replace(way, once=(*cold, less), each_epoch=warm)
