"""Batches by scripted responses: whom they are sent to, and what happens where they fail."""

from __future__ import annotations

import json

import numpy as np
import pytest

from jitprep.reader import CannotOpen, Refused, Unavailable, Undecodable, open_reader
from jitprep.reader.transport import receiving
from jitprep.reader.transport.retry import TRIES
from jitprep.service.http import checksums
from preprocessing import Pipeline
from tests.photos import photo

from .conftest import Asked, Says
from .test_web import error

SPEC = Pipeline.parse("resize:16,16/npy")
KEYS = ("coffee", "rocket", "astronaut")
BODIES = {key: bytes(SPEC.encode(photo(key)).body) for key in KEYS}
ROWS = np.stack([SPEC(photo(key)) for key in KEYS])
MARK = {"x-jitprep-batch": "1"}
NPY = {"Content-Type": "application/x-npy"}
LISTED = Says(200, b"<ListBucketResult/>", MARK)


def read(key: str, **headers: str) -> Says:
    return Says(200, BODIES[key], NPY | headers)


def line(**said: object) -> bytes:
    return json.dumps(said).encode() + b"\n"


def frame(key: str, body: bytes | None = None, **more: str) -> bytes:
    body = BODIES[key] if body is None else body
    kind = NPY["Content-Type"]
    return line(key=key, statusCode=200, contentType=kind, bytes=len(body), **more) + body


def batch(*keys: str, cut: int = 0) -> Says:
    whole = b"".join(map(frame, keys)) + line(rows=len(keys), failed=0)
    return of(whole[: len(whole) - cut], cut)


def of(body: bytes, cut: int = 0) -> Says:
    return Says(200, body, {"Content-Type": "application/vnd.jitprep.batch"} | MARK, cut)


def posted(asked: list[Asked]) -> list[list[str]]:
    return [json.loads(one.body)["keys"] for one in asked if one.path == "/_batch/photos"]


def test_the_first_answer_says_that_the_server_is_there(web):
    web.answers = [read(KEYS[0], **MARK), batch(*KEYS[1:]), batch(*KEYS)]
    reader = open_reader(f"{web.url}/photos", seed=3, preset="crops")
    np.testing.assert_array_equal(reader.get_batch(KEYS), ROWS, strict=True)
    assert posted(web.asked) == [list(KEYS[1:])]
    np.testing.assert_array_equal(reader.with_seed(4).get_batch(KEYS), ROWS, strict=True)
    assert len(web.asked) == 3
    assert json.loads(web.asked[2].body) == {"keys": list(KEYS), "seed": 4, "pipeline": "crops"}


def test_a_function_gets_no_batches(web):
    web.answers = [read("rocket")]
    reader = open_reader(f"{web.url}/photos")
    for _ in range(2):
        reader.get_batch(KEYS)
    assert [one.body for one in web.asked] == [b""] * 6


def test_an_error_says_who_is_there_too(web):
    web.answers = [error(404, "NoSuchKey"), batch(*KEYS[1:])]
    web.answers[0].headers = MARK
    read = open_reader(f"{web.url}/photos").get_each(KEYS)
    assert read[KEYS[0]].code == "NoSuchKey"
    assert posted(web.asked) == [list(KEYS[1:])]


@pytest.mark.parametrize("lost", [1, 30, len(BODIES[KEYS[2]]) + 20, len(BODIES[KEYS[2]]) + 100])
def test_after_a_truncated_batch_only_missing_rows_are_asked_for(web, lost, pauses):
    last = batch(KEYS[2])
    web.answers = [LISTED, batch(*KEYS, cut=lost), last]
    reader = open_reader(f"{web.url}/photos")
    list(reader.keys())
    np.testing.assert_array_equal(reader.get_batch(KEYS), ROWS, strict=True)
    assert posted(web.asked)[0] == list(KEYS)
    assert posted(web.asked)[1:] in ([], [[KEYS[2]]])
    assert len(pauses) == 1


def test_a_batch_that_never_succeeds_is_unavailable(web, pauses):
    web.answers = [LISTED, Says(503, b"", MARK)]
    reader = open_reader(f"{web.url}/photos")
    list(reader.keys())
    assert {type(error) for error in reader.get_each(KEYS).values()} == {Unavailable}
    assert (len(pauses), len(posted(web.asked))) == (TRIES - 1, TRIES)


def test_a_row_that_was_unavailable_is_read_again(web):
    slow = line(key=KEYS[1], statusCode=503, errorCode="SlowDown", errorMessage="why", bytes=0)
    body = frame(KEYS[0]) + slow + frame(KEYS[2]) + line(rows=2, failed=1)
    web.answers = [LISTED, of(body), read(KEYS[1], **MARK)]
    reader = open_reader(f"{web.url}/photos")
    list(reader.keys())
    np.testing.assert_array_equal(reader.get_batch(KEYS), ROWS, strict=True)
    assert [one.path for one in web.asked[1:]] == ["/_batch/photos", f"/photos/{KEYS[1]}"]


