"""What the loop posts for what a handler does, byte for byte."""

from __future__ import annotations

import base64
import json
import os
import threading

import pytest

from handler.doors.streamed import HTTP_INTEGRATION, StreamedReply
from handler.runtime_client.connection import RuntimeApi
from handler.runtime_client.invocations import run_invocations
from jitprep.service.errors import ReplyFailed, RequestFailed
from jitprep.service.shards.body_stream import BodyStream

STREAMED = {
    "lambda-runtime-function-response-mode": "streaming",
    "transfer-encoding": "chunked",
    "trailer": "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
    "content-type": HTTP_INTEGRATION,
    "lambda-runtime-invocation-id": "given-back",
}
HEAD = b'{"statusCode":200}' + bytes(8)


def test_what_a_handler_returns_is_posted_as_json(api, in_thread):
    def handler(event, context, send):
        assert 0 < context.get_remaining_time_in_millis() <= 60_000
        return {"id": context.aws_request_id, **event}

    in_thread(handler)
    api.send({"a": "\u00e9"}, {"a": 2})
    first, second = api.posted(), api.posted()
    assert (first.path, first.body) == ("invocation/0/response", b'{"id":"0","a":"\\u00e9"}')
    assert first.headers["content-type"] == "application/json"
    assert first.headers["lambda-runtime-invocation-id"] == "given-back"
    assert second.path == "invocation/1/response"


def test_a_stream_is_sent_in_chunks(api, in_thread):
    long = bytes(70_000)

    def handler(event, context, send):
        body = BodyStream(iter([b"ab", b"", long, b"c"]), lambda: None)
        send(StreamedReply(HTTP_INTEGRATION, HEAD, body))

    in_thread(handler)
    api.send({})
    sent = api.posted()
    assert sent.path == "invocation/0/response"
    assert STREAMED.items() <= sent.headers.items()
    assert sent.raw == (
        b"1a\r\n" + HEAD + b"\r\n2\r\nab\r\n11170\r\n" + long + b"\r\n1\r\nc\r\n0\r\n"
    )
    assert sent.trailers == {}


@pytest.mark.parametrize("body", [b"whole", bytearray(b"whole"), b""])
def test_a_whole_body_is_sent_as_a_stream(api, in_thread, body):
    in_thread(lambda event, context, send: send(StreamedReply(HTTP_INTEGRATION, HEAD, body)))
    api.send({})
    assert api.posted().body == HEAD + body


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (RequestFailed(400, "CorruptObject", "the member x is damaged"), "CorruptObject", "x is"),
        (KeyError("secret"), "InternalError", "its log has the traceback"),
    ],
)
def test_a_body_that_fails_midway_is_reported_in_trailers(api, in_thread, error, code, words):
    closed = []

    def pieces():
        yield b"so far"
        raise error

    def handler(event, context, send):
        send(StreamedReply(HTTP_INTEGRATION, HEAD, BodyStream(pieces(), lambda: closed.append(1))))

    in_thread(handler)
    api.send({}, {})
    sent = api.posted()
    assert sent.body == HEAD + b"so far"
    assert sent.trailers["Lambda-Runtime-Function-Error-Type"] == code
    said = json.loads(base64.b64decode(sent.trailers["Lambda-Runtime-Function-Error-Body"]))
    assert said.keys() == {"errorMessage", "errorType", "stackTrace"}
    assert said["errorType"] == code
    assert words in said["errorMessage"]
    assert "secret" not in str(said)
    assert api.posted().path == "invocation/1/response", "the next event is answered"
    assert closed


@pytest.mark.parametrize("status", [413, 202, None], ids=["too large", "early", "hung up"])
def test_a_client_that_is_gone_ends_the_stream(api, in_thread, status, capfd):
    api.cut_short.append(status)
    closed = threading.Event()

    def endless():
        while not closed.is_set():
            yield bytes(2**16)

    def handler(event, context, send):
        if event:
            return event
        body = BodyStream(endless(), closed.set)
        with pytest.raises(ReplyFailed):
            send(StreamedReply(HTTP_INTEGRATION, HEAD, body))
        assert closed.is_set()
        raise ReplyFailed("gone")

    in_thread(handler)
    api.send({}, {"next": 1})
    assert api.posted().path == "invocation/1/response", "nothing else is posted for the first"
    assert '"errorType":"ReplyFailed"' in capfd.readouterr().out


