"""Invoke: one key, or many in one tensor, each row what a single read gives."""

from __future__ import annotations

import base64
import bisect
import io
import json
import logging
import re
import threading
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.app import lambda_handler
from handler.doors.invoke import InvokeDoor
from jitprep.service import batch, thread_pools
from jitprep.service.config import config
from jitprep.service.deadline import Deadline
from jitprep.service.errors import RequestFailed
from jitprep.service.results.derived_object import derived_etag
from jitprep.service.source import original
from preprocessing import Pipeline, Seed, Stack

from ...scripted_s3 import Answer, Context
from .test_get_object import photo

GUIDE = (Path(__file__).parents[3] / "docs/doors/invoke.md").read_text()
SPEC = "random_resized_crop:16/npy"
LINE = {"spec": SPEC}
KEYS = ("a b/ü.jpg", "b.jpg", "c.jpg")


@pytest.fixture
def photos(s3, monkeypatch):
    """A bucket of three photographs, and nothing else in it."""
    monkeypatch.setenv("JITPREP_BUCKETS", "photos=company-photos")
    config.cache_clear()
    bodies = {key: photo(40 + 10 * i, 60) for i, key in enumerate(KEYS)}
    for key, body in bodies.items():
        put(s3, key, body)
    s3.answer = Answer(404, body=b"<Error><Code>NoSuchKey</Code><Message>Gone.</Message></Error>")
    return bodies


def put(s3, key, body, **answer):
    headers = {"ETag": f'"{key.encode().hex()}"'}
    s3.objects[f"/company-photos/{key}"] = Answer(headers=headers, body=body, **answer)


def one(**event):
    return {"bucket": "photos", "key": KEYS[0], **event}


def several(*keys, **event):
    return {"bucket": "photos", "keys": list(keys), **event}


def body_of(answer):
    assert answer["isBase64Encoded"] is True
    return base64.b64decode(answer["body"], validate=True)


def expected(photos, key, number=0, spec=SPEC):
    seed = Seed(number, key, f'"{key.encode().hex()}"')
    return Pipeline.parse(spec).encode(photos[key], seed=seed)


def etag_of(key, number=0, spec=SPEC):
    return derived_etag(f'"{key.encode().hex()}"', Pipeline.parse(spec).fingerprint, number)


# One key


@pytest.mark.parametrize("number", [0, 7, 2**63 - 1])
def test_one_key_is_what_the_library_makes(photos, ask, number):
    answer = ask(one(**LINE, seed=number))
    made = expected(photos, KEYS[0], number)
    assert answer.keys() == {"statusCode", "headers", "body", "isBase64Encoded"}
    assert (answer["statusCode"], body_of(answer)) == (200, bytes(made.body))
    headers = answer["headers"]
    assert headers["Content-Type"] == "application/x-npy"
    assert headers["ETag"] == etag_of(KEYS[0], number)
    assert {
        f"x-amz-meta-jitprep-{name}": value for name, value in made.metadata.items()
    }.items() <= (headers.items())


@pytest.mark.parametrize(
    ("named", "spec"),
    [
        ({}, "resize:256/center_crop:224/npy"),
        ({"pipeline": "grayscale-224"}, "grayscale/resize:224,224/png"),
        ({"spec": Pipeline.parse("resize:8/png").document}, "resize:8/png"),
    ],
)
def test_a_preset_a_document_or_the_default(photos, ask, named, spec):
    assert body_of(ask(one(**named))) == bytes(expected(photos, KEYS[0], spec=spec).body)


def test_a_version_is_asked_for(photos, s3, ask):
    assert ask(one(versionId="v 1", **LINE))["statusCode"] == 200
    assert "versionId=v%201" in s3.targets[-1][1]


def test_one_key_that_is_not_there(photos, ask):
    assert ask(one(key="no.jpg")) == {
        "statusCode": 404,
        "errorCode": "NoSuchKey",
        "errorMessage": "Gone.",
    }


# Many keys


