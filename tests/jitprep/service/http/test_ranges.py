"""Ranges and parts are slices of the whole object, or refused."""

from __future__ import annotations

import json
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from jitprep.service.errors import RequestFailed
from jitprep.service.http import ranges
from jitprep.service.http.ranges import PART_BYTES, PartNumber
from preprocessing import Pipeline, Seed

PAYLOAD = json.dumps({"spec": "resize:8,8/npy"})
UNKNOWN = json.dumps({"spec": "resize:8,8/png"})


def photo() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


positions = st.integers(0, 40) | st.integers(0, 2**63)


@st.composite
def single_ranges(draw) -> tuple[str, slice]:
    """A valid range and the equal slice of Python's."""
    kind = draw(st.sampled_from(["closed", "open", "suffix"]))
    first = draw(positions)
    if kind == "open":
        return f"bytes={first}-", slice(first, None)
    if kind == "suffix":
        return f"bytes=-{first}", slice(-first, None) if first else slice(0, 0)
    last = draw(st.integers(first, first + 50))
    return f"bytes={first}-{last}", slice(first, last + 1)


@settings(max_examples=400)
@given(single_ranges(), st.binary(max_size=40))
@example(("bytes=-0", slice(0, 0)), b"whole")
@example(("bytes=0-", slice(0, None)), b"")
@example(("bytes=-5", slice(-5, None)), b"")
def test_a_range_is_a_slice_of_the_whole_or_416(asked, whole):
    text, wanted = asked
    part = ranges.parse_part(text, None)
    assert part is not None
    piece = whole[wanted]
    if not piece:
        with pytest.raises(RequestFailed) as caught:
            part.of(len(whole))
        assert (caught.value.status, caught.value.code) == (416, "InvalidRange")
        return
    window = part.of(len(whole))
    assert whole[window.start : window.stop] == piece
    assert window.content_range == f"bytes {window.start}-{window.stop - 1}/{len(whole)}"


@given(st.integers(1, 10_000), st.integers(0, 3 * PART_BYTES + 1))
def test_parts_are_five_mebibytes_and_cover_the_object(number, total):
    count = PartNumber.count(total)
    windows = [PartNumber(n).of(total) for n in range(1, count + 1)]
    assert windows[0].start == 0
    assert windows[-1].stop == total
    assert all(a.stop == b.start and a.stop - a.start == PART_BYTES for a, b in pairwise(windows))
    if number > count:
        with pytest.raises(RequestFailed) as caught:
            PartNumber(number).of(total)
        assert (caught.value.status, caught.value.code) == (416, "InvalidPartNumber")


@pytest.mark.parametrize(
    "text",
    [
        "bytes=0-1,3-4", "bytes=-", "bytes=", "bytes", "", "items=0-1", "bytes=5-2", "bytes=a-b", "0-5",
        "bytes=+1-2", "bytes= 1-2", "bytes=1-2-3", "bytes=³-", "bytes=" + "9" * 30 + "-", "bytes=--1",
    ],
)  # fmt: skip
def test_anything_but_a_single_byte_range_is_400(text):
    with pytest.raises(RequestFailed) as caught:
        ranges.parse_part(text, None)
    assert (caught.value.status, caught.value.code) == (400, "InvalidArgument")


@pytest.mark.parametrize("number", ["0", "-1", "10001", "", "x", "1.5", "³", "9" * 30])
def test_anything_but_a_part_number_is_400(number):
    with pytest.raises(RequestFailed) as caught:
        ranges.parse_part(None, number)
    assert (caught.value.status, caught.value.code) == (400, "InvalidArgument")


def test_a_range_and_a_part_at_once_are_400():
    with pytest.raises(RequestFailed) as caught:
        ranges.parse_part("bytes=0-1", "1")
    assert (caught.value.status, caught.value.code) == (400, "InvalidRequest")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    asked=single_ranges(),
    payload=st.sampled_from([PAYLOAD, UNKNOWN]),
    how=st.sampled_from(["Range", "range", "query"]),
)
def test_the_door_answers_a_range_with_that_slice(s3, invoke, asked, payload, how):
    text, wanted = asked
    s3.answer.body = photo()
    whole = Pipeline.parse(json.loads(payload)["spec"]).encode(photo()).body
    user = {"url": f"/a%20photo.jpg?Range={text}"} if how == "query" else {"headers": {how: text}}
    written = invoke(s3.event(payload, **user))
    piece = bytes(whole[wanted])
    headers = written.headers
    assert "range" not in s3.gets[-1]
    if not piece:
        assert (written.status, written.code) == (416, "InvalidRange")
        return
    assert (written.status, written.body) == (206, piece)
    start = whole.index(piece) if len(piece) > 16 else None
    assert headers["x-amz-fwd-header-accept-ranges"] == "bytes"
    told = headers["x-amz-fwd-header-content-range"]
    assert told.endswith(f"/{len(whole)}")
    assert start is None or told.startswith(f"bytes {start}-")
    assert "x-amz-fwd-header-x-amz-checksum-crc32" not in headers


