"""Plan and bill of each way to preprocess."""

from __future__ import annotations

import math
from dataclasses import dataclass

from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.prices import Arch, Prices

OBJECT_LAMBDA, FUNCTION_URL, INVOKE = "Object Lambda", "Function URL", "batched Invoke"
FARGATE, EC2, EC2_SPOT = "Fargate server", "EC2 server", "EC2 spot server"
BACKFILL, GPU = "backfilled copies", "GPU instance"
LAMBDA_WAYS, SERVER_WAYS = (OBJECT_LAMBDA, FUNCTION_URL, INVOKE), (FARGATE, EC2, EC2_SPOT)
# The ways that store nothing and read objects one by one or in batches, each by a GET of its own.
JUST_IN_TIME = (*LAMBDA_WAYS, *SERVER_WAYS)
# Ways that read shards, by one GET each.
SHARDS_OBJECT_LAMBDA, SHARDS_EC2_SPOT, SHARDS_GPU = (
    f"shards, {name}" for name in (OBJECT_LAMBDA, EC2_SPOT, GPU)
)
SHARD_WAYS = (SHARDS_OBJECT_LAMBDA, SHARDS_EC2_SPOT, SHARDS_GPU)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """The user's plan, and quantities that cannot be measured here.

    Parameters
    ----------
    objects : int
        Objects in the data set.
    arch : {"x86_64", "arm64"}
        Architecture of Lambda and of Fargate.
    memory_mb : int or None
        Memory of the function; None for the cheapest.
    gpu : str
        Type of the instance that trains.
    train_ms : float
        Training time per object in milliseconds, in which preparing the next one is free.
    months : float
        Time that copies are stored.
    stackable : bool
        Whether a batched invocation can stack the results: one shape, in an encoding that stacks.
    overhead_ms : float
        CPU time of a request in addition to the transform.
    s3_ms : float
        Time that the function waits for one request to S3.
    speed : float
        Speed of Lambda's CPU relative to this machine's.
    server : str
        Type of the EC2 instances that run the server.
    utilisation : float
        Share of the server's CPU time that is used, above 0 and at most 1. The rest is paid for too.
    shard : int
        Objects per shard, at least 1, where the data set is stored in shards.
    """

    objects: int
    arch: Arch = "arm64"
    memory_mb: int | None = None
    gpu: str = "g5.xlarge"
    train_ms: float = 0.0
    months: float = 1.0
    stackable: bool
    overhead_ms: float = 5.0
    s3_ms: float = 50.0
    speed: float = 1.0
    server: str = "c8g.large"
    utilisation: float = 0.7
    shard: int = 1000


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of a bill, in US dollars."""

    what: str
    usd: float


@dataclass(frozen=True, slots=True)
class Way:
    """A way to preprocess, and its cost.

    Parameters
    ----------
    name : str
    once, each_epoch : tuple of Charge
    memory_mb, ms : int or None
        Memory and duration of an invocation, where there is one.
    objects : int
        Objects per request.
    """

    name: str
    once: tuple[Charge, ...]
    each_epoch: tuple[Charge, ...]
    memory_mb: int | None = None
    ms: int | None = None
    objects: int = 1

    @property
    def fixed(self) -> float:
        """Dollars before the first epoch."""
        return math.fsum(charge.usd for charge in self.once)

    @property
    def slope(self) -> float:
        """Dollars per epoch."""
        return math.fsum(charge.usd for charge in self.each_epoch)

    def total(self, epochs: float) -> float:
        """Return the dollars for a number of epochs."""
        return self.fixed + epochs * self.slope


@dataclass(frozen=True, slots=True)
class Missing:
    """A way that is not possible, and why."""

    name: str
    reason: str


def charge_gets(gets: int, prices: Prices) -> Charge:
    """Return the charge of a number of GETs."""
    return Charge("S3 GET", gets * prices.s3_get.usd)


def charge_returned(measured: Measured, plan: TrainingPlan, prices: Prices) -> Charge:
    """Return the charge of the results of an epoch that Object Lambda returns.

    AWS's example counts a million times 500 KB as 500 GB.
    """
    return Charge(
        "data returned", plan.objects * measured.bytes_out / 10**9 * prices.object_lambda_gb.usd
    )


def charge_idle(measured: Measured, plan: TrainingPlan, prices: Prices) -> Charge:
    """Return the charge of an epoch in which the GPU waits for its host's CPUs."""
    instance = prices.instances[plan.gpu]
    idle_ms = max(0.0, measured.ms / instance.vcpus - plan.train_ms)
    return Charge("idle instance", plan.objects * idle_ms / 3_600_000 * instance.usd)
