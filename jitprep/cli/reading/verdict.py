"""What limits a loader, and one change that can help."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jitprep.cli.reading.measurement import LoaderRun
from jitprep.cli.reading.stages import SampleStages
from jitprep.costs.inputs.overheads import load_overheads
from jitprep.costs.inputs.plan import TrainingPlan
from jitprep.costs.inputs.prices import SHIPPED, load_prices
from jitprep.costs.ways.case import Case
from jitprep.costs.ways.overflow import OverflowPrice, price_overflow
from preprocessing import Pipeline

# From this share of the model's rate on, the loader keeps up with it.
_KEEPS_UP = 0.9
# From this share of their time on, workers compute all the time, but for noise.
_BUSY = 0.7
# Images per second whose price is given where the model's speed is not known.
_PRICED = 100.0
_REGION = "us-east-1"


class Limit(StrEnum):
    """What keeps the loop from being faster."""

    MODEL = "model"
    CPU = "cpu"
    WORKERS = "workers"
    SOURCE = "source"
    CONSUMER = "consumer"


LIMITS = {
    Limit.MODEL: "the model",
    Limit.CPU: "this machine's CPUs",
    Limit.WORKERS: "the number of workers",
    Limit.SOURCE: "the store, the network or the server: workers wait for bytes",
    Limit.CONSUMER: "the loop's own process, which puts batches together",
}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What limits a loader, and what to change.

    Parameters
    ----------
    limit : Limit
    remedy : str
        One sentence.
    overflow : OverflowPrice or None
        Price of what the machine cannot make, or of a hundred images per second where the model's speed
        is not known; None where overflow does not help.
    """

    limit: Limit
    remedy: str
    overflow: OverflowPrice | None = None


def find_limit(run: LoaderRun) -> Limit:
    """Return what limits a run."""
    taken = run.model_images_per_s
    if taken is not None and run.stats.images_per_s >= _KEEPS_UP * taken:
        return Limit.MODEL
    if run.busy < _BUSY:
        computes = run.own_use.cpu_s / run.stats.seconds
        return Limit.CONSUMER if run.workers and computes >= _BUSY else Limit.SOURCE
    return Limit.WORKERS if run.workers < run.cpus else Limit.CPU


def judge(run: LoaderRun, pipeline: Pipeline | None, stages: SampleStages | None) -> Verdict:
    """Return what limits a run, and a remedy.

    Parameters
    ----------
    run : LoaderRun
    pipeline : Pipeline or None
        What this machine runs; None where it reads results.
    stages : SampleStages or None
    """
    limit = find_limit(run)
    cpu, queued = run.worker_use
    if limit in {Limit.CPU, Limit.WORKERS} and queued > cpu and run.workers <= run.cpus:
        remedy = (
            "other processes use the CPUs too: workers waited for one "
            f"{min(queued / run.worker_s, 1):.0%} of their time; end them, and measure again"
        )
        return Verdict(limit=Limit.CPU, remedy=remedy)
    if limit is Limit.CPU and run.max_remote is not None:
        remedy = (
            f"the overflow made {run.stats.remote:,} of {run.stats.images:,} images; give it more CPUs, "
            f"or let it have more than {run.max_remote:,} under way (--max-remote)"
        )
        return Verdict(limit=limit, remedy=remedy)
    if limit is Limit.CPU and pipeline is not None:
        return _with_overflow(run, pipeline, stages)
    return Verdict(limit=limit, remedy=_remedy(limit, run, computes=pipeline is not None))


def _remedy(limit: Limit, run: LoaderRun, *, computes: bool) -> str:
    match limit:
        case Limit.MODEL:
            return "none: the loader keeps up with the model"
        case Limit.WORKERS:
            cpus = f"{run.cpus} CPUs" if run.cpus > 1 else "1 CPU"
            return f"use all {cpus}: --workers {run.cpus}, or num_workers={run.cpus} in the loader"
        case Limit.CONSUMER:
            return "end the pipeline in a step of fixed size, so that workers write into the batch"
        case Limit.CPU:
            return "results of fewer bytes, such as uint8 in place of float32, take less CPU to receive"
        case Limit.SOURCE:
            more = f"more workers (--workers {2 * max(run.workers, 1)}) wait for more at once"
            if computes:
                return (
                    f"keep the originals nearer, in the machine's region or on its disk; or {more}"
                )
            return f"give the server or the function more CPUs; or {more}"


def _with_overflow(run: LoaderRun, pipeline: Pipeline, stages: SampleStages | None) -> Verdict:
    made, taken = run.stats.images_per_s, run.model_images_per_s
    if taken is None and stages is not None and stages.decodes_too_much:
        remedy = (
            f"an original has {stages.shrinks:,.0f} pixels for each of the result's, and "
            f"{stages.decode_share:.0%} of the transform decodes them: smaller copies of the "
            "originals cost less CPU, and change results"
        )
        return Verdict(limit=Limit.CPU, remedy=remedy)
    short = _PRICED if taken is None else max(taken - made, 1.0)
    price = _price(pipeline, stages, short)
    overflow = f"overflow of {short:,.0f}/s"
    if taken is None:
        said = f"if your model takes more than {made:,.0f} images/s: {overflow}"
    else:
        said = f"this machine makes {made:,.0f} images/s, your model takes {taken:,.0f}: {overflow}"
    if price is None:
        return Verdict(limit=Limit.CPU, remedy=f"{said}, or a machine with more CPUs")
    return Verdict(limit=Limit.CPU, remedy=f"{said} costs {_priced(price)}", overflow=price)


def _price(
    pipeline: Pipeline, stages: SampleStages | None, images_per_s: float
) -> OverflowPrice | None:
    if stages is None or stages.measured is None:
        return None
    plan = TrainingPlan(objects=1, stackable=pipeline.stacks, random=pipeline.random)
    case = Case(stages.measured, plan, load_prices(SHIPPED)[_REGION], load_overheads())
    return price_overflow(case, images_per_s)


def _priced(price: OverflowPrice) -> str:
    machines = f"{price.machines:,} × {price.server}"
    server = f"${price.server_usd:,.2f} an hour on a server ({machines})"
    ways = (
        server
        if price.lambda_usd is None
        else f"${price.lambda_usd:,.2f} an hour in Lambda ({price.lambda_way}), or {server}"
    )
    return (
        f"{ways}, by AWS's list prices in {_REGION}, {price.oldest} to {price.newest}; GETs of "
        f"originals in S3, ${price.s3_get_usd:,.2f} an hour, are not counted"
    )
