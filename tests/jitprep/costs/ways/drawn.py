"""Measurements and plans that Hypothesis draws."""

from __future__ import annotations

from hypothesis import strategies as st

from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.plan import TrainingPlan
from jitprep.costs.ways.case import Case
from tests.jitprep.costs.given import OVERHEADS, PRICES

measured = st.builds(
    Measured,
    ms=st.floats(0.01, 2000),
    bytes_in=st.floats(1, 5e7),
    bytes_out=st.floats(1, 2e7),
    base_mb=st.floats(40, 200),
    working_mb=st.floats(0, 500),
    samples=st.just(6),
    gets=st.sampled_from([1, 1, 4, 12]),
    range_bytes=st.floats(1, 5e7),
)
plans = st.builds(
    TrainingPlan,
    objects=st.integers(1, 10**9),
    epochs=st.integers(1, 300),
    arch=st.sampled_from(["x86_64", "arm64"]),
    memory_mb=st.none() | st.sampled_from([1769, 10_240]),
    gpu=st.sampled_from(sorted(name for name, row in PRICES.instances.items() if row.gpus)),
    train_ms=st.just(0.0) | st.floats(0, 10),
    months=st.floats(0, 24),
    stackable=st.booleans(),
    random=st.booleans(),
    s3_ms=st.floats(0, 200),
    lambda_speed=st.none() | st.floats(0.2, 5),
    server=st.sampled_from(sorted(PRICES.spot)),
    utilisation=st.floats(0.01, 1),
    shard=st.integers(1, 10_000),
    packed=st.booleans(),
    load_balancer=st.booleans(),
    across_zones=st.booleans(),
    private_subnet=st.booleans(),
    kms=st.booleans(),
)
cases = st.builds(Case, measured, plans, st.just(PRICES), st.just(OVERHEADS))
