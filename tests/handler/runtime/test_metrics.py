"""The log's lines as CloudWatch reads them: "Specification: Embedded metric format"."""

from __future__ import annotations

import json
import time

import pytest

from jitprep.service.config import config

from ...scripted_s3 import Answer
from ..doors.object_lambda.test_get_object import PAYLOAD, photo

UNITS = {"Count", "Bytes", "Milliseconds"}


@pytest.fixture
def line(s3, invoke, monkeypatch, capfd):
    """Read through the function, and return its log line."""
    monkeypatch.setenv("JITPREP_METRICS", "jitprep")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "preprocess")
    config.cache_clear()

    def read():
        capfd.readouterr()
        invoke(s3.event(PAYLOAD))
        (written,) = capfd.readouterr().out.splitlines()
        return json.loads(written)

    s3.answer = Answer(body=photo())
    return read


def metrics(line):
    """Return the metrics that CloudWatch extracts from a line, by dimensions and name."""
    found = {}
    for directive in line["_aws"]["CloudWatchMetrics"]:
        assert directive["Namespace"] == "jitprep"
        assert 0 < len(directive["Metrics"]) <= 100
        for names in directive["Dimensions"]:
            assert 0 < len(names) <= 30
            values = tuple((name, line[name]) for name in names)
            assert all(isinstance(value, str) and 0 < len(value) <= 1024 for _, value in values)
            for metric in directive["Metrics"]:
                assert metric["Unit"] in UNITS
                assert isinstance(line[metric["Name"]], int | float)
                found[values, metric["Name"]] = line[metric["Name"]]
    return found


FUNCTION = (("FunctionName", "preprocess"),)
DOOR = (*FUNCTION, ("Door", "object-lambda-get"))


def test_a_read_counts_bytes_and_times_each_stage(line):
    before = time.time() * 1000
    written = line()
    found = metrics(written)
    assert before - 1 <= written["_aws"]["Timestamp"] <= time.time() * 1000
    for dimensions in (FUNCTION, DOOR):
        told = {name: found[dimensions, name] for d, name in found if d == dimensions}
        assert told["Requests"] == 1
        assert (told["ClientErrors"], told["ServerErrors"]) == (0, 0)
        assert (told["BytesIn"], told["BytesOut"]) == (len(photo()), written["bytesOut"])
        for stage, ms in written["ms"].items():
            assert told[f"{stage.capitalize()}Time"] == ms
        assert {"FetchTime", "TransformTime", "ReplyTime", "TotalTime"} <= told.keys()
    assert {dimensions for dimensions, _ in found} == {FUNCTION, DOOR}


@pytest.mark.parametrize(
    ("answer", "code", "client", "server"),
    [
        (Answer(404), "NoSuchKey", 1, 0),
        (Answer(body=b"text"), "UnknownFormat", 1, 0),
        (Answer(503), "SourceRefused", 0, 1),
    ],
)
def test_errors_are_counted_by_code(s3, line, answer, code, client, server):
    answer.headers = {} if answer.body else {"Content-Length": "0"}
    s3.answer = answer
    found = metrics(line())
    assert found[(*FUNCTION, ("ErrorCode", code)), "Requests"] == 1
    assert (found[FUNCTION, "ClientErrors"], found[FUNCTION, "ServerErrors"]) == (client, server)


def test_without_a_namespace_there_are_none(s3, line, monkeypatch):
    monkeypatch.delenv("JITPREP_METRICS")
    config.cache_clear()
    assert "_aws" not in line()


@pytest.mark.parametrize("name", ["AWS/Lambda", "a" * 256, "é", " x"])
def test_a_wrong_namespace_names_the_variable(s3, monkeypatch, name):
    monkeypatch.setenv("JITPREP_METRICS", name)
    config.cache_clear()
    with pytest.raises(ValueError, match="JITPREP_METRICS must be a CloudWatch namespace"):
        config()
    monkeypatch.delenv("JITPREP_METRICS")
    config.cache_clear()
