"""Tasks of S3 Batch Operations with a scripted S3: failing outputs, buckets, requests per copy."""

from __future__ import annotations

import pytest

from handler.app import lambda_handler
from jitprep.service.results import copy_metadata, derived_object
from preprocessing import Pipeline

from ....scripted_s3 import Answer, Context, _forget
from .test_batch_operations import configured, event  # noqa: F401


@pytest.mark.usefixtures("configured")
def test_a_task_that_does_not_end_in_time_is_temporary(s3):
    s3.answer.delay_s = 2.0
    (result,) = lambda_handler(event(), Context(remaining_ms=500))["results"]
    assert result["resultCode"] == "TemporaryFailure"
    assert result["resultString"].startswith("DeadlineExceeded: ")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (503, "TemporaryFailure"),
        (500, "TemporaryFailure"),
        (400, "PermanentFailure"),
        (403, "PermanentFailure"),
    ],
)
@pytest.mark.usefixtures("configured")
def test_an_output_that_fails_is_named(s3, status, code):
    s3.answer = Answer(status)
    (result,) = lambda_handler(event(), Context())["results"]
    assert result["resultCode"] == code
    assert "OutputRefused: s3://copies/jitprep/a.jpg: " in result["resultString"]


@pytest.mark.usefixtures("configured")
def test_an_output_that_cannot_be_reached_is_temporary(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    _forget()
    (result,) = lambda_handler(event(), Context())["results"]
    assert (result["resultCode"], result["resultString"].partition(":")[0]) == (
        "TemporaryFailure",
        "OutputUnavailable",
    )


@pytest.mark.parametrize("bucket", ["train", "photos", "aside"])
@pytest.mark.usefixtures("configured")
def test_a_bucket_goes_by_s3s_name_or_the_operators(s3, bucket):
    told = event()
    told["tasks"][0]["s3Bucket"] = bucket
    s3.script = [Answer(404)]  # the copy is missing
    (result,) = lambda_handler(told, Context())["results"]
    real = "photos" if bucket == "train" else bucket
    (_, read) = s3.targets[1]
    assert read.partition("?")[0] == f"/{real}/a.jpg"
    assert result["resultString"].startswith("EmptyObject: ")


@pytest.mark.usefixtures("configured")
def test_no_other_bucket_is_read_or_written(s3):
    told = event()
    told["tasks"][0]["s3Bucket"] = "secrets"
    (result,) = lambda_handler(told, Context())["results"]
    assert result["resultString"].startswith("BucketNotAllowed: ")
    assert s3.targets == []


@pytest.mark.usefixtures("configured")
def test_a_current_copy_costs_two_heads_and_a_new_one_no_more_before_it_is_read(s3):
    """docs/doors/batch-operations.md says so."""
    pipeline = Pipeline.parse("resize:8,8/npy")
    made = derived_object.provenance(pipeline.metadata((3, 8, 8), "uint8"), '"source"')
    metadata = copy_metadata.storable("a.jpg", made, 320)
    headers = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
    s3.script = [Answer(headers=headers, claimed_length=320)]
    (result,) = lambda_handler(event(spec=str(pipeline)), Context())["results"]
    assert result["resultString"] == "current: s3://copies/jitprep/a.jpg"
    assert [method for method, _ in s3.targets] == ["HEAD", "HEAD"]
    s3.targets.clear()
    s3.script = [Answer(404)]
    lambda_handler(event(spec=str(pipeline)), Context())
    assert [method for method, _ in s3.targets] == ["HEAD", "GET"]
