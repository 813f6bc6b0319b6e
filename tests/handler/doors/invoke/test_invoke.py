"""Invoke with one key, and what it refuses."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.app import lambda_handler
from preprocessing import Pipeline

from ....scripted_s3 import Context
from .invoking import BAD, KEYS, LINE, SPEC, array_of, body_of, etag_of, expected, one, several


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


@pytest.mark.parametrize(
    ("event", "code", "words"),
    [
        (one(keys=["a"]), "InvalidEvent", "'key'; it may have bucket, keys"),
        (one(key=""), "InvalidEvent", "key must be a non-empty string"),
        (one(key=3), "InvalidEvent", "key must be a non-empty string"),
        (one(key="\ud800"), "InvalidEvent", "not valid Unicode"),
        (one(bucket=["photos"]), "InvalidEvent", "bucket must be a non-empty string"),
        (one(versionId=None), "InvalidEvent", "versionId must be a non-empty string"),
        (one(sed=1), "InvalidEvent", "'sed'; it may have bucket, key, pipeline, seed"),
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
        (several("a", ""), "InvalidEvent", "keys[1] must be a non-empty string"),
        (several("a", None), "InvalidEvent", "keys[1] must be a non-empty string"),
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