def test_a_row_that_was_changed_on_the_way_is_read_again(web):
    """In any byte: also one of the header, whose array has another form, or none."""
    crc = checksums.crc32(BODIES[KEYS[1]])
    for at in (3, 60, len(BODIES[KEYS[1]]) - 1):
        body = bytearray(BODIES[KEYS[1]])
        body[at] ^= 1
        whole = frame(KEYS[0]) + frame(KEYS[1], bytes(body), crc32=crc) + frame(KEYS[2])
        web.answers = [LISTED, of(whole + line(rows=3, failed=0)), read(KEYS[1], **MARK)]
        web.asked = []
        reader = open_reader(f"{web.url}/photos")
        list(reader.keys())
        out = np.zeros_like(ROWS)
        assert reader.read_into(KEYS, out) == {}
        np.testing.assert_array_equal(out, ROWS)
        assert [one.path for one in web.asked[1:]] == ["/_batch/photos", f"/photos/{KEYS[1]}"]


@pytest.mark.parametrize("serves", [True, False], ids=["in batches", "one by one"])
def test_rows_are_received_into_the_callers_array(web, serves):
    """Where they have its shape and dtype; a key that occurs twice fills each of its rows."""
    keys = [KEYS[1], KEYS[0], KEYS[1], KEYS[2]]
    batched = [LISTED, batch(*dict.fromkeys(keys))]
    singles = [Says(200, LISTED.body), *(read(key) for key in dict.fromkeys(keys))]
    wanted = ROWS[[1, 0, 1, 2]]
    # An array of its own layout is filled too, and one of another type is not.
    for out in (np.zeros_like(wanted), np.zeros((*wanted.shape, 2), np.uint8)[..., 0]):
        web.answers = list(batched if serves else singles)
        reader = open_reader(f"{web.url}/photos", threads=1)
        list(reader.keys())
        assert reader.read_into(keys, out) == {}
        np.testing.assert_array_equal(out, wanted)
    for other in (None, np.zeros(wanted.shape, np.int16), np.zeros((4, 3), np.uint8)):
        web.answers = list(batched if serves else singles)
        reader = open_reader(f"{web.url}/photos", threads=1)
        list(reader.keys())
        apart = reader.read_into(keys, other)
        np.testing.assert_array_equal(np.stack([apart[row] for row in range(4)]), wanted)


def test_where_a_proxy_refuses_batches_objects_are_read_one_by_one(web):
    web.answers = [
        LISTED,
        Says(405, b"<html>no</html>"),
        *(read(key, **MARK) for key in (*KEYS, KEYS[0], KEYS[0])),
    ]
    reader = open_reader(f"{web.url}/photos", threads=1)
    list(reader.keys())
    np.testing.assert_array_equal(reader.get_batch(KEYS), ROWS, strict=True)
    reader.get_batch([KEYS[0], KEYS[1]])
    assert len(posted(web.asked)) == 1


@pytest.mark.parametrize(
    "says",
    [
        Says(200, b"<html>log in</html>", MARK),
        of(b"words\n"),
        of(b"[]\n"),
        of(frame(KEYS[1]) + frame(KEYS[0]) + frame(KEYS[2]) + line(rows=3, failed=0)),
        of(b"".join(map(frame, KEYS)) + line(rows=4, failed=0)),
        of(b"".join(map(frame, KEYS)) + line(rows=3, failed=0) + b"more"),
        of(line(key=KEYS[0], statusCode=200, contentType="application/x-npy", bytes="all")),
        of(b"x" * 2**17),
        of(b"[" * 20_000 + b"\n"),
    ],
)
def test_an_answer_that_is_no_batch_is_an_error(web, says):
    web.answers = [LISTED, says]
    reader = open_reader(f"{web.url}/photos")
    list(reader.keys())
    with pytest.raises(Undecodable):
        reader.get_batch(KEYS)
    apart = reader.read_into(KEYS, np.zeros_like(ROWS))
    assert [type(apart[row]) for row in range(len(KEYS))] == [Undecodable] * len(KEYS)


def test_a_row_that_is_no_array_fails_alone(web):
    other = bytes(Pipeline.parse("resize:8,8/npy").encode(photo("rocket")).body)
    for body, fails in (
        (b"x" * len(BODIES[KEYS[1]]), True),
        (b"", True),
        (other, False),
    ):
        whole = frame(KEYS[0]) + frame(KEYS[1], body) + frame(KEYS[2])
        web.answers = [LISTED, of(whole + line(rows=3, failed=0))]
        reader = open_reader(f"{web.url}/photos")
        list(reader.keys())
        read = reader.get_each(KEYS)
        assert isinstance(read[KEYS[1]], Undecodable) == fails
        np.testing.assert_array_equal(read[KEYS[0]], ROWS[0], strict=True)
        np.testing.assert_array_equal(read[KEYS[2]], ROWS[2], strict=True)