@pytest.mark.parametrize("encoding", ["npy", "npy:hwc", "safetensors:key=batch"])
def test_each_row_is_what_a_single_read_gives(photos, ask, encoding):
    spec = f"random_resized_crop:16/{encoding}"
    keys = [*KEYS, *reversed(KEYS)]  # which may be named twice
    answer = ask(several(*keys, spec=spec, seed=3))
    assert (answer["statusCode"], answer["keys"], answer["errors"]) == (200, keys, [])
    singles = [ask(one(key=key, spec=spec, seed=3)) for key in keys]
    assert answer["etags"] == [single["headers"]["ETag"] for single in singles]
    stacked = np.stack([array_of(single) for single in singles])
    np.testing.assert_array_equal(array_of(answer), stacked)
    assert array_of(answer).dtype == stacked.dtype
    headers = answer["headers"]
    assert headers["Content-Type"] == singles[0]["headers"]["Content-Type"]
    assert headers["x-amz-meta-jitprep-shape"] == ",".join(map(str, stacked.shape))
    for name in ("pipeline", "fingerprint", "dtype", "seed"):
        meta = f"x-amz-meta-jitprep-{name}"
        assert headers[meta] == singles[0]["headers"][meta]


def array_of(answer):
    body = body_of(answer)
    if answer["headers"]["Content-Type"] == "application/x-npy":
        return np.load(io.BytesIO(body), allow_pickle=False)
    ((name, array),) = safetensors.numpy.load(body).items()
    assert name == "batch"
    return array


BAD = {
    "no.jpg": (404, "NoSuchKey"),
    "words.jpg": (400, "UnknownFormat"),
    "cut.jpg": (400, "CorruptObject"),
    "empty/": (400, "EmptyObject"),
}


@pytest.fixture
def mixed(photos, s3):
    put(s3, "words.jpg", b"these are words")
    put(s3, "cut.jpg", photos[KEYS[0]][:700])
    put(s3, "empty/", b"")
    return photos


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(keys=st.lists(st.sampled_from([*KEYS, *BAD]), min_size=1, max_size=9))
def test_what_cannot_be_read_is_told_beside_the_rest(mixed, ask, keys):
    answer = ask(several(*keys, **LINE))
    good = [key for key in keys if key not in BAD]
    assert (answer["statusCode"], answer["keys"]) == (200, good)
    assert answer["etags"] == [etag_of(key) for key in good]
    told = [(e["key"], (e["statusCode"], e["errorCode"])) for e in answer["errors"]]
    assert told == [(key, BAD[key]) for key in keys if key in BAD]
    assert all(len(error["errorMessage"]) > 4 for error in answer["errors"])
    assert ("body" in answer) == ("isBase64Encoded" in answer) == bool(good)
    if good:
        rows = [np.load(io.BytesIO(expected(mixed, key).body)) for key in good]
        np.testing.assert_array_equal(array_of(answer), np.stack(rows))


def test_the_log_line_sums_up(mixed, ask, capsys, monkeypatch):
    monkeypatch.setenv("JITPREP_METRICS", "jitprep")
    config.cache_clear()
    ask(several(*KEYS, "no.jpg", **LINE))
    line = json.loads(capsys.readouterr().out)
    assert (line["door"], line["status"], line["rows"], line["failed"]) == ("invoke", 200, 3, 1)
    assert line["bytesIn"] == sum(map(len, mixed.values()))
    assert line["bytesOut"] > 3 * 3 * 16 * 16
    assert {"fetch", "transform", "stack", "reply", "total"} <= line["ms"].keys()
    assert "key" not in line
    counted = line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    assert {"Name": "Rows", "Unit": "Count"} in counted
    assert {"Name": "FailedRows", "Unit": "Count"} in counted
    assert (line["Rows"], line["FailedRows"]) == (3, 1)


def test_a_defect_is_the_keys_own_and_its_place_is_logged(photos, ask, monkeypatch, capsys):
    def fill(*_, **__):
        raise KeyError("SECRET")

    monkeypatch.setattr(batch.Stack, "fill", fill)
    answer = ask(several(*KEYS[:1], **LINE))
    assert [error["errorCode"] for error in answer["errors"]] == ["InternalError"]
    out = capsys.readouterr().out
    assert "SECRET" not in out
    defect = json.loads(out.splitlines()[0])
    assert (defect["error"], defect["requestId"]) == ("KeyError", Context.aws_request_id)
    assert any("fill" in place for place in defect["traceback"])


# Time


