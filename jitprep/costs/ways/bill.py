"""Bill of each way to prepare samples: its charges, and what it takes of the training host."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

# What a charge is for: CPU and memory; requests to Lambda and S3, also LIST and HEAD; bytes that Object
# Lambda returns; logs; NAT gateways, interface endpoints, load balancers and transfer between zones;
# SSE-KMS; storage; and the training instance, while its GPUs wait.
ChargeKind = Literal["compute", "requests", "returned", "logs", "network", "KMS", "storage", "idle"]
KINDS: tuple[ChargeKind, ...] = get_args(ChargeKind)

# The training host's own cores: alone, from originals on its own disk, and with an overflow.
HOST, HOST_DISK = "own cores", "own cores, local disk"
OVERFLOW_LAMBDA, OVERFLOW_SERVER = "own cores + Lambda", "own cores + server"
# Ways that make single objects elsewhere, at each read.
OBJECT_LAMBDA, FUNCTION_URL, STREAMED_URL, INVOKE = (
    "Object Lambda",
    "Function URL",
    "streamed URL",
    "batched Invoke",
)
MANAGED = "Managed Instances"
FARGATE, EC2, EC2_SPOT = "Fargate server", "EC2 server", "EC2 spot server"
# Ways that read originals from shards.
SHARDS_HOST, SHARDS_OBJECT_LAMBDA, SHARDS_STREAMED_URL, SHARDS_SERVER = (
    f"shards, {name}" for name in (HOST, OBJECT_LAMBDA, STREAMED_URL, EC2_SPOT)
)
# Ways that store results once.
COPIES, COPIES_SHARDS, COPIES_EXPRESS, COPIES_DISK = (
    f"copies, {form}" for form in ("objects", "shards", "Express One Zone", "local disk")
)
HOST_WAYS = (HOST, OVERFLOW_LAMBDA, OVERFLOW_SERVER)
LAMBDA_WAYS = (OBJECT_LAMBDA, FUNCTION_URL, STREAMED_URL, INVOKE, MANAGED)
SERVER_WAYS = (FARGATE, EC2, EC2_SPOT)
SHARD_WAYS = (SHARDS_HOST, SHARDS_OBJECT_LAMBDA, SHARDS_STREAMED_URL, SHARDS_SERVER)
COPY_WAYS = (COPIES, COPIES_SHARDS, COPIES_EXPRESS, COPIES_DISK)
NAMES = (HOST, HOST_DISK, *HOST_WAYS[1:], *SERVER_WAYS, *LAMBDA_WAYS, *SHARD_WAYS, *COPY_WAYS)


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of a bill, in US dollars."""

    kind: ChargeKind
    what: str
    usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to prepare samples, and its cost.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    once, each_epoch : tuple of Charge
    host_ms : float
        CPU time of the training host per sample: to receive it, or to fetch and transform it.
    idle_s : float
        Seconds for which a GPU waits per epoch, added over the instance's GPUs.
    remote : float
        Share of the samples that are made elsewhere.
    via : str or None
        The way by which an overflow makes them.
    memory_mb, ms : int or None
        Memory and duration of an invocation, where there is one.
    objects : int
        Objects per request.
    """

    name: str
    once: tuple[Charge, ...]
    each_epoch: tuple[Charge, ...]
    host_ms: float
    idle_s: float
    remote: float = 1.0
    via: str | None = None
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

    def by_kind(self, epochs: float) -> Mapping[ChargeKind, float]:
        """Return the dollars for a number of epochs, by what they are for."""
        return {
            kind: math.fsum(c.usd for c in self.once if c.kind == kind)
            + epochs * math.fsum(c.usd for c in self.each_epoch if c.kind == kind)
            for kind in KINDS
        }


@dataclass(frozen=True, slots=True)
class Missing:
    """A way that is not possible, and why."""

    name: str
    reason: str
