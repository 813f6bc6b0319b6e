"""Inputs of all bills together, and the charges that several ways have."""

from __future__ import annotations

import math
from dataclasses import dataclass

from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.overheads import Overheads
from jitprep.costs.inputs.plan import TrainingPlan
from jitprep.costs.inputs.prices import Instance, Prices
from jitprep.costs.ways.bill import Charge

GB = 10**9
# AWS's examples of storage use units of 2^30 bytes.
GIB = 2**30
MS_PER_HOUR = 3_600_000
# What clients read and write at a time of a large object: `aws s3 cp` and boto3's transfers.
TRANSFER_BYTES = 8 * 2**20
_KEYS_PER_LIST = 1000


@dataclass(frozen=True, slots=True)
class Case:
    """What a bill is computed from.

    Parameters
    ----------
    measured : Measured
    plan : TrainingPlan
        Its `gpu` and `server` must be of ``prices.instances``.
    prices : Prices
    overheads : Overheads
    """

    measured: Measured
    plan: TrainingPlan
    prices: Prices
    overheads: Overheads

    @property
    def instance(self) -> Instance:
        """The instance that trains."""
        return self.prices.instances[self.plan.gpu]

    @property
    def gpus(self) -> int:
        """GPUs that train at once."""
        return max(1, self.instance.gpus)

    @property
    def own_ms(self) -> float:
        """CPU time in which the training host fetches a sample from S3 and transforms it."""
        measured, own = self.measured, self.overheads.original
        reads_ms = measured.gets * own.receive_ms
        return measured.ms + reads_ms + own.receive_mb_ms * measured.range_bytes / 10**6

    @property
    def own_shard_ms(self) -> float:
        """CPU time in which the training host reads a sample of a shard and transforms it."""
        own = self.overheads.shard_original
        return self.measured.ms + own.receiving_ms(self.measured.bytes_in)

    @property
    def stored_ms(self) -> float:
        """CPU time in which a machine reads a sample, as originals are stored, and transforms it."""
        return self.own_shard_ms if self.plan.packed else self.own_ms

    @property
    def stored_objects(self) -> int:
        """Objects in which originals are stored."""
        return self.shards if self.plan.packed else self.plan.objects

    @property
    def stored_gets(self) -> float:
        """GETs for an epoch of originals as they are stored."""
        return self.shards if self.plan.packed else self.own_gets

    @property
    def own_gets(self) -> float:
        """GETs for an epoch of single originals."""
        return self.plan.objects * self.measured.gets

    @property
    def paced_ms(self) -> float:
        """CPU time per sample that the host has while its GPUs train on one: where it just keeps up."""
        return self.instance.vcpus * self.plan.train_ms / self.gpus

    @property
    def shard_samples(self) -> int:
        """Samples of a shard."""
        return min(self.plan.shard, self.plan.objects)

    @property
    def shards(self) -> int:
        """Shards of the data set."""
        return math.ceil(self.plan.objects / self.shard_samples)

    def downloads(self) -> tuple[Charge, ...]:
        """Return the charges of listing the originals, and of reading each whole, once."""
        return self.listing(self.stored_objects), *self.gets(self.stored_objects)

    def crowded(self, nbytes: float) -> str | None:
        """Return why so many bytes do not fit on the host's own disk, or None where they do."""
        space = self.plan.space_gb
        if nbytes / GB <= space:
            return None
        return f"it takes {nbytes / GB:,.0f} GB, and the disk holds {space:,.0f} GB (--disk-gb)"

    def gets(self, count: float, what: str = "S3 GET") -> tuple[Charge, ...]:
        """Return the charges of a number of GETs or HEADs of S3."""
        return self._requests(count, what, self.prices.s3_get.usd)

    def puts(self, count: float, what: str = "S3 PUT") -> tuple[Charge, ...]:
        """Return the charges of a number of PUTs of S3."""
        return self._requests(count, what, self.prices.s3_put.usd)

    def _requests(self, count: float, what: str, usd: float) -> tuple[Charge, ...]:
        made = Charge("requests", what, count * usd)
        if not self.plan.kms:
            return (made,)
        return made, Charge("KMS", f"SSE-KMS, {what}", count * self.prices.kms_request.usd)

    def parts(self, nbytes: float, objects: int) -> int:
        """Return the requests that move a number of bytes, of so many large objects, in parts."""
        return max(objects, math.ceil(nbytes / TRANSFER_BYTES))

    def listing(self, objects: int) -> Charge:
        """Return the charge of listing the originals once, before the first epoch."""
        pages = math.ceil(objects / _KEYS_PER_LIST)
        return Charge("requests", "S3 LIST", pages * self.prices.s3_put.usd)

    def stored(self, nbytes: float, gb_month: float) -> Charge:
        """Return the charge of storing bytes for the months of the plan."""
        return Charge("storage", "storage", nbytes / GIB * self.plan.months * gb_month)

    def logs(self, nbytes: float) -> Charge:
        """Return the charge of log lines."""
        return Charge("logs", "CloudWatch Logs", nbytes / GB * self.prices.logs_gb.usd)

    def nat(self, nbytes: float, hours: float) -> tuple[Charge, ...]:
        """Return the charges of a NAT gateway for results, where the trainer has no way around one."""
        if not self.plan.private_subnet:
            return ()
        usd = nbytes / GB * self.prices.nat_gb.usd + hours * self.prices.nat_hour.usd
        return (Charge("network", "NAT gateway", usd),)

    def private_link(self, nbytes: float, hours: float) -> tuple[Charge, ...]:
        """Return the charges of an interface endpoint of Lambda, in one zone, for answers."""
        if not self.plan.private_subnet:
            return ()
        prices = self.prices
        usd = nbytes / GB * prices.private_link_gb.usd + hours * prices.private_link_hour.usd
        return (Charge("network", "PrivateLink", usd),)

    def idle_ms(self, host_ms: float) -> float:
        """Return for how long all GPUs wait per sample that takes so much of the host's CPU."""
        instance = self.instance
        return max(0.0, host_ms / instance.vcpus - self.plan.train_ms / self.gpus)

    def idle(self, host_ms: float) -> Charge:
        """Return the charge of an epoch in which GPUs wait for their host's CPUs."""
        hours = self.plan.objects * self.idle_ms(host_ms) / MS_PER_HOUR
        return Charge("idle", "waiting GPUs", hours * self.instance.usd)

    def idle_s(self, host_ms: float) -> float:
        """Return the seconds for which a GPU waits in an epoch, added over the GPUs."""
        return self.plan.objects * self.idle_ms(host_ms) * self.gpus / 1000

    def hours(self, host_ms: float) -> float:
        """Return the hours of an epoch, in which either the GPUs or the host's CPUs are busy."""
        ms = max(host_ms / self.instance.vcpus, self.plan.train_ms / self.gpus)
        return self.plan.objects * ms / MS_PER_HOUR