def test_what_is_not_done_in_time_is_told_beside_the_rest(photos, s3, ask):
    put(s3, "late.jpg", photos[KEYS[0]], delay_s=3)
    for _ in range(2):  # the second has a crew of its own
        answer = ask(several(KEYS[0], "late.jpg", KEYS[1], **LINE), remaining_ms=1500)
        assert answer["keys"] == [KEYS[0], KEYS[1]]
        ((error),) = answer["errors"]
        assert (error["key"], error["statusCode"], error["errorCode"]) == (
            "late.jpg",
            503,
            "DeadlineExceeded",
        )
        rows = [np.load(io.BytesIO(expected(photos, key).body)) for key in KEYS[:2]]
        np.testing.assert_array_equal(array_of(answer), np.stack(rows))


def test_where_nothing_is_done_in_time_each_is_told_so(photos, s3, ask):
    put(s3, "late.jpg", photos[KEYS[0]], delay_s=3)
    answer = ask(several("late.jpg", "late.jpg", **LINE), remaining_ms=400)
    assert [error["errorCode"] for error in answer["errors"]] == ["DeadlineExceeded"] * 2
    assert (answer["statusCode"], answer["keys"], "body" in answer) == (200, [], False)
    assert ask(several(KEYS[0], **LINE))["keys"] == [KEYS[0]]


def test_reading_goes_on_while_others_are_made(photos, s3, ask, monkeypatch):
    """A maker that waits for the second read would wait for ever if reads waited for makers."""
    read, fill = threading.Event(), batch.Stack.fill

    def slow(self, row, data, **how):
        if row == 0:
            assert read.wait(10)
        return fill(self, row, data, **how)

    def fetch(self, row):
        result = real(self, row)
        if row == 2:
            read.set()
        return result

    real = batch._Work._fetch
    monkeypatch.setattr(batch.Stack, "fill", slow)
    monkeypatch.setattr(batch._Work, "_fetch", fetch)
    assert ask(several(*KEYS, **LINE))["keys"] == [*KEYS]


def test_no_more_bytes_are_held_than_one_object_may_have():
    budget = thread_pools.Budget(10)
    soon = Deadline.of(60_000)
    budget.take(7, soon)
    with pytest.raises(RequestFailed, match="ran out of time"):
        budget.take(4, Deadline.of(0))
    waiting = threading.Thread(target=budget.take, args=(10, soon))
    waiting.start()
    budget.give(7)
    waiting.join(10)
    assert not waiting.is_alive()


# Size


@pytest.mark.parametrize("encoding", ["npy", "safetensors"])
def test_more_than_can_be_sent_is_refused_before_it_is_read(photos, s3, ask, encoding):
    spec = f"resize:256/center_crop:224/{encoding}"
    answer = ask(several(*["b.jpg"] * 40, spec=spec))
    assert (answer["statusCode"], answer["errorCode"], s3.targets) == (413, "ResponseTooLarge", [])
    assert "JITPREP_SPILL" in answer["errorMessage"]
    most = int(re.search(r"ask for (\d+) keys", answer["errorMessage"])[1])
    assert most == 31
    answer = ask(several(*["b.jpg"] * most, spec=spec))
    assert len(answer["keys"]) == most
    assert 6_000_000 < len(json.dumps(answer)) <= 6 * 2**20
    assert ask(several(*["b.jpg"] * (most + 1), spec=spec))["statusCode"] == 413


@pytest.mark.parametrize("length", [1, 1024])
def test_long_keys_count_in_what_can_be_sent(photos, s3, ask, length):
    """Escaped, they have six bytes for each of theirs."""
    key, spec = "\x01" * length, "resize:128,128/npy"
    put(s3, key, photos[KEYS[0]])

    def fits(count):
        request = InvokeDoor().parse(several(*[key] * count, spec=spec))
        return Stack(Pipeline.parse(spec), count).output.nbytes <= request.max_body_bytes

    most = bisect.bisect(range(1, 1000), False, key=lambda count: not fits(count))
    assert ask(several(*[key] * (most + 1), spec=spec))["statusCode"] == 413
    answer = ask(several(*[key] * most, spec=spec))
    assert 0.97 * 6 * 2**20 <= len(json.dumps(answer)) <= 6 * 2**20


