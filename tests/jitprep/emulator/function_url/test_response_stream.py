"""Function URLs whose invoke mode is RESPONSE_STREAM."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
import urllib3

from jitprep.emulator.function_url.reply import InvalidReply
from jitprep.emulator.function_url.streamed import INTEGRATION, buffered_reply

from .urls import FAILURE

NULS = "\0" * 8
PRELUDE = {"statusCode": 201, "headers": {"Content-Type": "image/png"}, "cookies": ["a=1", "b=2"]}


@pytest.fixture(scope="module")
def stream(streams, ask):
    """Return a function that requests a response of these steps, and does not read its body."""
    client = urllib3.PoolManager()

    def call(*steps, method="GET", **settings):
        script = quote(json.dumps({"steps": steps, "type": INTEGRATION, **settings}), safe="")
        url = streams.function_url()
        return ask(f"/{script}", method, url=url, client=_Unread(client))

    return call


class _Unread:
    def __init__(self, client):
        self._client = client

    def request(self, *arguments, **settings):
        return self._client.request(*arguments, preload_content=False, **settings)


def test_the_body_arrives_as_the_function_sends_it_after_its_prelude(stream, tmp_path):
    gate = tmp_path / "gate"
    prelude = json.dumps(PRELUDE)
    answer = stream(
        ["send", prelude[:9]],
        ["send", prelude[9:] + NULS[:3]],
        ["send", NULS[3:] + "first"],
        ["wait_for", str(gate)],
        ["send", "second"],
    )
    assert (answer.status, answer.headers["content-type"]) == (201, "image/png")
    assert answer.headers.getlist("set-cookie") == ["a=1", "b=2"]
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.read(5) == b"first"
    gate.touch()
    assert answer.read() == b"second"


@pytest.mark.parametrize(
    "step", [["fail", "the disk is gone"], ["exit", 3]], ids=["reported", "ended"]
)
def test_a_failure_midway_breaks_off_the_connection(stream, step):
    answer = stream(["send", json.dumps(PRELUDE) + NULS + "some"], step)
    assert answer.status == 201
    with pytest.raises(urllib3.exceptions.ProtocolError):
        answer.read()


@pytest.mark.parametrize(
    "steps",
    [
        [["fail", "early"]],
        [["send", "no prelude"]],
        [["send", "x" * 20_000]],
        [["send", "[]" + NULS]],
        [["send", '{"statusCode": "many"}' + NULS]],
        [["exit", 3]],
    ],
)
def test_a_failure_before_the_body_is_a_502(stream, steps):
    answer = stream(*steps)
    assert (answer.status, answer.read()) == (502, FAILURE)


def test_without_aws_content_type_all_of_it_is_the_body(stream):
    answer = stream(["send", "words"], type="text/csv")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/csv")
    assert answer.read() == b"words"


def test_a_response_that_is_not_streamed_is_the_body_as_it_is(streams, ask):
    answer = ask(f"/{quote('{}')}", url=streams.function_url())
    assert (answer.status, list(answer.json())) == (200, ["results"])


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 304)])
def test_a_response_without_a_body_has_none(stream, method, status):
    prelude = json.dumps({"statusCode": status, "headers": {"etag": '"x"'}})
    answer = stream(["send", prelude + NULS + "body"], method=method)
    assert (answer.status, answer.headers["etag"], answer.read()) == (status, '"x"', b"")
    assert "transfer-encoding" not in answer.headers


def test_a_client_that_leaves_does_not_interrupt_the_function(stream, tmp_path):
    """As AWS documents it."""
    gate, done = tmp_path / "gate", tmp_path / "done"
    answer = stream(
        ["send", json.dumps(PRELUDE) + NULS + "some"],
        ["wait_for", str(gate)],
        ["send_megabytes", 20],
        ["touch", str(done)],
    )
    assert answer.read(4) == b"some"
    answer.close()
    gate.touch()
    answer = stream(["wait_for", str(done)], ["send", "{"], type="text/plain")
    assert answer.read() == b"{"


def test_a_buffered_url_parses_the_prelude_too():
    whole = (json.dumps(PRELUDE) + NULS + "body").encode()
    answer = buffered_reply(whole, "GET")
    assert (answer.status_code, answer.body) == (201, b"body")
    assert answer.headers.getlist("set-cookie") == ["a=1", "b=2"]
    with pytest.raises(InvalidReply):
        buffered_reply(b"{}", "GET")
