"""Three workloads by hand: photographs, speech and video. Each row is within 5% of arithmetic on paper.

The workloads are those of an audit: five million photographs of 110 kB, Whisper's features of 960 kB,
and clips of 1.2 MB. The prices are AWS's of November 2026, the overheads those of the tests, round ones.
Lambda has 1,769 MB, one vCPU, of arm64 at the speed of this machine: $0.0000230342 a second.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from jitprep.costs.ways.bill import (
    COPIES,
    COPIES_DISK,
    COPIES_EXPRESS,
    COPIES_SHARDS,
    EC2,
    EC2_SPOT,
    FARGATE,
    FUNCTION_URL,
    HOST,
    HOST_DISK,
    INVOKE,
    MANAGED,
    OBJECT_LAMBDA,
    OVERFLOW_LAMBDA,
    OVERFLOW_SERVER,
    SHARDS_HOST,
    SHARDS_OBJECT_LAMBDA,
    SHARDS_SERVER,
    SHARDS_STREAMED_URL,
    STREAMED_URL,
    Way,
)
from jitprep.costs.ways.model import ways
from tests.jitprep.costs.given import MEASURED, OVERHEADS, PLAN, PRICES

SECOND = 1769 / 1024 * 0.0000133334  # of a function of one vCPU
SPOT, ON_DEMAND = 0.0319 / 2, 0.07976 / 2  # a vCPU of c8g.large for an hour
FARGATE_VCPU = 0.03238 + 2 * 0.00356  # with 2 GB
GIVEN = replace(PLAN, memory_mb=1769, lambda_speed=1.0, utilisation=0.5, disk_gb=2000)

PHOTOS = replace(MEASURED, ms=1.1, bytes_in=110_000, range_bytes=110_000)
SPEECH = replace(MEASURED, ms=20.0, bytes_in=500_000, range_bytes=500_000, bytes_out=960_000)
VIDEO = replace(
    MEASURED, ms=300.0, bytes_in=4_000_000, bytes_out=1_204_224, gets=13, range_bytes=3_000_000
)


def bills(took, plan):
    found = ways(took, plan, PRICES, OVERHEADS)
    return {way.name: (way.fixed, way.slope) for way in found if isinstance(way, Way)}


def within_5_percent(found, by_hand):
    assert found.keys() == by_hand.keys()
    for name, (once, epoch) in by_hand.items():
        assert found[name] == (
            pytest.approx(once, rel=0.05, abs=0.0005),
            pytest.approx(epoch, rel=0.05, abs=0.0005),
        ), name


def test_five_million_photographs():
    """1.1 ms each, 110 kB in, 150,656 bytes out; one GPU with 4 vCPUs that trains 0.5 ms on each.

    The host has 2 ms of CPU for each and needs 1.1 + 0.4 + 0.11 = 1.61, so it keeps up, and it receives
    results in less. No GPU waits. GETs cost $2.00 an epoch, listing once 5,000 × $0.000005 = $0.025.
    """
    plan = replace(GIVEN, objects=5_000_000, train_ms=0.5)
    million_s = 5_000  # 5 million times a millisecond
    hours = 5e6 * 1e-3 / 3600 / 0.5  # of a server's vCPU for each millisecond, half of it unused
    line = 280 / 1e9 * 0.5  # what Lambda logs of an invocation
    logs = 5e6 * (1342 / 1e9 * 0.5 + line)  # $3.355, as the audit has, and $0.70
    month = 753.28 / 1.0737 * 0.023  # 5 million × 150,656 bytes: $16.14
    originals = 550 / 1.0737 * 0.023  # 5 million × 110 kB: $11.78
    backfill = 2.00 + 0.025 + 1.61 * hours * SPOT
    packed = 0.025 + 2.00 + 0.51 * hours * SPOT + (65_565 + 10_000) * 5e-6 + originals
    epoch_hours = 5e6 * 0.5 / 3.6e6
    within_5_percent(
        bills(PHOTOS, plan),
        {
            HOST: (0.025, 2.00),
            HOST_DISK: (2.025, 0.0),
            # 1.1 + 2.0 + 0.15 ms of CPU, and 50 ms for each of two requests
            OBJECT_LAMBDA: (
                0.025,
                2.00 + 1.00 + 104 * million_s * SECOND + 753.28 * 0.005 + logs,
            ),
            FUNCTION_URL: (0.025, 2.00 + 1.00 + 53 * million_s * SECOND + logs),
            STREAMED_URL: (0.025, 2.00 + 1.00 + 53 * million_s * SECOND + logs),
            # 161,291 batches of 31, which wait twice for S3 and compute 31 × 1.85 ms meanwhile
            INVOKE: (
                0.025,
                2.00 + 0.0323 + 161_291 * (0.108 * SECOND + line) + 5e6 * 50 / 1e9 * 0.5,
            ),
            # three instances of two vCPUs are on for 0.69 hours; used are 5.1
            MANAGED: (
                0.025,
                2.00 + 0.0323 + 1.85 * hours * ON_DEMAND * 1.15 + 0.125 + 161_291 * line,
            ),
            FARGATE: (0.025, 2.00 + 2.175 * hours * FARGATE_VCPU),
            EC2: (0.025, 2.00 + 2.175 * hours * ON_DEMAND),
            EC2_SPOT: (0.025, 2.00 + 2.175 * hours * SPOT),
            SHARDS_HOST: (packed, 5_000 * 4e-7),
            # 5,000 shards, each 1,000 × (1.1 + 0.5 + 0.075) ms and two requests
            SHARDS_OBJECT_LAMBDA: (
                packed,
                0.002 + 0.001 + 5_000 * 1.775 * SECOND + 753.28 * 0.005 + 0.005,
            ),
            # 150.7 MB each: 6.3 leave at once, and the rest in 68.8 s
            SHARDS_STREAMED_URL: (
                packed,
                0.002 + 0.001 + 5_000 * 68.9 * SECOND + 0.005,
            ),
            SHARDS_SERVER: (packed, 0.002 + 1.675 * hours * SPOT),
            COPIES: (backfill + 25.00 + month, 2.00),
            # 89,798 parts of 8 MiB are written; the audit also reads them so, for $0.036 an epoch
            COPIES_SHARDS: (backfill + (89_798 + 10_000) * 5e-6 + month, 5_000 * 4e-7),
            COPIES_EXPRESS: (
                backfill + 5 * 1.13 + 701.55 * 0.0032 + 701.55 * 0.11,
                5 * 0.03 + 701.55 * 0.0006,
            ),
            COPIES_DISK: (2.025, 0.0),
        },
    )
    assert epoch_hours == pytest.approx(0.694, abs=0.001)
    # The audit: $18.81 once for shards of results.
    assert bills(PHOTOS, plan)[COPIES_SHARDS][0] == pytest.approx(18.81, rel=0.05)


def test_whispers_features_beside_eight_gpus():
    """20 ms each, 500 kB in, 960 kB out; 192 vCPUs beside 8 GPUs that each train 0.8 ms on one.

    The host has 192 × 0.1 = 19.2 ms of CPU for each, and needs 20 + 0.4 + 0.5 = 20.9: its GPUs would
    wait for 0.00885 ms a sample, at $55.04 an hour. From a server it receives one in 1.16 ms, so it
    needs (20.9 − 19.2) / (20.9 − 1.16) = 8.61% of them from there; by Lambda's batches as many.
    """
    plan = replace(GIVEN, objects=1_000_000, gpu="p5.48xlarge", train_ms=0.8)
    listed, get = 0.005, 0.40
    idle = 1e6 * 0.008854 / 3.6e6 * 55.04  # $0.1354
    hours = 1e6 * 1e-3 / 3600 / 0.5
    logs, batches = (1342 + 280) * 1e6 / 1e9 * 0.5, 0.05 + 0.025 + 0.035
    month, originals = 960 / 1.0737 * 0.023, 500 / 1.0737 * 0.023
    backfill = listed + get + 20.9 * hours * SPOT
    # 59,605 parts of 8 MiB, and two requests for each shard of 200
    packed = listed + get + 0.9 * hours * SPOT + (59_605 + 10_000) * 5e-6 + originals
    plan = replace(plan, shard=200)
    within_5_percent(
        bills(SPEECH, plan),
        {
            HOST: (listed, get + idle),
            # 20 + 0.1 + 0.1 ms: (20.2 − 19.2) / 192 ms of waiting
            HOST_DISK: (listed + get, 1e6 * 0.00521 / 3.6e6 * 55.04),
            # 250,000 batches of 4: requests, log lines of rows, and Lambda's own
            OVERFLOW_LAMBDA: (
                listed,
                get + 0.0861 * (batches + 250 * (50 + 4 * 21.56) * SECOND),
            ),
            OVERFLOW_SERVER: (listed, get + 0.0861 * 21.48 * hours * SPOT),
            OBJECT_LAMBDA: (
                listed,
                get + 0.20 + 122.96 * 1000 * SECOND + 960 * 0.005 + logs,
            ),
            FUNCTION_URL: (listed, get + 0.20 + 72.46 * 1000 * SECOND + logs),
            STREAMED_URL: (listed, get + 0.20 + 71.98 * 1000 * SECOND + logs),
            INVOKE: (listed, get + batches + 250 * (50 + 4 * 21.56) * SECOND),
            MANAGED: (listed, get + batches + 21.56 * hours * ON_DEMAND * 1.15),
            FARGATE: (listed, get + 21.48 * hours * FARGATE_VCPU),
            EC2: (listed, get + 21.48 * hours * ON_DEMAND),
            EC2_SPOT: (listed, get + 21.48 * hours * SPOT),
            # 20 + 0.1 + 0.5 ms on the host: (20.6 − 19.2) / 192 ms of waiting
            SHARDS_HOST: (packed, 0.002 + 1e6 * 0.00729 / 3.6e6 * 55.04),
            # 5,000 shards of 200, each 200 × (20 + 0.5 + 0.48) ms and two requests
            SHARDS_OBJECT_LAMBDA: (
                packed,
                0.002 + 0.001 + 5_000 * 4.296 * SECOND + 4.80 + 0.001,
            ),
            # 192 MB each: 185.7 MB at 2 MiB a second take 88.6 s
            SHARDS_STREAMED_URL: (packed, 0.003 + 5_000 * 88.6 * SECOND + 0.001),
            SHARDS_SERVER: (packed, 0.002 + 20.98 * hours * SPOT),
            COPIES: (backfill + 5.00 + month, get),
            # 114,441 parts of 8 MiB
            COPIES_SHARDS: (backfill + 124_441 * 5e-6 + month, 0.002),
            COPIES_EXPRESS: (
                backfill + 1.13 + 894.07 * 0.0032 + 894.07 * 0.11,
                0.03 + 894.07 * 0.0006,
            ),
            COPIES_DISK: (listed + get + idle, 0.0),
        },
    )


def test_random_clips_in_a_private_subnet():
    """300 ms each, 13 requests, 1.2 MB out, encrypted with KMS; 4 vCPUs beside a GPU at 20 ms a clip.

    The host needs 300 + 13 × 0.4 + 3 = 308.2 ms and has 80, so its GPU waits for 57.05 ms a clip. A
    result takes 1.4 ms to receive, so (308.2 − 80) / (308.2 − 1.4) = 74.4% of them come from a server.
    Lambda's answers pass an interface endpoint for $1.61, which costs more than the GPU's waiting,
    $1.28, so no clip overflows there. No copies, because the pipeline is random. An epoch takes 0.556
    hours.
    """
    plan = replace(
        GIVEN,
        objects=100_000,
        gpu="g6.xlarge",
        train_ms=20.0,
        random=True,
        private_subnet=True,
        kms=True,
    )
    reads = 1.3e6 * (4e-7 + 3e-6)  # GETs, and KMS for each
    listed = 0.0005
    idle = 1e5 * 57.05 / 3.6e6 * 0.8048
    nat = 120.4 * 0.045 + 0.556 * 0.045
    link = 120.4 * 4 / 3 * 0.01 + 0.556 * 0.01
    hours = 1e5 * 1e-3 / 3600 / 0.5
    logs = (1342 + 280) * 1e5 / 1e9 * 0.5
    calls = 1e5 / 3  # batches of three clips
    whole = 1e5 * (4e-7 + 3e-6)  # each clip of a batch is read by one request
    invoked = whole + calls * (2e-7 + (50 + 3 * 301.8) / 1000 * SECOND + 1.4e-7) + 0.0025
    packed = (
        listed
        + 1e5 * (4e-7 + 3e-6)
        + 4.4 * hours * SPOT  # 0.4 + 4 ms to read one
        + (47_684 + 200) * (5e-6 + 3e-6)
        + 400 / 1.0737 * 0.023
    )
    found = bills(VIDEO, plan)
    within_5_percent(
        found,
        {
            HOST: (listed, reads + idle),
            # 300 + 0.1 + 0.8 ms: the GPU waits for 55.2 ms a clip
            HOST_DISK: (listed + whole, 1e5 * 55.2 / 3.6e6 * 0.8048),
            OVERFLOW_SERVER: (listed, reads + 0.744 * 301.6 * hours * SPOT),
            OBJECT_LAMBDA: (
                listed,
                reads + 0.02 + 1003.2 * 100 * SECOND + 120.4 * 0.005 + logs + nat,
            ),
            FUNCTION_URL: (listed, reads + 0.02 + 952.7 * 100 * SECOND + logs + nat),
            STREAMED_URL: (listed, reads + 0.02 + 952.1 * 100 * SECOND + logs + nat),
            INVOKE: (listed, invoked + link),
            MANAGED: (
                listed,
                whole + calls * 3.4e-7 + 301.8 * hours * ON_DEMAND * 1.15 + 0.0025 + link,
            ),
            FARGATE: (listed, reads + 301.6 * hours * FARGATE_VCPU),
            EC2: (listed, reads + 301.6 * hours * ON_DEMAND),
            EC2_SPOT: (listed, reads + 301.6 * hours * SPOT),
            # 304.1 ms of CPU: the GPU waits for 56.03 ms a clip
            SHARDS_HOST: (packed, 100 * 3.4e-6 + 1e5 * 56.03 / 3.6e6 * 0.8048),
            SHARDS_SERVER: (packed, 100 * 3.4e-6 + 301.1 * hours * SPOT),
        },
    )
    assert found[OVERFLOW_SERVER][1] < found[EC2_SPOT][1] < found[HOST][1]
