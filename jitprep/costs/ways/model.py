"""All ways to prepare samples, as pure functions of measurements, prices and the user's plan.

Storage of the originals costs the same for each way and is left out. docs/cost/formulas.md has the
formulas.
"""

from __future__ import annotations

from collections.abc import Iterable

from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.overheads import Overheads
from jitprep.costs.inputs.plan import TrainingPlan
from jitprep.costs.inputs.prices import Prices
from jitprep.costs.ways.bill import (
    COPY_WAYS,
    HOST_DISK,
    NAMES,
    OVERFLOW_LAMBDA,
    OVERFLOW_SERVER,
    SHARD_WAYS,
    Missing,
    Way,
)
from jitprep.costs.ways.case import Case
from jitprep.costs.ways.copies import copies
from jitprep.costs.ways.function import function_url, invoke, object_lambda, streamed_url
from jitprep.costs.ways.host import overflow_way, own_cores, own_cores_from_disk
from jitprep.costs.ways.remote import Remote, price_remote
from jitprep.costs.ways.server import ec2, ec2_spot, fargate, managed_instances
from jitprep.costs.ways.shards import (
    shards_by_object_lambda,
    shards_by_server,
    shards_by_streamed_url,
    shards_on_host,
)


def ways(
    measured: Measured, plan: TrainingPlan, prices: Prices, overheads: Overheads
) -> tuple[Way | Missing, ...]:
    """Return every way, in the order of `NAMES`.

    `plan.gpu` and `plan.server` must be of ``prices.instances``.
    """
    case = Case(measured, plan, prices, overheads)
    servers, functions = server_remotes(case), lambda_remotes(case)
    in_shards = (
        shards_by_object_lambda(case),
        shards_by_streamed_url(case),
        shards_by_server(case),
    )
    found: tuple[Way | Missing, ...] = (
        own_cores(case),
        own_cores_from_disk(case),
        overflow_way(OVERFLOW_LAMBDA, case, _open(functions)),
        overflow_way(OVERFLOW_SERVER, case, _open(servers)),
        *(_priced(remote, case) for remote in (*servers, *functions, managed_instances(case))),
        shards_on_host(case),
        *(_priced(remote, case) for remote in in_shards),
        *copies(case),
    )
    by_name = {way.name: way for way in found}
    if plan.packed:
        by_name |= {
            name: Missing(name, "the originals are in shards (--packed)")
            for name in NAMES
            if name not in {HOST_DISK, *SHARD_WAYS, *COPY_WAYS}
        }
    return tuple(by_name[name] for name in NAMES)


def lambda_remotes(case: Case) -> tuple[Remote | Missing, ...]:
    """Return the ways that read single objects, or batches of them, through the function."""
    return object_lambda(case), function_url(case), streamed_url(case), invoke(case)


def server_remotes(case: Case) -> tuple[Remote | Missing, ...]:
    """Return the ways that read single objects through a server."""
    return fargate(case), ec2(case), ec2_spot(case)


def _open(remotes: Iterable[Remote | Missing]) -> tuple[Remote, ...]:
    return tuple(remote for remote in remotes if isinstance(remote, Remote))


def _priced(remote: Remote | Missing, case: Case) -> Way | Missing:
    return remote if isinstance(remote, Missing) else price_remote(remote, case)
