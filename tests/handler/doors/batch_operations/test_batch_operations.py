"""S3 Batch Operations' events in, results out: AWS's shapes, both schemas, and whatever is wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from handler.app import choose_door, lambda_handler
from handler.doors.batch_operations import BatchOperationsDoor
from jitprep.service import config
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import ObjectName, PipelineChoice, Response
from jitprep.service.s3_names import S3Prefix
from soak.load.events import ANYTHING, TEXTS

from ....scripted_s3 import Answer, Context

Event = dict[str, Any]
DOOR = BatchOperationsDoor()
CODES = {"Succeeded", "TemporaryFailure", "PermanentFailure"}
keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


def event(schema: str = "2.0", *keys: str, **arguments: str) -> Event:
    """Return an event in AWS's shape, with one task per key; the default key is a.jpg."""
    job: Event = {"id": "f3cc4f60-61f6-4a2b-8a21-d07600c373ce"}
    if schema == "2.0" and arguments:
        job["userArguments"] = arguments
    bucket = {"1.0": {"s3BucketArn": "arn:aws:s3:::photos"}, "2.0": {"s3Bucket": "photos"}}[schema]
    return {
        "invocationSchemaVersion": schema,
        "invocationId": "YXNkbGZqYWRmaiBhc2RmdW9hZHNmZGpmaGFzbGtkaGZza2RmaAo",
        "job": job,
        "tasks": [
            {"taskId": f"task{number}", "s3Key": key, "s3VersionId": None, **bucket}
            for number, key in enumerate(keys or ("a.jpg",))
        ],
    }


@pytest.fixture
def configured(s3, monkeypatch):
    monkeypatch.setenv("JITPREP_BUCKETS", "train=photos, aside")
    monkeypatch.setenv("JITPREP_OUTPUTS", "copies/jitprep, more")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    config.config.cache_clear()


@pytest.mark.parametrize("schema", ["1.0", "2.0"])
@pytest.mark.usefixtures("configured")
def test_both_schemas_are_read_alike(schema):
    read = choose_door(event(schema)).parse(event(schema))
    assert read.tasks == (ObjectName("photos", "a.jpg"),)
    assert (read.output, read.choice) == (None, PipelineChoice())


@pytest.mark.usefixtures("configured")
def test_only_schema_2_has_users_arguments():
    with_arguments = event("2.0", spec="resize:8/npy", seed="7", to="s3://more/b/c")
    read = DOOR.parse(with_arguments)
    assert read.output == S3Prefix("more", "b/c/")
    assert read.choice == PipelineChoice('{"spec": "resize:8/npy"}', seed=7)
    old = event("1.0")
    old["job"]["userArguments"] = with_arguments["job"]["userArguments"]
    assert DOOR.parse(old).choice == PipelineChoice()


@pytest.mark.parametrize("arn", ["arn:aws:s3:::photos", "arn:aws:s3:us-east-1:0123456788:photos"])
@pytest.mark.usefixtures("configured")
def test_buckets_arns_of_schema_1(arn):
    told = event("1.0")
    told["tasks"][0]["s3BucketArn"] = arn
    assert DOOR.parse(told).tasks[0].bucket == "photos"


@pytest.mark.parametrize(("given", "version"), [("v1", "v1"), ("null", "null"), ("", None)])
@pytest.mark.usefixtures("configured")
def test_a_version_may_be_there_be_empty_or_be_missing(given, version):
    told = event()
    told["tasks"][0]["s3VersionId"] = given
    assert DOOR.parse(told).tasks[0].version == version
    del told["tasks"][0]["s3VersionId"]
    assert DOOR.parse(told).tasks[0].version is None


@given(key=keys, encode=st.sampled_from([quote, quote_plus, lambda key: quote(key, safe="")]))
@example("a b+c%2Fd/é.jpg", quote)
@example("100%", quote_plus)
def test_a_key_is_read_however_it_was_encoded(key, encode):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JITPREP_OUTPUTS", "copies")
        config.config.cache_clear()
        try:
            assert DOOR.parse(event("2.0", encode(key))).tasks[0].key == key
        finally:
            config.config.cache_clear()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            {"pipelin": "x"},
            "InvalidArgument",
            "have the unknown 'pipelin'; they may have pipeline, seed, spec",
        ),
        ({"pipeline": "a", "spec": "b"}, "InvalidArgument", "both 'pipeline' and 'spec'"),
        ({"seed": "1.5"}, "InvalidSeed", "whole number"),
        ({"seed": ""}, "InvalidSeed", "whole number"),
        ({"seed": 1}, "InvalidArgument", "must be strings of valid Unicode, got 1 for 'seed'"),
        ({"to": "more/b"}, "InvalidArgument", "s3://bucket/prefix, got 'more/b'"),
        ({"to": "s3://"}, "InvalidArgument", "s3://bucket/prefix, got 's3://'"),
        ({"to": "s3://photos/x"}, "OutputNotAllowed", "s3://photos/x/ is not below s3://copies"),
        ({"to": "s3://copies/jitprep2"}, "OutputNotAllowed", "name it in JITPREP_OUTPUTS"),
        ({"to": "s3://more/\ud800"}, "InvalidArgument", "strings of valid Unicode"),
        ({"pipeline": "no-such"}, "UnknownPipeline", "no preset is named 'no-such'"),
        ({"spec": "resise:8"}, "InvalidPipeline", "resize"),
        ("spec", "InvalidArgument", "must be a JSON object"),
    ],
)
@pytest.mark.usefixtures("configured")
def test_a_wrong_argument_fails_each_task_and_not_the_invocation(arguments, code, words):
    told = event("2.0", "a.jpg", "b.jpg")
    told["job"]["userArguments"] = arguments
    first, second = lambda_handler(told, Context())["results"]
    assert (first["taskId"], second["taskId"]) == ("task0", "task1")
    for result in (first, second):
        assert result["resultCode"] == "PermanentFailure"
        assert result["resultString"].startswith(f"{code}: ")
        assert words in result["resultString"]