def test_an_invocation_has_one_answer(api, in_thread):
    def handler(event, context, send):
        reply = StreamedReply(HTTP_INTEGRATION, HEAD, b"one")
        send(reply)
        with pytest.raises(ValueError, match="already"):
            send(reply)
        return "ignored"

    in_thread(handler)
    api.send({}, {})
    assert [api.posted().path, api.posted().path] == [
        "invocation/0/response",
        "invocation/1/response",
    ]


@pytest.mark.parametrize(
    ("event", "kind", "words"),
    [(b"{}", "ValueError", "no \u00e9"), (b"{", "JSONDecodeError", "Expecting")],
)
def test_what_a_handler_raises_is_posted_as_an_error(api, in_thread, capfd, event, kind, words):
    def handler(event, context, send):
        raise ValueError("no \u00e9")

    in_thread(handler)
    api.send(event)
    sent = api.posted()
    said = json.loads(sent.body)
    assert sent.path == "invocation/0/error"
    assert sent.headers["lambda-runtime-function-error-type"] == said["errorType"] == kind
    assert words in said["errorMessage"]
    assert said["stackTrace"]
    (line,) = capfd.readouterr().out.splitlines()
    logged = json.loads(line)
    assert (logged["level"], logged["requestId"], logged["errorType"]) == ("ERROR", "0", kind)
    assert logged["timestamp"].endswith("Z")


def test_what_cannot_be_json_is_an_error(api, in_thread):
    in_thread(lambda event, context, send: object())
    api.send({})
    assert api.posted().path == "invocation/0/error"


def test_no_event_is_taken_once_the_end_was_asked_for(api):
    """An event that was asked for may be on its way, and would be lost."""
    readable, writable = os.pipe()

    def handler(event, context, send):
        os.write(writable, b"end")

    api.send({}, {})
    client = RuntimeApi(api.address)
    run_invocations(client, handler, readable)
    client.close()
    assert api.posted().path == "invocation/0/response"
    assert (api.asked, api.events.qsize()) == (["invocation/next"], 1)
    for descriptor in (readable, writable):
        os.close(descriptor)


class Textless(Exception):
    """An error of an own step."""

    def __str__(self) -> str:
        raise ValueError("it has no text")


Textless.__name__ = "Gr\u00f6\u00dfe"


class Named(Exception):
    """An error whose name is two headers."""


Named.__name__ = "A\r\nB: c"


@pytest.mark.parametrize(("error", "sent"), [(Textless(), "Gr__e"), (Named(), "A__B__c")])
def test_any_error_has_an_answer_of_one_header_and_the_next_event_another(
    api, in_thread, error, sent
):
    def handler(event, context, send):
        if event:
            return event
        raise error

    in_thread(handler)
    api.send({}, {"next": 1})
    failed = api.posted()
    assert failed.headers["lambda-runtime-function-error-type"] == sent
    assert "b" not in failed.headers
    assert json.loads(failed.body)["errorType"] == type(error).__name__
    assert api.posted().path == "invocation/1/response"


def test_a_code_in_a_trailer_adds_no_other(api, in_thread):
    def pieces():
        yield b"so far"
        raise RequestFailed(403, "A\r\nB: \u00e9", "the origin's")

    def handler(event, context, send):
        send(StreamedReply(HTTP_INTEGRATION, HEAD, BodyStream(pieces(), lambda: None)))

    in_thread(handler)
    api.send({})
    trailers = api.posted().trailers
    assert trailers["Lambda-Runtime-Function-Error-Type"] == "A__B___"
    assert len(trailers) == 2


def test_a_function_with_a_thousand_open_files_gets_its_events(api):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2048:
        pytest.skip("the system allows fewer")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1024)]
    readable, writable = os.pipe()
    client = RuntimeApi(api.address)
    try:
        api.send({})
        assert client.get("invocation/next", readable).body == b"{}"
    finally:
        client.close()
        for descriptor in (readable, writable, *opened):
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
