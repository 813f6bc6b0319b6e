"""Batched invocations, single reads and video: what an invocation waits for, and what it logs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from jitprep.costs.ways.bill import FUNCTION_URL, INVOKE, OBJECT_LAMBDA, STREAMED_URL
from jitprep.costs.ways.model import ways
from jitprep.service.lambda_limits import max_body_bytes
from tests.jitprep.costs.given import MEASURED, OVERHEADS, PLAN, PRICES

GIVEN = replace(PLAN, memory_mb=1769, lambda_speed=1.0)


def way(name, took=MEASURED, plan=GIVEN):
    (found,) = (w for w in ways(took, plan, PRICES, OVERHEADS) if w.name == name)
    return found


def test_a_batch_fills_one_response():
    found = way(INVOKE)
    assert found.objects == max_body_bytes() // (150_656 + 96) == 31
    assert (
        way(INVOKE, replace(MEASURED, bytes_out=200)).objects == 1000
    )  # the limit of keys per call
    assert way(INVOKE, plan=replace(GIVEN, objects=3)).objects == 3
    requests = next(c.usd for c in found.each_epoch if c.what == "Lambda requests")
    assert requests == pytest.approx(math.ceil(1e6 / 31) * 0.0000002)


@pytest.mark.parametrize(
    ("ms", "lasts"),
    [
        (4.0, 50 + 31 * (4 + 0.6 + 0.150656)),  # computing hides all reads but the first
        (0.01, 50 + 50),  # 31 rows are two rounds of the 16 reads at once
    ],
)
def test_a_batch_waits_for_what_computing_does_not_hide(ms, lasts):
    assert way(INVOKE, replace(MEASURED, ms=ms)).ms == math.ceil(lasts)


def test_the_reads_of_a_video_follow_each_other():
    """13 requests to S3, and one more to answer through Object Lambda."""
    film = replace(MEASURED, ms=100.0, gets=13)
    assert way(FUNCTION_URL, film).ms == math.ceil(13 * 50 + 100 + 1.5 + 0.150656)
    assert way(OBJECT_LAMBDA, film).ms == math.ceil(14 * 50 + 100 + 2.0 + 0.150656)
    assert way(FUNCTION_URL, film).by_kind(1)["requests"] == pytest.approx(13 * 0.40 + 0.20 + 0.005)


def test_a_large_result_is_streamed_and_billed_while_it_leaves():
    large = replace(MEASURED, bytes_out=8 * 2**20)
    assert way(STREAMED_URL, large).ms == math.ceil(50 + 1000)


def test_logs_of_single_reads_and_of_batches():
    """1,342 bytes a read, and 50 a row; and Lambda's own 280 of each invocation."""
    assert way(FUNCTION_URL).by_kind(1)["logs"] == pytest.approx(1622 * 1e6 / 1e9 * 0.50)
    logged = 50 * 1e6 + 280 * math.ceil(1e6 / 31)
    assert way(INVOKE).by_kind(1)["logs"] == pytest.approx(logged / 1e9 * 0.50)
