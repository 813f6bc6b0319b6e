"""Doors as they are set up on AWS for a measured pipeline, and what an epoch through them costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from jitprep.costs.inputs.overheads import Overhead
from jitprep.costs.simulation.outcome import Outcome
from jitprep.costs.simulation.scenario import (
    Autoscaling,
    Door,
    FunctionDoor,
    ManagedDoor,
    ServerDoor,
    ServiceTime,
)
from jitprep.costs.ways.bill import Charge, Missing
from jitprep.costs.ways.case import GB, Case
from jitprep.costs.ways.function import (
    ANSWER_BYTES,
    MOST_VCPUS,
    rows_of_a_batch,
    streaming_ms,
)
from jitprep.costs.ways.invocation import VCPU_MB
from jitprep.costs.ways.server import MANAGED_INSTANCES
from jitprep.costs.ways.shards import no_stream

# The template's defaults: one vCPU; and for Managed Instances 4,096 MB, 2 GiB a vCPU, and 4 requests.
MEMORY_MB, MANAGED_VCPUS, MANAGED_REQUESTS = VCPU_MB, 2.0, 4
_MANAGED_TARGET, _MANAGED_BOOT_S, _MANAGED_EVERY_S = 0.5, 300.0, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """How large a door is.

    Parameters
    ----------
    concurrency : int
        Environments of Lambda's default mode.
    cold_start_ms : float
    workers, max_workers : int
        Workers of a server or environments of Managed Instances, in the beginning and by autoscaling.
    boot_s : float
        Time in which a server's worker starts.
    """

    concurrency: int
    cold_start_ms: float
    workers: int
    max_workers: int
    boot_s: float


@dataclass(frozen=True, slots=True)
class Setup:
    """A door, and the CPU time in milliseconds of the reader's host to receive one sample."""

    door: Door
    receive_ms: float


def object_lambda_setup(case: Case, each_ms: Sequence[float], sizing: Sizing) -> Setup | Missing:
    """Return reads through an access point, which write each answer by another request."""
    return _single(case, each_ms, sizing, case.overheads.object_lambda, requests=1)


def url_setup(case: Case, each_ms: Sequence[float], sizing: Sizing) -> Setup | Missing:
    """Return reads of a Function URL that buffers."""
    if case.measured.bytes_out > ANSWER_BYTES:
        reason = (
            f"results of {case.measured.bytes_out:,.0f} bytes exceed the {ANSWER_BYTES:,} that "
        )
        return Missing("url", f"{reason}Lambda returns whole")
    return _single(case, each_ms, sizing, case.overheads.function_url, requests=0)


def invoke_setup(case: Case, each_ms: Sequence[float], sizing: Sizing) -> Setup | Missing:
    """Return invocations of as many rows as fit into an answer."""
    rows = rows_of_a_batch(case, "invoke")
    if isinstance(rows, Missing):
        return rows
    own = case.overheads.invoke
    vcpus = min(rows, MOST_VCPUS, _vcpus(case))
    service = ServiceTime(
        cpu_ms=_cpu_ms(case, each_ms, own, case.plan.speed * vcpus), wait_ms=case.plan.s3_ms
    )
    door = replace(
        _function(case, sizing, service),
        samples_per_request=rows,
        gets_per_request=rows,
        # Reading and computing overlap, once the first originals are there.
        gets_at_once=rows,
    )
    return Setup(door, own.receiving_ms(case.measured.bytes_out))


def streamed_shards_setup(case: Case, each_ms: Sequence[float], sizing: Sizing) -> Setup | Missing:
    """Return shards by a Function URL that streams: one GET, and bytes beyond 6 MB at 2 MB/s."""
    own, size = case.overheads.shard_streamed_url, case.shard_samples
    nbytes = size * case.measured.bytes_out
    if (reason := no_stream(case)) is not None:
        return Missing("streamed-shards", reason)
    speed = case.plan.speed * min(1.0, _vcpus(case))
    service = ServiceTime(cpu_ms=_cpu_ms(case, each_ms, own, speed), wait_ms=case.plan.s3_ms)
    door = replace(
        _function(case, sizing, service), samples_per_request=size, send_ms=streaming_ms(nbytes)
    )
    return Setup(door, own.receiving_ms(case.measured.bytes_out))


def managed_setup(case: Case, each_ms: Sequence[float], sizing: Sizing) -> Setup | Missing:
    """Return single reads through Managed Instances, of the template's size."""
    own = case.overheads.function_url
    door = ManagedDoor(
        service=_reads(case, each_ms, own, speed=1.0, requests=0),
        environments=sizing.workers,
        requests_at_once=MANAGED_REQUESTS,
        vcpus=MANAGED_VCPUS,
        scaling=_scaling(sizing, _MANAGED_TARGET, _MANAGED_BOOT_S, _MANAGED_EVERY_S),
        gets_per_request=_gets(case),
        gets_at_once=1,
    )
    return Setup(door, own.receiving_ms(case.measured.bytes_out))