def test_the_guide_tells_how_many_fit(photos):
    """For keys of forty characters."""
    rows = re.findall(r"^\| (\S+) (\w+)( \(.*\))? \| ([\d,]+) \| (\d+) \|$", GUIDE, re.MULTILINE)
    assert len(rows) == 5
    for shape, dtype, _, nbytes, most in rows:
        _, height, width = map(int, shape.split("×"))
        spec = f"resize:{height},{width}/to_dtype:{dtype}/npy"
        for count, fits in ((int(most), True), (int(most) + 1, False)):
            request = InvokeDoor().parse(several(*["k" * 40] * count, spec=spec))
            output = Stack(Pipeline.parse(spec), count).output
            assert (output.nbytes <= request.max_body_bytes) == fits
            assert output.nbytes - 128 == count * int(nbytes.replace(",", ""))


def test_results_of_which_not_one_can_be_sent(photos, s3, ask):
    answer = ask(several(KEYS[0], spec="resize:2000,2000/npy"))
    assert (answer["statusCode"], s3.targets) == (413, [])
    assert "ask for smaller results" in answer["errorMessage"]


@pytest.fixture
def folder(monkeypatch):
    monkeypatch.setenv("JITPREP_SPILL", "large/answers")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
    monkeypatch.setenv("JITPREP_MEMORY", "256MB")
    config.cache_clear()


@pytest.mark.usefixtures("folder")
def test_a_large_batch_is_put_aside_and_says_where(mixed, s3, ask):
    keys = ["b.jpg", "no.jpg"] * 32
    answer = ask(several(*keys, "b.jpg"))
    assert answer["statusCode"] == 307
    assert (answer["keys"], len(answer["errors"])) == (["b.jpg"] * 33, 32)
    assert not answer.keys() & {"body", "isBase64Encoded"}
    location = answer["headers"]["Location"]
    assert location.startswith(f"{s3.url}/large/answers/")
    with urllib.request.urlopen(location) as response:
        array = np.load(io.BytesIO(response.read()))
    row = np.load(io.BytesIO(body_of(ask(one(key="b.jpg")))))
    np.testing.assert_array_equal(array, np.stack([row] * 33))


@pytest.mark.usefixtures("folder")
def test_what_is_put_aside_has_an_end_too(photos, s3, ask):
    answer = ask(several(*["b.jpg"] * 1000))
    assert (answer["statusCode"], s3.targets) == (413, [])
    assert f"{128 * 2**20 // 4} can be sent; ask for 222 keys at a time" in answer["errorMessage"]


@pytest.mark.usefixtures("folder")
def test_one_large_object_is_put_aside(photos, s3, ask):
    answer = ask(one(spec="resize:1600,1600/npy"))
    assert answer.keys() == {"statusCode", "headers"}
    assert answer["statusCode"] == 307
    with urllib.request.urlopen(answer["headers"]["Location"]) as response:
        assert np.load(io.BytesIO(response.read())).shape == (3, 1600, 1600)


def test_one_large_object_without_a_folder_is_refused(photos, ask):
    answer = ask(one(spec="resize:1600,1600/npy"))
    assert (answer["statusCode"], answer["errorCode"]) == (413, "ResponseTooLarge")


# What is refused