def test_without_an_output_nothing_is_written(s3):
    (result,) = lambda_handler(event(), Context())["results"]
    assert result["resultCode"] == "PermanentFailure"
    assert "OutputNotAllowed" in result["resultString"]
    assert "JITPREP_OUTPUTS" in result["resultString"]
    assert s3.targets == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"invocationSchemaVersion": "3.0"}, "must be 1.0 or 2.0, got '3.0'"),
        ({"tasks": []}, None),
        ({"tasks": "a.jpg"}, None),
        ({"tasks": ["a.jpg"]}, None),
        ({"tasks": [{"taskId": "t", "s3Bucket": "photos"}]}, "s3Key is missing"),
        ({"tasks": [{"taskId": "t", "s3Key": "a"}]}, "s3Bucket is missing"),
        ({"tasks": [{"taskId": "t", "s3Key": "%ff", "s3Bucket": "photos"}]}, "URL-encoded"),
        ({"tasks": [{"taskId": "t", "s3Key": "\ud800", "s3Bucket": "photos"}]}, "URL-encoded"),
        (
            {"tasks": [{"taskId": "t", "s3Key": "a", "s3Bucket": "photos", "s3VersionId": 7}]},
            "s3VersionId must be",
        ),
    ],
)
@pytest.mark.usefixtures("configured")
def test_a_malformed_event_fails_each_of_its_tasks(change, words):
    answer = lambda_handler({**event(), **change}, Context())
    told = [result["resultString"] for result in answer["results"]]
    assert len(told) == (words is not None)
    assert all(text.startswith("InvalidEvent: ") and words in text for text in told)
    with pytest.raises(RequestFailed, match="not an event of S3 Batch Operations"):
        DOOR.parse({**event(), **change})


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (503, "SlowDown", "TemporaryFailure"),
        (500, "InternalError", "TemporaryFailure"),
        (503, "DeadlineExceeded", "TemporaryFailure"),
        (429, "TooManyRequests", "TemporaryFailure"),
        (400, "RequestTimeout", "TemporaryFailure"),
        (400, "ThrottlingException", "TemporaryFailure"),
        (400, "CorruptObject", "PermanentFailure"),
        (403, "AccessDenied", "PermanentFailure"),
        (404, "NoSuchKey", "PermanentFailure"),
        (409, "OutputTaken", "PermanentFailure"),
    ],
)
def test_what_a_retry_may_fix_is_temporary(status, code, expected):
    answer = DOOR.reply(
        event(), Response(status, error_code=code, error_message="one\ntwo \N{SNOWMAN}")
    )
    assert answer == {
        "invocationSchemaVersion": "2.0",
        "treatMissingKeysAs": "PermanentFailure",
        "invocationId": event()["invocationId"],
        "results": [
            {
                "taskId": "task0",
                "resultCode": expected,
                "resultString": f"{code}: one two \N{SNOWMAN}",
            }
        ],
    }


def test_each_task_has_its_own_answer():
    each = (
        Response(200, b"stored: s3://copies/a.npy"),
        Response(404, b"", {}, "NoSuchKey", "gone"),
    )
    results = DOOR.reply(event("1.0", "a", "b"), Response(404, each=each))["results"]
    assert [result["resultCode"] for result in results] == ["Succeeded", "PermanentFailure"]
    assert results[0]["resultString"] == "stored: s3://copies/a.npy"


def test_a_long_reason_is_cut():
    answer = DOOR.reply(
        event(), Response(400, error_code="InvalidPipeline", error_message="x" * 5000)
    )
    text = answer["results"][0]["resultString"]
    assert len(text) == 1024
    assert text.endswith("x...")


@st.composite
def wrong(draw: st.DrawFn) -> Event:
    """Return an event with one of its members removed or replaced."""
    told = copy.deepcopy(
        event(draw(st.sampled_from(["1.0", "2.0"])), "a.jpg", spec="resize:8,8/npy")
    )
    places: list[Any] = [told, told["job"], told["tasks"][0]]
    place = draw(st.sampled_from([*places, told["job"].get("userArguments", told)]))
    name = draw(st.sampled_from(sorted(place)))
    if draw(st.booleans()):
        del place[name]
    else:
        place[name] = draw(ANYTHING | TEXTS)
    return told


@pytest.fixture
def answered(configured, s3) -> Callable[[Event], Any]:
    s3.answer = Answer(404)
    return lambda told: lambda_handler(told, Context())


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@given(told=wrong())
def test_any_malformed_event_has_one_result_per_task(answered, told):
    if "invocationSchemaVersion" not in told:
        with pytest.raises(ValueError, match="fits none of the doors"):
            answered(told)
        return
    answer = answered(told)
    json.dumps(answer)
    tasks = told["tasks"] if isinstance(told.get("tasks"), list) else []
    ids = [task["taskId"] for task in tasks if isinstance(task, dict) and "taskId" in task]
    assert [result["taskId"] for result in answer["results"]] == ids
    for result in answer["results"]:
        assert result["resultCode"] in CODES - {"Succeeded"}  # S3 says 404 to everything
        assert not result["resultString"].startswith("InternalError")
        assert len(result["resultString"]) <= 1024
