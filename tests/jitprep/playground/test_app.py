"""Answers, whatever is asked: JSON that a browser reads, soon, and errors in the library's words."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from jitprep.playground import app
from jitprep.playground.answers import POSTS, STREAMS
from jitprep.playground.asks import MOST_PIPELINE
from preprocessing import LimitExceeded

from .browser import Browser

HOSTILE = {
    "nothing": b"",
    "no object": b"[]",
    "half": b'{"seed":',
    "deep": b"[" * 500_000,
    "large numbers": b'{"seed":' + b"9" * 5000 + b"}",
    "infinity": b'{"seed":1e999,"boxes":[[1e999,0,0,0]]}',
    "not a number": b'{"train_ms":NaN,"seed":NaN}',
    "no UTF-8": b"\xff",
    "half a character": b'{"pipeline":"\\ud800","source":{"upload":"\\udfff"},"place":"\\ud800"}',
    "a zero": b'{"pipeline":"png\\u0000","source":{"upload":"\\u0000"},"place":"\\u0000"}',
    "many steps": json.dumps(
        {"pipeline": "resize:224/" * 90_000, "source": {"upload": "x"}}
    ).encode(),
    "a document in a document": json.dumps({"document": {"steps": [{"steps": [[]]}]}}).encode(),
    "too large": b" " * 2**21,
}


@pytest.mark.parametrize("name", [*POSTS, *STREAMS])
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_whatever_is_asked_the_answer_is_json_and_no_failure_of_ours(name, body):
    answer = Browser().ask("POST", f"/_play/api/{name}", content=body)
    assert answer.status_code < 500, answer.text
    for line in answer.text.splitlines():
        json.loads(line, parse_constant=_refuse)
    assert answer.elapsed.total_seconds() < 5


def _refuse(constant):
    raise ValueError(f"{constant} is not JSON")


def test_a_long_pipeline_is_refused_by_its_length():
    """Each of its steps is a card of the page."""
    answer = Browser().post("pipeline", {"pipeline": "x" * (MOST_PIPELINE + 1)})
    assert answer.status_code == 400
    assert "the page takes at most 20,000" in answer.json()["error"]["message"]


ERRORS = {
    "LimitExceeded": LimitExceeded("too large \ud800"),
    "OutOfMemory": MemoryError(),
    "InternalError": RuntimeError(
        "a surprise"
    ),  # is logged, which a report cannot send with \ud800
}


@pytest.mark.parametrize("code", ERRORS)
def test_an_error_of_a_stream_is_described_as_that_of_an_answer(code, monkeypatch):
    """A stream that has begun has no status: its error is a row."""

    def fail(*_):
        raise ERRORS[code]

    def fail_later(*_):
        yield {"total": 1}
        raise ERRORS[code]

    monkeypatch.setattr(app, "POSTS", {"look": fail})
    monkeypatch.setattr(app, "STREAMS", {"sheet": fail_later})
    error = Browser().post("look", {}).json()["error"]
    assert error["code"] == code
    assert Browser().rows("sheet", {}) == [{"total": 1}, {"error": error}]


def test_not_a_number_is_never_sent(monkeypatch):
    monkeypatch.setattr(app, "POSTS", {"look": lambda *_: {"most": float("nan")}})
    answer = Browser().post("look", {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "InternalError")


def test_what_is_given_up_before_it_begins_never_begins(monkeypatch):
    """A page that is clicked through quickly gives up most of what it asked."""
    begun, end = [], threading.Event()

    def wait(_, asked):
        begun.append(asked["number"])
        end.wait(10)

    monkeypatch.setattr(app, "POSTS", {"look": wait})
    browser = Browser()

    async def give_up(number):
        messages = [
            {"type": "http.request", "body": json.dumps({"number": number}).encode()},
            {"type": "http.disconnect"},
        ]

        async def receive():
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message):
            raise AssertionError(message)

        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        headers = [(b"host", b"127.0.0.1:7600"), (b"cookie", cookie.encode())]
        path = "/_play/api/look"
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": b"",
            "scheme": "http",
        }
        await browser.app({**scope, "headers": headers}, receive, send)

    async def many():
        await asyncio.gather(*map(give_up, range(50)))

    asyncio.run(many())
    threads = len(begun)
    end.set()
    monkeypatch.setattr(app, "POSTS", {"look": lambda *_: begun.append(-1)})
    assert browser.post("look", {}).status_code == 200
    assert 0 < threads < 50
    assert begun == [*begun[:threads], -1]
