"""Responses that a function streams: the Runtime API, InvokeWithResponseStream and Invoke."""

from __future__ import annotations

import asyncio
import json

import pytest

from jitprep.emulator.workers import runtime_api
from jitprep.emulator.workers.streams.response_stream import Bandwidth, ResponseStream

ERROR = {"errorType": "OSError", "errorMessage": "the disk is gone", "stackTrace": []}


@pytest.fixture(scope="module")
def events(streams):
    """Return a function that invokes with steps and yields the event stream."""
    client = streams.client("lambda")

    def call(*steps, **settings):
        payload = json.dumps({"steps": steps, **settings})
        answer = client.invoke_with_response_stream(FunctionName="preprocess", Payload=payload)
        assert answer["ResponseStreamContentType"] == "application/vnd.amazon.eventstream"
        for event in answer["EventStream"]:
            (fields,) = event.values()
            yield fields.get("Payload", fields)

    return call


@pytest.fixture(scope="module")
def invoke(streams):
    client = streams.client("lambda")
    return lambda **event: client.invoke(FunctionName="preprocess", Payload=json.dumps(event))


def last_status(invoke):
    """Return what the Runtime API answered to the last response."""
    return json.load(invoke()["Payload"])["results"][-1]


def test_chunks_arrive_while_the_function_still_sends(events, invoke, tmp_path):
    gate = tmp_path / "gate"
    chunks = events(["send", "first"], ["wait_for", str(gate)], ["send", "second"])
    assert next(chunks) == b"first"
    gate.touch()
    assert list(chunks) == [b"second", {}]
    assert last_status(invoke) == [202, '{"status":"OK"}']


def test_an_error_midway_is_in_the_last_event(events, invoke):
    *chunks, complete = events(["send", "some"], ["fail", "the disk is gone"])
    assert chunks == [b"some"]
    assert complete["ErrorCode"] == "Unhandled"
    assert json.loads(complete["ErrorDetails"]) == ERROR
    assert last_status(invoke)[0] == 202


def test_an_error_before_the_first_chunk_is_too(events):
    (complete,) = events(**{"raise": "no"})
    assert complete["ErrorCode"] == "Unhandled"
    assert json.loads(complete["ErrorDetails"])["errorMessage"] == "no"


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([["exit", 3]], ("Runtime.",)),
        ([["wait_for", "/a file that nobody makes"]], ("Sandbox.Timedout", "2.00 seconds")),
    ],
    ids=["ended", "late"],
)
def test_a_function_that_does_not_finish_ends_the_stream(events, steps, words):
    *chunks, complete = events(["send", "some"], *steps)
    assert chunks == [b"some"]
    assert all(word in complete["ErrorDetails"] for word in words)


def test_an_answer_that_is_not_streamed_is_one_chunk(streams):
    answer = streams.client("lambda").invoke_with_response_stream(FunctionName="preprocess")
    chunk, complete = answer["EventStream"]
    assert "results" in json.loads(chunk["PayloadChunk"]["Payload"])
    assert complete == {"InvokeComplete": {}}


def test_invoke_collects_a_stream(invoke):
    answer = invoke(steps=[["send", "one,"], ["send", "two"]], type="text/plain")
    assert (answer["Payload"].read(), "FunctionError" in answer) == (b"one,two", False)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-type"].startswith("text/plain")
    failed = invoke(steps=[["send", "one,"], ["fail", "the disk is gone"]])
    assert failed["FunctionError"] == "Unhandled"
    assert json.load(failed["Payload"]) == ERROR


def test_invoke_collects_six_megabytes_at_most(invoke):
    assert len(invoke(steps=[["send_megabytes", 6]])["Payload"].read()) == 6 * 2**20
    failed = invoke(steps=[["send_megabytes", 7]])
    assert json.load(failed["Payload"])["errorType"] == "Function.ResponseSizeTooLarge"


def test_a_stream_that_is_too_large_is_cut(events, invoke, monkeypatch):
    monkeypatch.setattr(runtime_api, "LARGEST_STREAM", 3 * 2**20)
    *chunks, complete = events(["send_megabytes", 3])
    assert (sum(map(len, chunks)), complete) == (3 * 2**20, {})
    *chunks, complete = events(["send_megabytes", 4])
    assert 2 * 2**20 <= sum(map(len, chunks)) <= 3 * 2**20
    assert json.loads(complete["ErrorDetails"])["errorType"] == "Function.ResponseSizeTooLarge"
    assert last_status(invoke)[0] == 413


def test_an_unknown_response_mode_is_refused(invoke):
    assert invoke(steps=[], mode="odd")["FunctionError"] == "Unhandled"
    status, error = last_status(invoke)
    assert (status, json.loads(error)["errorType"]) == (400, "InvalidFunctionResponseMode")


def test_a_stream_holds_one_chunk_until_it_is_closed():
    async def play():
        stream = ResponseStream()
        await stream.put(b"a")
        second = asyncio.create_task(stream.put(b"b"))
        await asyncio.sleep(0)
        assert not second.done()
        assert await anext(stream) == b"a"
        await second
        stream.close()
        await stream.put(b"c")
        await stream.put(b"d")
        stream.end()
        assert [chunk async for chunk in stream] == []

    asyncio.run(play())


def test_the_rate_is_that_of_a_full_bucket_then_of_its_refill():
    times = iter([0.0, 0.0, 1.0, 2.0])
    bandwidth = Bandwidth(rate=2 * 2**20, clock=lambda: next(times))
    assert bandwidth.pause(6 * 2**20) == 0
    assert bandwidth.pause(2**20) == 0.5
    assert bandwidth.pause(2**20) == 0
    assert bandwidth.pause(4 * 2**20) == 1.0