def test_a_whole_object_says_that_ranges_are_taken(s3, invoke):
    s3.answer.body = photo()
    headers = invoke(s3.event(PAYLOAD)).headers
    assert headers["x-amz-fwd-header-accept-ranges"] == "bytes"
    assert "x-amz-fwd-header-content-range" not in headers


def test_a_part_number_is_answered_with_that_part_and_their_count(s3, invoke):
    s3.answer.body = photo()
    spec = "resize:1500,1500/to_dtype:float32/npy"
    whole = Pipeline.parse(spec).encode(photo()).body
    parts = []
    count = PartNumber.count(len(whole))
    assert count == 6
    for number in range(1, count + 1):
        written = invoke(s3.event(json.dumps({"spec": spec}), url=f"/a.jpg?partNumber={number}"))
        assert written.status == 206
        assert written.headers["x-amz-fwd-header-x-amz-mp-parts-count"] == str(count)
        parts.append(written.body)
    assert b"".join(parts) == whole
    past = invoke(s3.event(json.dumps({"spec": spec}), url=f"/a.jpg?partNumber={count + 1}"))
    assert (past.status, past.code) == (416, "InvalidPartNumber")


def test_if_range_glues_no_two_versions_together(s3, invoke):
    s3.answer.body = photo()
    s3.answer.headers = {"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}
    etag = invoke(s3.event(PAYLOAD)).headers["x-amz-fwd-header-etag"]
    asked = {"Range": "bytes=0-9"}
    for same in (etag, "Wed, 21 Oct 2015 07:28:00 GMT"):
        assert invoke(s3.event(PAYLOAD, headers={**asked, "If-Range": same})).status == 206
    for other in ('"source"', f"W/{etag}", "Wed, 21 Oct 2015 07:28:01 GMT"):
        assert invoke(s3.event(PAYLOAD, headers={**asked, "If-Range": other})).status == 200


@pytest.mark.parametrize("payload", [PAYLOAD, UNKNOWN])
def test_repeated_ranges_are_transformed_once(s3, invoke, monkeypatch, payload):
    s3.answer.body = photo()
    encode, made = Pipeline.encode, []
    monkeypatch.setattr(
        Pipeline, "encode", lambda self, *a, **k: made.append(1) or encode(self, *a, **k)
    )
    pieces = [
        invoke(s3.event(payload, headers={"Range": f"bytes={n}-{n + 9}"})).body
        for n in range(0, 100, 10)
    ]
    assert len(made) == 1
    assert invoke(s3.event(payload)).body.startswith(b"".join(pieces))
    assert len(made) == 1
    s3.answer.headers = {"ETag": '"another version"'}
    invoke(s3.event(payload, headers={"Range": "bytes=0-9"}))
    assert len(made) == 2


def test_a_range_past_a_known_end_is_refused_before_the_object_is_read(s3, invoke):
    s3.answer.body = b"not even a photo"
    written = invoke(s3.event(PAYLOAD, headers={"Range": "bytes=100000-"}))
    assert (written.status, written.code) == (416, "InvalidRange")


def test_equal_originals_under_two_keys_are_not_taken_for_each_other(s3, invoke):
    """They share an ETag, and draw by their keys."""
    s3.answer.body = photo()
    spec = "random_resized_crop:8/npy"
    whole = {}
    for key in ("one.jpg", "two.jpg"):
        event = s3.event(json.dumps({"spec": spec}), url=f"/{key}", headers={"Range": "bytes=0-"})
        event["getObjectContext"]["inputS3Url"] = f"{s3.url}/photos/{key}?X-Amz-Signature=x"
        whole[key] = invoke(event).body
        seed = Seed(0, key, '"source"')
        assert whole[key] == Pipeline.parse(spec).encode(photo(), seed=seed).body
    assert whole["one.jpg"] != whole["two.jpg"]