def test_nobody_but_the_server_gets_a_signature(web):
    """Where it says that it wants one; a refusal by any other host is just that."""
    denied = error(403, "AccessDenied")
    web.answers = [denied]
    with pytest.raises(Refused):
        open_reader(f"{web.url}/photos").get(KEYS[0])
    assert [one.headers.get("authorization") for one in web.asked] == [None]
    denied.headers = MARK
    web.answers = [denied, read(KEYS[0], **MARK), batch(*KEYS)]
    reader = open_reader(f"{web.url}/photos")
    reader.get(KEYS[0])
    reader.get_batch(KEYS)
    assert ["authorization" in one.headers for one in web.asked[1:]] == [False, True, True]


class TestABucketAtAnotherEndpoint:
    """Only its first answer says whether it is a mount or holds results."""

    def test_results_refuse_what_does_not_change_them(self, web):
        web.answers = [read(KEYS[0])]
        for options, word in (({"seed": 1}, "seed"), ({"preset": "crops"}, "preset")):
            reader = open_reader("s3://photos", endpoint_url=web.url, **options)
            assert reader.draws is None
            with pytest.raises(Refused, match=f"holds results, which no {word} changes"):
                reader.get(KEYS[0])
        reader = open_reader("s3://photos", endpoint_url=web.url)
        np.testing.assert_array_equal(reader.get(KEYS[0]), ROWS[0], strict=True)
        assert reader.draws is False
        with pytest.raises(CannotOpen, match="holds results"):
            reader.with_seed(1)

    def test_results_are_the_same_in_every_epoch(self, web):
        web.answers = [read(KEYS[0])]
        reader = open_reader("s3://photos", endpoint_url=web.url)
        for epoch in (1, 2):
            row = reader.for_epoch(epoch).get(KEYS[0])
            np.testing.assert_array_equal(row, ROWS[0], strict=True)
        assert len(posted(web.asked)) == 0

    def test_a_mount_takes_both_and_batches(self, web):
        web.answers = [read(KEYS[0], **MARK), batch(*KEYS)]
        reader = open_reader("s3://photos", endpoint_url=web.url, seed=1, preset="crops")
        reader.get(KEYS[0])
        np.testing.assert_array_equal(reader.get_batch(KEYS), ROWS, strict=True)
        one, many = web.asked
        chosen = {"x-jitprep-seed": "1", "x-jitprep-pipeline": "crops"}
        assert chosen.items() <= one.headers.items()
        assert "x-jitprep-seed" in one.headers["authorization"]
        assert json.loads(many.body) == {"keys": list(KEYS), "seed": 1, "pipeline": "crops"}
        assert "/s3/aws4_request" in many.headers["authorization"]

    def test_a_bucket_of_another_region_is_found_as_boto3_finds_it(self, web):
        body = b"<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>"
        moved = Says(301, body, {"x-amz-bucket-region": "eu-west-1"})
        web.answers = [moved, moved, read(KEYS[0])]
        reader = open_reader("s3://photos", endpoint_url=web.url)
        for _ in range(2):
            np.testing.assert_array_equal(reader.get(KEYS[0]), ROWS[0], strict=True)
        regions = [one.headers["authorization"].split("/")[2] for one in web.asked]
        assert regions == ["us-east-1", "us-east-1", "eu-west-1", "eu-west-1"]
        assert "Boto3" in web.asked[-1].headers["user-agent"]


def test_a_process_may_require_that_all_results_are_of_one_pipeline(web, monkeypatch):
    """As an overflow's does: the pipeline behind the door may change while a training runs."""
    monkeypatch.setattr(receiving, "_pipelines", None)
    one, other = ({"x-amz-meta-jitprep-fingerprint": name} for name in ("one", "other"))
    rows = [frame(key, fingerprint=name) for key, name in zip(KEYS, ("other", "one"), strict=False)]
    changed = of(b"".join(rows) + line(rows=2, failed=0))
    for required in (False, True):
        web.answers = [read(KEYS[2], **MARK, **one), changed, read(KEYS[0], **other)]
        reader = open_reader(f"{web.url}/photos")
        if required:
            receiving.require_one_pipeline()
        reader.get(KEYS[2])
        found = reader.get_each(KEYS[:2])
        np.testing.assert_array_equal(found[KEYS[1]], ROWS[1], strict=True)
        if not required:
            reader.get(KEYS[0])
            continue
        assert isinstance(found[KEYS[0]], Undecodable) and "another pipeline" in str(found[KEYS[0]])
        with pytest.raises(Undecodable, match="another pipeline"):
            reader.get(KEYS[0])