@pytest.mark.parametrize(
    ("event", "code", "words"),
    [
        (one(keys=["a"]), "InvalidEvent", "'key', and may have bucket, keys"),
        (one(key=""), "InvalidEvent", "key must be a text"),
        (one(key=3), "InvalidEvent", "key must be a text"),
        (one(key="\ud800"), "InvalidEvent", "not valid Unicode"),
        (one(bucket=["photos"]), "InvalidEvent", "bucket must be a text"),
        (one(versionId=None), "InvalidEvent", "versionId must be a text"),
        (one(sed=1), "InvalidEvent", "'sed', and may have bucket, key, pipeline, seed"),
        (one(Range="bytes=0-1"), "InvalidEvent", "'Range'"),
        (one(pipeline="imagenet", spec=SPEC), "InvalidEvent", "leave one of them out"),
        (one(pipeline=None), "UnknownPipeline", "imagenet"),
        (one(pipeline="imagenette"), "UnknownPipeline", "choose from clean-text, clip"),
        (one(spec=7), "InvalidPipeline", "one line of text or a document"),
        (one(spec="resise:8"), "InvalidPipeline", "resize"),
        (one(seed=-1), "InvalidSeed", "whole number"),
        (one(seed=True), "InvalidSeed", "whole number"),
        (one(seed=1.0), "InvalidSeed", "whole number"),
        (one(seed="1"), "InvalidSeed", "whole number"),
        (one(seed=2**63), "InvalidSeed", "whole number"),
        (one(bucket="company-photos"), "BucketNotAllowed", "JITPREP_BUCKETS"),
        (several(), "InvalidEvent", "1 to 1000 keys"),
        (several(*["a"] * 1001), "InvalidEvent", "1 to 1000 keys"),
        (several("a", ""), "InvalidEvent", "keys[1] must be a text"),
        (several("a", None), "InvalidEvent", "keys[1] must be a text"),
        ({"bucket": "photos", "keys": "a.jpg"}, "InvalidEvent", "1 to 1000 keys"),
        (several("a", versionId="v"), "InvalidEvent", "'versionId'"),
        (several("a", spec="resize:256/npy"), "InvalidPipeline", "center_crop:224"),
        (several("a", spec="resize:8,8/png"), "InvalidPipeline", "npy or safetensors"),
        (several("a", spec="resize:8,8/raw"), "InvalidPipeline", "npy or safetensors"),
        (several("a", bucket="other"), "BucketNotAllowed", "JITPREP_BUCKETS"),
    ],
)
def test_what_is_wrong_is_refused_with_its_remedy(photos, s3, ask, event, code, words):
    answer = ask(event)
    assert answer.keys() == {"statusCode", "errorCode", "errorMessage"}
    assert (answer["errorCode"], answer["statusCode"]) == (code, 403 if "Not" in code else 400)
    assert words in answer["errorMessage"]
    assert s3.targets == []


@pytest.mark.parametrize("event", [{"bucket": "photos"}, {"key": "a"}, {"keys": ["a"]}])
def test_an_event_without_bucket_or_keys_is_of_no_known_shape(photos, event):
    with pytest.raises(ValueError, match="fits none of the doors"):
        lambda_handler(event, Context())


# Whatever comes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
SPECS = st.sampled_from(
    [SPEC, "resize:8,8/safetensors:key=\ud800", "resize:8/npy", "resize:4,4/png", "resize:0/npy"]
)
MEMBERS = {
    "bucket": st.sampled_from(["photos", "other", "", "\ud800"]) | JSON,
    "key": st.sampled_from([*KEYS, *BAD, "", "\udfff"]) | JSON,
    "keys": st.lists(st.sampled_from([*KEYS, *BAD]) | st.text(max_size=4), max_size=4) | JSON,
    "versionId": JSON,
    "pipeline": st.sampled_from(["imagenet", "grayscale-224", "no"]) | JSON,
    "spec": SPECS | JSON,
    "seed": st.integers(-1, 2**63) | JSON,
}


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    event=st.fixed_dictionaries({}, optional=MEMBERS)
    | st.dictionaries(st.text(max_size=6), JSON, max_size=3).map(lambda more: one(**LINE) | more)
)  # fmt: skip
def test_every_event_has_an_answer_that_lambda_can_carry(mixed, capfd, caplog, event):
    caplog.set_level(logging.INFO)
    try:
        answer = lambda_handler(event, Context())
    except ValueError:
        assert not {"key", "keys"} & event.keys() or "bucket" not in event
        return
    # As awslambdaric writes it.
    assert len(json.dumps(answer, ensure_ascii=False).encode()) <= 6 * 2**20
    codes = [error["errorCode"] for error in answer.get("errors", [])]
    assert "InternalError" not in [*codes, answer.get("errorCode")]
    assert isinstance(answer["statusCode"], int)
    if answer.get("keys"):
        assert len(answer["keys"]) == len(answer["etags"]) == array_of(answer).shape[0]
    said = capfd.readouterr()
    assert "X-Amz-Signature" not in said.out + said.err + caplog.text + json.dumps(answer)


def test_s3s_errors_are_tried_again_for_each_key(photos, s3, ask, monkeypatch):
    monkeypatch.setattr(original, "_PAUSE_S", 0.0)
    s3.script = [Answer(503)] * 4
    assert ask(several(*KEYS, **LINE))["keys"] == [*KEYS]
