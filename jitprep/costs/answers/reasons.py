"""Why an answer is as it is: the host's time, copies, and Lambda beside servers."""

from __future__ import annotations

import math

from jitprep.costs.answers.breakeven import cheaper_from, idle_share, own_way, vcpus_per_gpu
from jitprep.costs.answers.verdict import Decision
from jitprep.costs.answers.wording import (
    count_of,
    dollars,
    gigabytes,
    percent,
    rounded_down,
    three_digits,
)
from jitprep.costs.estimate import Estimate
from jitprep.costs.simulation.scenario import Store
from jitprep.costs.ways.bill import COPY_WAYS, EC2, EC2_SPOT, SHARDS_SERVER
from jitprep.costs.ways.case import MS_PER_HOUR
from jitprep.costs.ways.invocation import VCPU_MB

_S3 = Store()


def reasons(estimate: Estimate, decision: Decision) -> list[str]:
    """Return sentences that say why the best way is the best, and the others are not."""
    return [
        _host(estimate, decision),
        *_margin(estimate, decision),
        *_rates(estimate),
        *_receiving(estimate, decision),
        *_copies(estimate),
        _vcpus(estimate),
        *_utilisation(estimate, decision),
        *_size(estimate),
    ]


def _host(estimate: Estimate, decision: Decision) -> str:
    plan, host, gpu = estimate.plan, decision.host, estimate.prices.instances[estimate.plan.gpu]
    vcpus, every = vcpus_per_gpu(estimate), three_digits(decision.keeping_up_ms)
    hours = plan.objects * plan.train_ms / max(gpu.gpus, 1) / MS_PER_HOUR
    waits = percent(idle_share(host, estimate))
    return (
        f"The host takes {three_digits(host.host_ms)} ms of CPU to fetch and prepare an object. With "
        f"{vcpus:g} vCPUs per GPU it has one every {every} ms for each GPU, which trains on one for "
        f"{plan.train_ms:g} ms (--train-ms). So its GPUs wait for {waits} of the time on own cores. "
        f"Training alone costs {dollars(hours * gpu.usd)} per epoch more, which no row includes."
    )


def _margin(estimate: Estimate, decision: Decision) -> list[str]:
    """Return a warning where a host keeps up by less than a factor of two."""
    if not decision.keeps_up or estimate.plan.train_ms >= 2 * decision.keeping_up_ms:
        return []
    return [
        "The host only just keeps up. This machine's thread counts as a vCPU of the instance, where two "
        "share a core: measure there with `jitprep read`."
    ]


def _rates(estimate: Estimate) -> list[str]:
    """Return what the training reads per second, which the network and S3 must give."""
    plan, measured = estimate.plan, estimate.measured
    if plan.train_ms == 0:
        return []
    per_s = max(estimate.prices.instances[plan.gpu].gpus, 1) * 1000 / plan.train_ms
    return [
        f"Training takes {per_s:,.0f} objects per second: {gigabytes(per_s * measured.bytes_in)}/s of "
        f"originals or {gigabytes(per_s * measured.bytes_out)}/s of results. The network and the store "
        f"must give that. S3 answers {_S3.gets_per_s:,.0f} GETs per second for each prefix."
    ]


def _receiving(estimate: Estimate, decision: Decision) -> list[str]:
    """Return what receiving results takes of the host."""
    vcpus, lines = vcpus_per_gpu(estimate), []
    for way in (decision.on_server, decision.in_lambda):
        if way is not None:
            least = rounded_down(way.host_ms / vcpus)
            lines.append(
                f"{way.name}: receiving a result takes {three_digits(way.host_ms)} ms of the host's "
                f"CPU. GPUs wait for that where training takes less than {least} ms."
            )
    return lines


def _copies(estimate: Estimate) -> list[str]:
    own, found = own_way(estimate), [way for way in estimate.open if way.name in COPY_WAYS]
    if not found:
        return []
    each = []
    for way in found:
        epochs = cheaper_from(own, way)
        since = "never" if epochs is None else f"from {count_of(epochs, 'epoch')} on"
        each.append(f"{way.name.removeprefix('copies, ')} {since}")
    return [f"Stored results cost less than own cores: {', '.join(each)}."]


def _vcpus(estimate: Estimate) -> str:
    plan, prices = estimate.plan, estimate.prices
    gpu, server = prices.instances[plan.gpu], prices.instances[plan.server]
    in_lambda = prices.lambda_gb_second(plan.arch) * 3600 * VCPU_MB / 1024
    spot = prices.spot.get(plan.server)
    on_spot = f", and on spot ${spot.usd / spot.vcpus:.3f}" if spot else ""
    return (
        f"A vCPU costs ${in_lambda:.3f} per hour of use in Lambda ({plan.arch}), "
        f"${gpu.usd / gpu.vcpus:.3f} per hour of waiting on {plan.gpu}, and "
        f"${server.usd / server.vcpus:.3f} per hour on {plan.server}, used or not{on_spot}."
    )


def _utilisation(estimate: Estimate, decision: Decision) -> list[str]:
    """Return the utilisation from which the server costs less than the function."""
    server, function, epochs = decision.on_server, decision.in_lambda, decision.epochs
    if server is None or function is None or server.name not in {EC2, EC2_SPOT, SHARDS_SERVER}:
        return []
    compute = server.by_kind(epochs)["compute"]
    room = function.total(epochs) - (server.total(epochs) - compute)
    least = compute * estimate.plan.utilisation / room if room > 0 else 2.0
    if least > 1:
        return [f"The {server.name} costs more than the {function.name} at any utilisation."]
    return [
        f"The {server.name} costs less than {function.name} where more than {math.ceil(100 * least)}% "
        "of its CPU time is used (--utilisation)."
    ]


def _size(estimate: Estimate) -> list[str]:
    measured = estimate.measured
    if measured.bytes_out < measured.bytes_in:
        return []
    times = three_digits(measured.bytes_out / measured.bytes_in)
    return [
        f"Results are {times} times as large as originals: each way that sends or stores results moves "
        "more bytes than one that reads originals."
    ]
