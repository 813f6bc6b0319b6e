"""What `jitprep simulate` prints."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich import box
from rich.table import Table

from jitprep.cli.console import out
from jitprep.costs.answers.wording import dollars
from jitprep.costs.simulation.advice import Advice
from jitprep.costs.simulation.outcome import Outcome
from jitprep.costs.simulation.scenario import FunctionDoor, ManagedDoor, Scenario
from jitprep.costs.ways.bill import Charge
from jitprep.costs.ways.case import Case


def print_simulation(
    title: str,
    scenario: Scenario,
    outcome: Outcome,
    charges: Sequence[Charge],
    advice: Advice,
    case: Case,
) -> None:
    """Print what to do, the figures of an epoch with its bill, and what is assumed."""
    out.print(verdict_line(outcome), soft_wrap=True, markup=False)
    out.print(f"Recommended: {advice_line(scenario, advice)}\n", soft_wrap=True, markup=False)
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column("one epoch")
    table.add_column("simulated", justify="right")
    for name, value in simulation_rows(scenario, outcome, charges):
        table.add_row(name, value)
    out.print(table)
    out.print("Assumptions", style="bold")
    for line in _assumptions(scenario, case):
        out.print(f"- {line}", soft_wrap=True, markup=False)


def verdict_line(outcome: Outcome) -> str:
    """Return whether a real epoch would end."""
    if outcome.gave_up:
        failed = f"{outcome.gave_up:,} requests take more tries than a client makes"
        return f"A real job would fail: {failed}."
    refused = outcome.throttled_429 + outcome.slow_503 - outcome.store_503
    tries = f", with {refused:,} reads tried again" if refused else ""
    return f"The epoch takes {duration(outcome.epoch_s)}{tries}."


def simulation_rows(
    scenario: Scenario, outcome: Outcome, charges: Sequence[Charge]
) -> list[tuple[str, str]]:
    """Return the names and the values of an epoch's figures."""
    server_503 = outcome.slow_503 - outcome.store_503
    idle = ("readers' time spent waiting (GPU idle)", f"{outcome.idle:.1%}")
    return [
        ("time of the epoch", duration(outcome.epoch_s)),
        ("samples per second", f"{outcome.samples_per_s:,.0f}"),
        *((idle,) if scenario.step_ms else ()),
        ("429 from Lambda", f"{outcome.throttled_429:,}"),
        ("503 from S3, to the door", f"{outcome.store_503:,}"),
        ("503 to readers", f"{server_503:,}"),
        ("requests that take more tries than a client", f"{outcome.gave_up:,}"),
        ("read, p50", f"{outcome.p50_ms:,.0f} ms"),
        ("read, p99", f"{outcome.p99_ms:,.0f} ms"),
        *((charge.what, dollars(charge.usd)) for charge in charges),
        ("together", dollars(math.fsum(charge.usd for charge in charges))),
    ]


def advice_line(scenario: Scenario, advice: Advice) -> str:
    """Return the recommendation as a sentence."""
    epoch = advice.outcome
    if isinstance(scenario.door, FunctionDoor):
        start = f"{advice.readers:,} readers, started over {advice.ramp_s:g} s, with a concurrency "
        start += f"of {advice.size:,}"
        if advice.size > scenario.door.concurrency:
            start += f", a quota to ask AWS for (--concurrency is {scenario.door.concurrency:,})"
    else:
        what = "environments" if isinstance(scenario.door, ManagedDoor) else "workers"
        start = f"{advice.size:,} {what} from the beginning"
    most = advice.readers if isinstance(scenario.door, FunctionDoor) else advice.size
    more = " Twice as many would save less than 5%." if most < scenario.readers else ""
    return (
        f"{start}. The epoch takes {duration(epoch.epoch_s)}, with {epoch.throttled_429:,} answers 429 "
        f"and {epoch.slow_503:,} answers 503.{more}"
    )


def duration(seconds: float) -> str:
    """Return a time in seconds, or from two minutes on in minutes and seconds."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s"


def _assumptions(scenario: Scenario, case: Case) -> Iterator[str]:
    door, store, measured = scenario.door, scenario.store, case.measured
    yield (
        f"{measured.samples} samples measured here, {measured.ms:.3g} ms of CPU on average; overheads "
        f"are of {case.overheads.date}, on {case.overheads.machine}."
    )
    yield f"A request to S3 takes {case.plan.s3_ms:g} ms (--s3-ms), which was not measured."
    yield (
        f"S3 answers {store.gets_per_s:,.0f} GETs/s in each partition, and begins with {store.prefixes} "
        "(--prefixes). They double after 30 minutes above that, which AWS does not document."
    )
    if isinstance(door, FunctionDoor):
        yield (
            f"Lambda's {case.plan.arch} has {case.plan.speed:g} of this machine's speed. It starts "
            f"1,000 environments in 10 s, each in {door.cold_start_ms:g} ms (--cold-start-ms), and "
            "takes 10 requests per second for each unit of concurrency."
        )
    elif door.scaling is None:
        yield "The number of workers is fixed (--max-workers)."
    else:
        yield (
            f"Autoscaling keeps processors {door.scaling.target:.0%} busy, and a worker starts in "
            f"{door.scaling.boot_s:g} s."
        )
    yield "Readers do not read ahead: one reads, trains and reads again. Nothing was run on AWS."
