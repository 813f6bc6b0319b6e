"""Invoke with many keys: each row of the tensor is what a single read returns."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jitprep.service import batch
from jitprep.service.config import config
from jitprep.service.deadline import Budget, Deadline
from jitprep.service.errors import RequestFailed
from jitprep.service.source import original

from ....scripted_s3 import Answer, Context
from .invoking import BAD, KEYS, LINE, array_of, etag_of, expected, one, put, several


@pytest.mark.parametrize("views", ["", "views:2/"])
@pytest.mark.parametrize("encoding", ["npy", "npy:hwc", "safetensors:key=batch"])
def test_each_row_equals_a_single_read(photos, ask, encoding, views):
    spec = f"{views}random_resized_crop:16/{encoding}"
    keys = [*KEYS, *reversed(KEYS)]  # which may be named twice
    answer = ask(several(*keys, spec=spec, seed=3))
    assert (answer["statusCode"], answer["keys"], answer["errors"]) == (200, keys, [])
    singles = [ask(one(key=key, spec=spec, seed=3)) for key in keys]
    assert answer["etags"] == [single["headers"]["ETag"] for single in singles]
    stacked = np.stack([array_of(single) for single in singles])
    np.testing.assert_array_equal(array_of(answer), stacked)
    assert array_of(answer).dtype == stacked.dtype
    headers = answer["headers"]
    assert headers["Content-Type"] == singles[0]["headers"]["Content-Type"]
    assert headers["x-amz-meta-jitprep-shape"] == ",".join(map(str, stacked.shape))
    for name in ("pipeline", "fingerprint", "dtype", "seed"):
        meta = f"x-amz-meta-jitprep-{name}"
        assert headers[meta] == singles[0]["headers"][meta]


def test_several_arrays_for_each_object_are_refused(photos, ask):
    spec = "views:1,key=a/resize:8,8/views:1,key=b/resize:8,8/safetensors"
    answer = ask(several(*KEYS, spec=spec))
    assert answer["statusCode"] == 400
    assert "returns several arrays (a 1×8×8×3 uint8, b 1×8×8×3 uint8)" in str(answer)
    assert ask(one(key=KEYS[0], spec=spec))["statusCode"] == 200


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(keys=st.lists(st.sampled_from([*KEYS, *BAD]), min_size=1, max_size=9))
def test_objects_that_cannot_be_read_are_reported_beside_the_rest(mixed, ask, keys):
    answer = ask(several(*keys, **LINE))
    good = [key for key in keys if key not in BAD]
    assert (answer["statusCode"], answer["keys"]) == (200, good)
    assert answer["etags"] == [etag_of(key) for key in good]
    told = [(e["key"], (e["statusCode"], e["errorCode"])) for e in answer["errors"]]
    assert told == [(key, BAD[key]) for key in keys if key in BAD]
    assert all(len(error["errorMessage"]) > 4 for error in answer["errors"])
    assert ("body" in answer) == ("isBase64Encoded" in answer) == bool(good)
    if good:
        rows = [np.load(io.BytesIO(expected(mixed, key).body)) for key in good]
        np.testing.assert_array_equal(array_of(answer), np.stack(rows))


def test_the_log_line_sums_up(mixed, ask, capsys, monkeypatch):
    monkeypatch.setenv("JITPREP_METRICS", "jitprep")
    config.cache_clear()
    ask(several(*KEYS, "no.jpg", **LINE))
    line = json.loads(capsys.readouterr().out)
    assert (line["door"], line["status"], line["rows"], line["failed"]) == ("invoke", 200, 3, 1)
    assert line["bytesIn"] == sum(map(len, mixed.values()))
    assert line["bytesOut"] > 3 * 3 * 16 * 16
    assert {"fetch", "transform", "stack", "reply", "total"} <= line["ms"].keys()
    assert "key" not in line
    counted = line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    assert {"Name": "Rows", "Unit": "Count"} in counted
    assert {"Name": "FailedRows", "Unit": "Count"} in counted
    assert (line["Rows"], line["FailedRows"]) == (3, 1)


def test_a_defect_is_the_keys_own_and_its_place_is_logged(photos, ask, monkeypatch, capsys):
    def fill(*_, **__):
        raise KeyError("SECRET")

    monkeypatch.setattr(batch.Stack, "fill", fill)
    answer = ask(several(*KEYS[:1], **LINE))
    assert [error["errorCode"] for error in answer["errors"]] == ["InternalError"]
    out = capsys.readouterr().out
    assert "SECRET" not in out
    defect = json.loads(out.splitlines()[0])
    assert (defect["error"], defect["requestId"]) == ("KeyError", Context.aws_request_id)
    assert any("fill" in place for place in defect["traceback"])


def test_objects_that_are_late_are_reported_beside_the_rest(photos, s3, ask):
    ask(several(KEYS[0], **LINE))  # a first request imports and connects, which may take a second
    put(s3, "late.jpg", photos[KEYS[0]], delay_s=3)
    for _ in range(2):  # threads of the first may still be at work
        answer = ask(several(KEYS[0], "late.jpg", KEYS[1], **LINE), remaining_ms=1500)
        assert answer["keys"] == [KEYS[0], KEYS[1]]
        ((error),) = answer["errors"]
        assert (error["key"], error["statusCode"], error["errorCode"]) == (
            "late.jpg",
            503,
            "DeadlineExceeded",
        )
        rows = [np.load(io.BytesIO(expected(photos, key).body)) for key in KEYS[:2]]
        np.testing.assert_array_equal(array_of(answer), np.stack(rows))


@pytest.mark.parametrize("event", [one(**LINE), several(*KEYS[:2], **LINE)])
def test_a_store_that_sends_byte_after_byte_holds_no_thread(photos, ask, monkeypatch, event):
    left = threading.Semaphore(0)

    def drip(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nA: ")
            while True:
                connection.sendall(b"b")
                time.sleep(0.005)
        left.release()

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=drip, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        config.cache_clear()
        assert "DeadlineExceeded" in str(ask(event, remaining_ms=500))
        for _ in range(len(event.get("keys", [1]))):
            assert left.acquire(timeout=10), "its connection is still open"
        server.shutdown(socket.SHUT_RDWR)
    config.cache_clear()


def test_every_object_is_reported_where_all_are_late(photos, s3, ask):
    ask(several(KEYS[0], **LINE))
    put(s3, "late.jpg", photos[KEYS[0]], delay_s=3)
    answer = ask(several("late.jpg", "late.jpg", **LINE), remaining_ms=400)
    assert [error["errorCode"] for error in answer["errors"]] == ["DeadlineExceeded"] * 2
    assert (answer["statusCode"], answer["keys"], "body" in answer) == (200, [], False)
    assert ask(several(KEYS[0], **LINE))["keys"] == [KEYS[0]]


def test_reading_continues_while_others_are_transformed(photos, s3, ask, monkeypatch):
    """The first maker waits for the last read, which would be a deadlock if reads waited for makers."""
    read, fill = threading.Event(), batch.Stack.fill

    def slow(self, row, data, **how):
        if row == 0:
            assert read.wait(10)
        return fill(self, row, data, **how)

    def fetch(self, row):
        result = real(self, row)
        if row == 2:
            read.set()
        return result

    real = batch._Work._fetch
    monkeypatch.setattr(batch.Stack, "fill", slow)
    monkeypatch.setattr(batch._Work, "_fetch", fetch)
    assert ask(several(*KEYS, **LINE))["keys"] == [*KEYS]


def test_no_more_bytes_are_held_than_one_object_may_have():
    budget = Budget(10)
    soon = Deadline.of(60_000)
    budget.take(7, soon)
    with pytest.raises(RequestFailed, match="ran out of time"):
        budget.take(4, Deadline.of(0))
    waiting = threading.Thread(target=budget.take, args=(10, soon))
    waiting.start()
    budget.give(7)
    waiting.join(10)
    assert not waiting.is_alive()


def test_s3s_errors_are_tried_again_for_each_key(photos, s3, ask, monkeypatch):
    monkeypatch.setattr(original, "_PAUSE_S", 0.0)
    s3.script = [Answer(503)] * 4
    assert ask(several(*KEYS, **LINE))["keys"] == [*KEYS]