def server_setup(case: Case, each_ms: Sequence[float], sizing: Sizing) -> Setup | Missing:
    """Return reads of `jitprep serve`, with one worker for each vCPU, scaled by their CPU."""
    own = case.overheads.server
    door = ServerDoor(
        service=_reads(case, each_ms, own, speed=1.0, requests=0),
        workers=sizing.workers,
        scaling=_scaling(sizing, case.plan.utilisation, sizing.boot_s, 15.0),
        gets_per_request=_gets(case),
        gets_at_once=1,
    )
    return Setup(door, own.receiving_ms(case.measured.bytes_out))


SETUPS: dict[str, Callable[[Case, Sequence[float], Sizing], Setup | Missing]] = {
    "object-lambda": object_lambda_setup,
    "url": url_setup,
    "streamed-shards": streamed_shards_setup,
    "invoke": invoke_setup,
    "managed": managed_setup,
    "server": server_setup,
}


def charge_outcome(name: str, door: Door, outcome: Outcome, case: Case) -> tuple[Charge, ...]:
    """Return what an epoch costs: requests, compute, GETs, and bytes that Object Lambda returns.

    Logs, networks and the host's idle GPUs are not part of it: `jitprep cost` has them.
    """
    prices, plan, used = case.prices, case.plan, outcome.usage
    gets = case.gets(used.gets)
    if isinstance(door, FunctionDoor):
        gb_s = used.function_s * door.memory_mb / 1024
        charges = (
            Charge("requests", "Lambda requests", used.requests * prices.lambda_request.usd),
            Charge("compute", "Lambda GB-seconds", gb_s * prices.lambda_gb_second(plan.arch)),
        )
        if name != "object-lambda":
            return *charges, *gets
        returned = outcome.samples * case.measured.bytes_out / GB * prices.object_lambda_gb.usd
        return *charges, *gets, Charge("returned", "data returned", returned)
    machine = prices.instances[plan.server]
    if isinstance(door, ServerDoor):
        hours = used.machine_s / 3600 / machine.vcpus
        return Charge("compute", "machine hours", hours * machine.usd), *gets
    hours = used.machine_s / 3600 * door.vcpus / machine.vcpus
    hours = max(hours, MANAGED_INSTANCES * outcome.epoch_s / 3600)
    usd = machine.usd * (1 + prices.managed_share.usd)
    return (
        Charge("compute", "machine hours", hours * usd),
        Charge("requests", "Lambda requests", used.requests * prices.managed_request.usd),
        *gets,
    )


def _single(
    case: Case, each_ms: Sequence[float], sizing: Sizing, own: Overhead, *, requests: int
) -> Setup:
    speed = case.plan.speed * min(1.0, _vcpus(case))
    service = _reads(case, each_ms, own, speed=speed, requests=requests)
    door = replace(_function(case, sizing, service), gets_per_request=_gets(case), gets_at_once=1)
    return Setup(door, own.receiving_ms(case.measured.bytes_out))


def _reads(
    case: Case, each_ms: Sequence[float], own: Overhead, *, speed: float, requests: int
) -> ServiceTime:
    """Return the time of one sample: GETs one after another, other requests to S3, and the CPU's."""
    waits = (_gets(case) + requests) / _gets(case)
    return ServiceTime(cpu_ms=_cpu_ms(case, each_ms, own, speed), wait_ms=waits * case.plan.s3_ms)


def _cpu_ms(case: Case, each_ms: Sequence[float], own: Overhead, speed: float) -> tuple[float, ...]:
    return tuple((ms + own.cpu_ms(case.measured.bytes_out)) / speed for ms in each_ms)


def _function(case: Case, sizing: Sizing, service: ServiceTime) -> FunctionDoor:
    return FunctionDoor(
        service=service,
        concurrency=sizing.concurrency,
        cold_start_ms=sizing.cold_start_ms,
        memory_mb=_memory_mb(case),
    )


def _scaling(sizing: Sizing, target: float, boot_s: float, every_s: float) -> Autoscaling | None:
    if sizing.max_workers <= sizing.workers:
        return None
    return Autoscaling(most=sizing.max_workers, target=target, boot_s=boot_s, every_s=every_s)


def _gets(case: Case) -> int:
    return max(1, round(case.measured.gets))


def _memory_mb(case: Case) -> int:
    return MEMORY_MB if case.plan.memory_mb is None else case.plan.memory_mb


def _vcpus(case: Case) -> float:
    return _memory_mb(case) / VCPU_MB
