"""Inputs of a cost that the tests vary, with round overheads, so that bills can be computed by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jitprep.costs.estimate import Estimate
from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.overheads import Overhead, Overheads
from jitprep.costs.inputs.plan import TrainingPlan
from jitprep.costs.inputs.prices import SHIPPED, load_prices

PRICES = load_prices(SHIPPED)["us-east-1"]
MEASURED = Measured(
    ms=4.0,
    bytes_in=180_000,
    bytes_out=150_656,
    base_mb=64,
    working_mb=19,
    samples=6,
    gets=1,
    range_bytes=180_000,
)
PLAN = TrainingPlan(objects=1_000_000, stackable=True, disk_gb=1000)
OVERHEADS = Overheads(
    date="2026-12-01",
    machine="some processor",
    # CPU where it is made and per 10^6 bytes, CPU of the host and per 10^6 bytes, bytes of log lines
    object_lambda=Overhead(2.0, 1.0, 1.0, 1.0, 1342),
    function_url=Overhead(1.5, 1.0, 0.6, 1.0, 1342),
    streamed_url=Overhead(1.5, 0.5, 0.6, 1.0, 1342),
    invoke=Overhead(0.6, 1.0, 0.2, 1.0, 50),
    server=Overhead(1.0, 0.5, 0.2, 1.0, 0),
    shard_object_lambda=Overhead(0.5, 0.5, 0.1, 1.0, 2),
    shard_streamed_url=Overhead(0.5, 0.5, 0.1, 1.0, 2),
    shard_server=Overhead(0.5, 0.5, 0.1, 1.0, 1),
    original=Overhead(0.0, 0.0, 0.4, 1.0, 0),
    shard_original=Overhead(0.0, 0.0, 0.1, 1.0, 0),
    copy=Overhead(0.0, 0.0, 0.4, 1.0, 0),
    shard_copy=Overhead(0.0, 0.0, 0.1, 1.0, 0),
    disk_copy=Overhead(0.0, 0.0, 0.1, 0.2, 0),
)
ESTIMATE = Estimate(
    pipeline="resize:256/center_crop:224/npy",
    region="us-east-1",
    date="2026-12-01",
    machine="some processor",
    measured=MEASURED,
    plan=PLAN,
    prices=PRICES,
    overheads=OVERHEADS,
)


def changed(estimate: Estimate, **changes: Any) -> Estimate:
    """Return the estimate with changes to the plan and to the measurement."""
    plan = {name: value for name, value in changes.items() if hasattr(estimate.plan, name)}
    measured = {name: value for name, value in changes.items() if name not in plan}
    return replace(
        estimate,
        plan=replace(estimate.plan, **plan),
        measured=replace(estimate.measured, **measured),
    )
