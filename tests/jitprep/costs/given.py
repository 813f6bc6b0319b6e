"""Estimate that the tests vary."""

from __future__ import annotations

from jitprep.costs.estimate import Estimate
from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.prices import SHIPPED, load_prices
from jitprep.costs.ways.bill import TrainingPlan

PRICES = load_prices(SHIPPED)["us-east-1"]
MEASURED = Measured(
    ms=4.0, bytes_in=180_000, bytes_out=150_656, base_mb=64, working_mb=19, samples=6
)
PLAN = TrainingPlan(
    objects=1_000_000,
    arch="arm64",
    memory_mb=None,
    gpu="g5.xlarge",
    train_ms=0.0,
    months=1.0,
    stackable=True,
    overhead_ms=5.0,
    s3_ms=50.0,
    speed=1.0,
    server="c8g.large",
    utilisation=0.7,
    shard=1000,
)
ESTIMATE = Estimate(
    pipeline="resize:256/center_crop:224/npy",
    random=False,
    region="us-east-1",
    epochs=10,
    date="2026-11-25",
    machine="some processor",
    measured=MEASURED,
    plan=PLAN,
    prices=PRICES,
)
