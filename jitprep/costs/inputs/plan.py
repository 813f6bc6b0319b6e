"""The user's plan: what is trained where, and what cannot be measured here."""

from __future__ import annotations

from dataclasses import dataclass

from jitprep.costs.inputs.prices import Arch

# Graviton2, which runs Lambda's arm64, has about 0.6 of the speed of the processors that pipelines are
# measured on. This is an estimate; nothing was run on Lambda.
_LAMBDA_SPEED: dict[Arch, float] = {"arm64": 0.6, "x86_64": 1.0}
# Largest values of a plan. They are beyond any, and products of them remain finite.
MOST_OBJECTS, MOST_EPOCHS, MOST_MONTHS, MOST_GB = 10**12, 10**6, 1200, 1e9
MOST_MS = 1e9
# Disks that are part of an instance, in units of 10^9 bytes, by memory and not looked up since:
# https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html
_DISKS_GB = {
    "g5.xlarge": 250,
    "g5.2xlarge": 450,
    "g6.xlarge": 250,
    "g6e.xlarge": 250,
    "g6e.2xlarge": 450,
    "p4d.24xlarge": 8_000,
    "p5.48xlarge": 30_720,
    "p5en.48xlarge": 30_720,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """The user's plan, and quantities that cannot be measured here.

    Parameters
    ----------
    objects : int
        Objects in the data set.
    epochs : int
        How often each is read.
    arch : {"x86_64", "arm64"}
        Architecture of Lambda and of Fargate.
    memory_mb : int or None
        Memory of the function; None for the cheapest that the template takes.
    gpu : str
        Type of the instance that trains.
    train_ms : float
        Time in milliseconds for which one GPU trains on one object. All GPUs of the instance train
        at once, and share its vCPUs.
    months : float
        Time that copies are stored.
    stackable : bool
        Whether a batched invocation can stack the results: one shape, in an encoding that stacks.
    random : bool
        Whether the pipeline draws. A stored copy would repeat one draw in every epoch.
    s3_ms : float
        Time that the function waits for one request to S3.
    lambda_speed : float or None
        Speed of Lambda's CPU relative to this machine's; None for the architecture's.
    server : str
        Type of the EC2 instances that run servers and Managed Instances.
    utilisation : float
        Share of a server's CPU time that is used, above 0 and at most 1. The rest is paid for too.
    shard : int
        Objects per shard, at least 1, where the data set or its copies are stored in shards.
    packed : bool
        Whether the originals are in shards already.
    load_balancer, across_zones : bool
        Whether servers are behind an Application Load Balancer, or in another zone than the trainer.
    private_subnet : bool
        Whether the trainer is in a subnet without a route to the internet. Its reads of Function URLs
        pass a NAT gateway, and its calls of Lambda an interface endpoint.
    kms : bool
        Whether objects are encrypted with SSE-KMS without bucket keys, so that each request is billed.
    disk_gb : float or None
        Space for results on the trainer's own disk, in units of 10^9 bytes; None for that of its type.
    """

    objects: int
    epochs: int = 10
    arch: Arch = "arm64"
    memory_mb: int | None = None
    gpu: str = "g5.xlarge"
    train_ms: float = 0.0
    months: float = 1.0
    stackable: bool
    random: bool = False
    s3_ms: float = 50.0
    lambda_speed: float | None = None
    server: str = "c8g.large"
    utilisation: float = 0.7
    shard: int = 1000
    packed: bool = False
    load_balancer: bool = False
    across_zones: bool = False
    private_subnet: bool = False
    kms: bool = False
    disk_gb: float | None = None

    @property
    def speed(self) -> float:
        """Speed of Lambda's CPU relative to this machine's."""
        return _LAMBDA_SPEED[self.arch] if self.lambda_speed is None else self.lambda_speed

    @property
    def space_gb(self) -> float:
        """Space for results on the trainer's disk, in units of 10^9 bytes; 0 where it is not known."""
        return _DISKS_GB.get(self.gpu, 0) if self.disk_gb is None else self.disk_gb


# What is assumed where nothing else is said.
DEFAULTS = TrainingPlan(objects=1_000_000, stackable=False)
