"""InvokeWithResponseStream, as AWS documents its events, by the reader's own client and by the SDK."""

from __future__ import annotations

import io
import json
import struct
import zlib

import numpy as np
import pytest

from jitprep.reader import BadObject, Refused, Unavailable, Undecodable, open_reader
from jitprep.reader.transport import direct
from jitprep.reader.transport.retry import TRIES
from jitprep.service.lambda_limits import most_rows

from .conftest import Says

STREAM = {"Content-Type": "application/vnd.amazon.eventstream"}
KEYS = ["1", "2", "3"]
ROWS = np.arange(6, dtype=np.uint8).reshape(3, 2)


@pytest.fixture(params=["own", "sdk"])
def opened(request, web, monkeypatch):
    """Return a function that opens a reader of the scripted server."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    if request.param == "sdk":
        monkeypatch.setattr(direct, "route_of", lambda *_, **__: None)
    return lambda **how: open_reader("lambda+stream:f/photos", endpoint_url=web.url, **how)


def message(payload: bytes, **headers: str) -> bytes:
    """Return one message of an event stream."""
    coded = b"".join(
        struct.pack("!B", len(name)) + name + struct.pack("!BH", 7, len(value)) + value
        for name, value in (
            (f":{n.replace('_', '-')}".encode(), v.encode()) for n, v in headers.items()
        )
    )
    prelude = struct.pack("!II", 16 + len(coded) + len(payload), len(coded))
    begun = prelude + struct.pack("!I", zlib.crc32(prelude)) + coded + payload
    return begun + struct.pack("!I", zlib.crc32(begun))


def event(kind: str, payload: bytes) -> bytes:
    return message(payload, event_type=kind, message_type="event")


def answer(head: dict[str, object], body: bytes, size: int = 50, end: object = None) -> bytes:
    """Return the events of an answer, in chunks of `size` bytes."""
    whole = json.dumps(head).encode() + bytes(8) + body
    chunks = [whole[at : at + size] for at in range(0, len(whole), size)]
    last = json.dumps(end or {}).encode()
    return b"".join(event("PayloadChunk", chunk) for chunk in chunks) + event(
        "InvokeComplete", last
    )


def array(rows: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, rows)
    return stream.getvalue()


def ok(body: bytes, **more: object) -> bytes:
    headers = {"Content-Type": "application/x-npy"}
    return answer({"statusCode": 200, "headers": headers, **more}, body)


BATCH = ok(array(ROWS), keys=KEYS, etags=["e"] * 3, errors=[])


def test_one_object_and_a_batch_are_read(opened, web):
    reader = opened()
    web.answers = [Says(200, ok(array(ROWS[0])), STREAM), Says(200, BATCH, STREAM)]
    assert reader.get("1").tolist() == [0, 1]
    batch = reader.get_batch(KEYS)
    np.testing.assert_array_equal(batch, ROWS, strict=True)
    assert batch.flags.writeable
    assert web.asked[0].path == "/2021-11-15/functions/f/response-streaming-invocations"
    assert json.loads(web.asked[0].body) == {"key": "1", "bucket": "photos", "stream": True}
    assert json.loads(web.asked[1].body)["keys"] == KEYS


def test_errors_have_their_head_only(opened, web, pauses):
    failed = {"statusCode": 404, "errorCode": "NoSuchKey", "errorMessage": "gone"}
    web.answers = [Says(200, answer(failed, b""), STREAM)]
    with pytest.raises(BadObject, match="gone"):
        opened().get("1")
    web.answers = [
        Says(
            200, ok(b"", keys=[], etags=[], errors=[{"key": key, **failed} for key in KEYS]), STREAM
        )
    ]
    assert {type(error) for error in opened().get_each(KEYS).values()} == {BadObject}
    assert pauses == []


CUT = [
    pytest.param(BATCH[: BATCH.rindex(b":event-type") - 13], id="no end"),
    pytest.param(BATCH[:300], id="within an event"),
    pytest.param(BATCH[:200] + b"?" + BATCH[201:], id="changed"),
    pytest.param(answer({}, b"", end={"ErrorCode": "Unhandled", "ErrorDetails": "x"}), id="midway"),
    pytest.param(
        event("InvokeComplete", json.dumps({"ErrorCode": "Sandbox.Timedout"}).encode()),
        id="timed out",
    ),
    pytest.param(
        message(b'{"message": "x"}', exception_type="ServiceException", message_type="exception"),
        id="exception",
    ),
]


@pytest.mark.parametrize("broken", CUT)
def test_what_breaks_is_read_again(opened, web, pauses, broken):
    web.answers = [Says(200, broken, STREAM), Says(200, BATCH, STREAM)]
    np.testing.assert_array_equal(opened().get_batch(KEYS), ROWS)
    assert len(pauses) == 1


def test_a_connection_that_breaks_is_read_again(opened, web, pauses):
    web.answers = [Says(200, BATCH[:-40], STREAM, cut=40), Says(200, BATCH, STREAM)]
    np.testing.assert_array_equal(opened().get_batch(KEYS), ROWS)
    assert len(pauses) == 1


def test_what_ends_midway_each_time_is_an_error_with_its_reason(opened, web, pauses):
    details = json.dumps({"errorType": "CorruptObject", "errorMessage": "3.jpg is damaged"})
    end = {"ErrorCode": "Function.Error", "ErrorDetails": details}
    web.answers = [Says(200, answer({"statusCode": 200}, b"12", end=end), STREAM)]
    with pytest.raises(
        Unavailable, match=r"1: CorruptObject: the answer ended early: 3\.jpg is damaged"
    ):
        opened().get("1")
    assert len(pauses) == TRIES - 1


def test_a_function_that_fails_at_once_is_not_asked_again(opened, web, pauses):
    details = json.dumps({"errorType": "ValueError", "errorMessage": "no door"})
    end = json.dumps({"ErrorCode": "Unhandled", "ErrorDetails": details}).encode()
    web.answers = [Says(200, event("InvokeComplete", end), STREAM)]
    with pytest.raises(Refused, match="ValueError: no door"):
        opened().get("1")
    assert pauses == []


def test_a_function_that_cannot_stream_is_refused_with_the_remedy(opened, web, pauses):
    refused = {"statusCode": 501, "errorCode": "NotImplemented", "errorMessage": "set it"}
    whole = event("PayloadChunk", json.dumps(refused).encode()) + event("InvokeComplete", b"{}")
    web.answers = [Says(200, whole, STREAM)]
    with pytest.raises(Refused, match="set it"):
        opened().get("1")
    assert pauses == []


def test_a_refusal_of_lambda_is_one(opened, web, pauses):
    headers = {"x-amzn-errortype": "AccessDeniedException", "Content-Type": "application/json"}
    web.answers = [Says(403, b'{"Message": "not authorized"}', headers)]
    with pytest.raises(Refused, match="AccessDeniedException"):
        opened().get("1")


@pytest.mark.parametrize("head", [{}, {"statusCode": 200}, {"statusCode": 200, "headers": 1}])
def test_another_function_is_not_ours(opened, web, pauses, head):
    web.answers = [Says(200, answer(head, b"hello"), STREAM)]
    with pytest.raises(Undecodable):
        opened().get("1")


def test_keys_are_listed_from_a_streamed_page(opened, web):
    xml = b"<ListBucketResult><Contents><Key>a.jpg</Key></Contents></ListBucketResult>"
    web.answers = [Says(200, answer({"statusCode": 200, "headers": {}}, xml), STREAM)]
    assert list(opened().keys()) == ["a.jpg"]


@pytest.mark.parametrize("opened", ["own"], indirect=True)
@pytest.mark.parametrize("end", [b"null", b"7", b"[" * 100_000])
def test_an_end_that_is_none_is_not_blamed_on_credentials(opened, web, pauses, end):
    begun = BATCH[: BATCH.rindex(b":event-type") - 13]
    web.answers = [Says(200, begun + event("InvokeComplete", end), STREAM)]
    with pytest.raises(Unavailable) as failed:
        opened().get("1")
    assert "credentials" not in str(failed.value)


def test_a_batch_has_as_many_rows_as_lambda_sends_at_full_speed():
    assert most_rows(150_528, 128, streamed=True) == 41
    assert most_rows(150_528, 128, streamed=False) == 31
