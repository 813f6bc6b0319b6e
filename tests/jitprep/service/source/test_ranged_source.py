"""An original is read by ranges where part of it suffices: few, of one version, and verified."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from jitprep.service.config import config
from jitprep.service.deadline import Deadline
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import Presigned
from jitprep.service.source.opening import open_ranges
from jitprep.service.source.original import Original
from jitprep.service.source.ranged_source import MOST_REQUESTS, Ranges
from preprocessing import Pipeline
from tests.preprocessing.support.clips import clip, write

from ....scripted_s3 import Answer, Ranged, ScriptedS3, Written

SPEC = "sample_frames:3/resize:16,16/npy"
PAYLOAD = json.dumps({"spec": SPEC})


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


@pytest.fixture(scope="module")
def film() -> bytes:
    """A clip of noise, several megabytes large."""
    noise = np.random.default_rng(1).integers(0, 255, (120, 96, 128, 3), np.uint8)
    return write(frames=noise, options={"crf": "10", "preset": "ultrafast"}, gop=6)


@pytest.fixture
def ranged(s3: ScriptedS3, film: bytes) -> Ranged:
    s3.objects = Ranged(s3, film)  # type: ignore[assignment]
    return s3.objects  # type: ignore[return-value]


def opened(s3: ScriptedS3, headers: Mapping[str, str] = {}) -> Ranges | Original:
    origin = Presigned(f"{s3.url}/photos/a", headers)
    with open_ranges(origin, Deadline(time.monotonic() + 60)) as original:
        return original


def test_some_frames_take_some_of_the_bytes(s3, invoke, ranged, film, capsys):
    written = invoke(s3.event(PAYLOAD))
    assert written.body == Pipeline.parse(SPEC).encode(film).body
    assert all("range" in headers for headers in s3.gets)
    assert all(headers["if-match"] == '"source"' for headers in s3.gets[1:])
    assert "if-match" not in s3.gets[0]
    assert len(s3.gets) <= 8
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    lengths = [int(last) + 1 - int(first) for first, last in map(_ends, s3.gets)]
    assert line["bytesIn"] == sum(lengths) < len(film) / 3
    assert written.headers["x-amz-meta-owner"] == "me"


def _ends(headers: Mapping[str, str]) -> tuple[str, str]:
    first, _, last = headers["range"].removeprefix("bytes=").partition("-")
    return first, last


@pytest.mark.parametrize("spec", ["video/resize:16,16/npy", "resize:16,16/npy"])
def test_what_needs_all_reads_it_at_once(s3, invoke, ranged, spec):
    invoke(s3.event(json.dumps({"spec": spec})))
    assert ["range" in headers for headers in s3.gets] == [False]


def test_parts_are_the_bytes_and_are_counted(s3, ranged, film):
    original = opened(s3)
    assert isinstance(original, Ranges)
    assert (original.size, original.object_head.length, original.object_head.etag) == (
        len(film),
        len(film),
        '"source"',
    )
    assert original.bytes_read == 65536
    for start, length in ((0, 10), (65_000, 536), (65_000, 5000), (10**6, 7), (len(film) - 9, 9)):
        assert original.read_at(start, length) == film[start : start + length]
    assert original.bytes_read == 65536 + 5000 - 536 + 7 + 9
    assert len(s3.gets) == 4


FAULTS = {
    "slow down": Answer(503, body=b"<Error><Code>SlowDown</Code></Error>"),
    "cut off": Answer(206, {"Content-Range": "bytes 100000-100009/{size}"}, b"12345", 10),
    "too short": Answer(206, {"Content-Range": "bytes 100000-100009/{size}"}, b"12345"),
    "too long": Answer(206, {"Content-Range": "bytes 100000-100009/{size}"}, b"1" * 11),
    "another part": Answer(206, {"Content-Range": "bytes 7-16/{size}"}, b"1234567890"),
    "no part": Answer(206, {}, b"1234567890"),
    "headers cut off": Answer(206, cut_in_headers=True),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("times", [1, 4])
def test_a_fault_that_passes_is_not_noticed(s3, ranged, film, fault, times):
    original = opened(s3)
    s3.script = [_of(FAULTS[fault], film)] * times
    assert original.read_at(100_000, 10) == film[100_000:100_010]
    assert len(s3.gets) == times + 2


@pytest.mark.parametrize("fault", FAULTS)
def test_a_permanent_fault_is_reported_after_five_tries(s3, ranged, film, fault):
    original = opened(s3)
    s3.script = [_of(FAULTS[fault], film)] * 9
    with pytest.raises(RequestFailed) as caught:
        original.read_at(100_000, 10)
    assert caught.value.code in {"SlowDown", "SourceUnavailable"}
    assert len(s3.gets) == 6


def _of(answer: Answer, film: bytes) -> Answer:
    headers = {name: text.format(size=len(film)) for name, text in answer.headers.items()}
    return replace(answer, headers=headers)


def test_two_versions_are_never_mixed(s3, invoke, ranged, film):
    original = opened(s3)
    ranged.etag = '"new"'
    with pytest.raises(RequestFailed) as caught:
        original.read_at(100_000, 10)
    assert (caught.value.status, caught.value.code) == (503, "SourceUnavailable")
    assert "replaced" in caught.value.message
    # And of an S3 that does not know the condition.
    s3.script = [
        Answer(206, {"ETag": '"x"', "Content-Range": f"bytes 100000-100009/{len(film)}"}, b"1" * 10)
    ]
    with pytest.raises(RequestFailed, match="replaced"):
        original.read_at(100_000, 10)


def test_no_read_outlasts_the_deadline(s3, ranged):
    original = opened(s3)
    assert isinstance(original, Ranges)
    original._deadline = Deadline(time.monotonic())
    with pytest.raises(RequestFailed) as caught:
        original.read_at(100_000, 10)
    assert caught.value.code == "DeadlineExceeded"


@pytest.mark.parametrize("case", ["signed range", "ignored range", "empty"])
def test_where_ranges_do_not_work_it_is_read_whole(s3, ranged, film, case):
    if case == "empty":
        ranged.body = b""
    else:
        s3.script = [Answer(200, body=film)] * 2
    headers = {"Range": "bytes=0-"} if case == "signed range" else {}
    with open_ranges(
        Presigned(f"{s3.url}/photos/a", headers), Deadline(time.monotonic() + 60)
    ) as it:
        assert isinstance(it, Original)
        assert it.read(2**30) == ranged.body


def code_of(written: Written) -> tuple[int, str | None]:
    return written.status, written.code


def test_failures_reach_the_client_as_ever(s3, invoke, ranged):
    ranged.body = b""
    assert code_of(invoke(s3.event(PAYLOAD))) == (400, "EmptyObject")
    ranged.body = b"these are words"
    assert code_of(invoke(s3.event(PAYLOAD))) == (400, "UnknownFormat")
    ranged.body = clip("mp4")[:5000]
    assert code_of(invoke(s3.event(PAYLOAD))) == (400, "CorruptObject")
    s3.script = [Answer(404, body=b"<Error><Code>NoSuchKey</Code></Error>")]
    assert code_of(invoke(s3.event(PAYLOAD))) == (404, "NoSuchKey")


def test_a_fault_in_the_middle_of_the_video_reaches_the_client(s3, invoke, ranged, film):
    told = {"Content-Range": f"bytes 0-65535/{len(film)}"}
    busy = Answer(503, body=b"<Error><Code>SlowDown</Code></Error>")
    s3.script = [Answer(206, told, film[:65536]), *[busy] * 5]
    assert code_of(invoke(s3.event(PAYLOAD))) == (503, "SlowDown")


def test_a_condition_is_answered_before_more_is_read(s3, invoke, ranged):
    etag = invoke(s3.event(PAYLOAD)).headers["x-amz-fwd-header-etag"]
    del s3.gets[:]
    headers = {"Host": "h", "If-None-Match": etag}
    written = invoke(s3.event(PAYLOAD, headers=headers))
    assert written.status == 304
    assert len(s3.gets) == 1


def test_head_reads_nothing_where_the_shape_is_fixed(s3, ask, ranged):
    answer = ask(s3.event_of("HeadObject", PAYLOAD))
    size = Pipeline.parse(SPEC).output.nbytes
    assert answer["headers"]["Content-Length"] == size
    assert s3.gets == []


def test_head_reads_by_ranges_where_it_must(s3, ask, ranged, film):
    spec = "sample_fps:2/resize:16,16/npy"
    answer = ask(s3.event_of("HeadObject", json.dumps({"spec": spec})))
    body = Pipeline.parse(spec).encode(film).body
    assert answer["headers"]["Content-Length"] == len(body)
    assert s3.gets
    assert all("range" in headers for headers in s3.gets)


def test_the_limit_is_of_what_is_read(s3, invoke, ranged, film, monkeypatch):
    monkeypatch.setenv("JITPREP_MAX_BYTES", str(len(film) // 2))
    config.cache_clear()
    assert invoke(s3.event(PAYLOAD)).status == 200
    whole = json.dumps({"spec": "video/resize:16,16/npy"})
    assert code_of(invoke(s3.event(whole))) == (400, "ObjectTooLarge")


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_what_is_stored_under_a_coding_is_read_whole_and_decoded(s3, invoke, ranged, film, coding):
    ranged.more = {"Content-Encoding": coding}
    ranged.body = gzip.compress(film, 1) if coding == "gzip" else film
    assert invoke(s3.event(PAYLOAD)).body == Pipeline.parse(SPEC).encode(film).body
    assert ("range" in s3.gets[-1]) == (coding == "identity")
    ranged.body = ranged.body[: len(film) // 2]
    assert code_of(invoke(s3.event(PAYLOAD))) == (400, "CorruptObject")


def test_one_read_makes_no_more_requests_than_that(s3, ranged, film):
    """Then one request reads the rest, as for a video of thousands of boxes."""
    original = opened(s3)
    for start in range(70_000, 70_000 + 3 * MOST_REQUESTS):
        assert original.read_at(start, 1) == film[start : start + 1]
    assert len(s3.gets) == MOST_REQUESTS + 1
    assert original.read_at(0, len(film)) == film


def test_tries_are_among_them(s3, ranged, film):
    original = opened(s3)
    fault = _of(FAULTS["slow down"], film)
    for _ in range(2 * MOST_REQUESTS):
        s3.script = [fault] * 4
        original.read_at(100_000, 10)
        s3.script = []
    assert len(s3.gets) <= MOST_REQUESTS + 10


def test_what_may_not_be_read_whole_is_refused_then(s3, ranged, film, monkeypatch):
    monkeypatch.setenv("JITPREP_MAX_BYTES", str(len(film) - 1))
    config.cache_clear()
    original = opened(s3)
    for start in range(70_000, 70_000 + MOST_REQUESTS - 1):
        original.read_at(start, 1)
    with pytest.raises(RequestFailed, match="sample fewer frames") as caught:
        original.read_at(69_000, 1)
    assert caught.value.code == "ObjectTooLarge"
    assert len(s3.gets) == MOST_REQUESTS
