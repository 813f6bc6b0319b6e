"""What a job is created with: its manifest, its report and its settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .batch import counts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "lists no object"),
        ("texts\n", "Line 1 of the manifest has 1 columns; the job names 2: Bucket, Key"),
        ("texts,a\n,b\n", "Line 2 of the manifest lacks a bucket or a key"),
        ("texts,%ff\n", "The key in line 1 of the manifest is not UTF-8"),
        ('texts,"a\n', "not CSV in UTF-8"),
    ],
)
def test_a_manifest_that_cannot_be_read_fails_the_job(batch, text, words):
    job = batch.wait(batch.create(Manifest=batch.manifest(text)))
    (reason,) = job["FailureReasons"]
    assert (job["Status"], reason["FailureCode"]) == ("Failed", "InvalidManifestContent")
    assert words in reason["FailureReason"]


def test_a_manifest_that_is_missing_or_has_another_etag_fails_the_job(batch):
    other, gone = batch.manifest("texts,Succeeded:\n"), batch.manifest("texts,Succeeded:\n")
    other["Location"]["ETag"] = "0" * 32
    gone["Location"]["ObjectArn"] = "arn:aws:s3:::lists/no/such"
    for manifest, code in ((other, "InvalidManifestContent"), (gone, "NoSuchKey")):
        job = batch.wait(batch.create(Manifest=manifest))
        assert job["Status"] == "Failed"
        assert job["FailureReasons"][0]["FailureCode"] == code


def test_a_report_that_cannot_be_written_fails_the_job(batch):
    report = {**batch.request()["Report"], "Bucket": "arn:aws:s3:::no-such-bucket"}
    job = batch.wait(batch.create(Report=report))
    assert (job["Status"], counts(job)) == ("Failed", (1, 1, 0))
    assert job["FailureReasons"][0]["FailureCode"] == "NoSuchBucket"


def test_a_version_of_the_manifest_can_be_named(batch):
    batch.s3.create_bucket(Bucket="versions")
    batch.s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    first = batch.s3.put_object(Bucket="versions", Key="m", Body=b"texts,Succeeded:first\n")
    batch.s3.put_object(Bucket="versions", Key="m", Body=b"texts,Succeeded:second\n")
    manifest = batch.manifest("")
    manifest["Location"] = {
        "ObjectArn": "arn:aws:s3:::versions/m",
        "ObjectVersionId": first["VersionId"],
        "ETag": first["ETag"].strip('"'),
    }
    _, rows = batch.run(Manifest=manifest)
    assert [row[6] for row in rows] == ["first"]


def test_the_same_token_makes_one_job(batch):
    request = batch.request(ClientRequestToken="only once")
    first, again = (batch.control.create_job(**request)["JobId"] for _ in range(2))
    assert first == again
    with pytest.raises(batch.control.exceptions.IdempotencyException):
        batch.control.create_job(**{**request, "Priority": 11})


def lambda_invoke(**changes: Any) -> dict[str, Any]:
    return {"Operation": {"LambdaInvoke": {"FunctionArn": "preprocess", **changes}}}


def spec(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda manifest: {**manifest, "Spec": {**manifest["Spec"], **changes}}


def generator(**changes: Any) -> dict[str, Any]:
    """Return a manifest generator; what is not a setting of it is a rule of its filter."""
    settings = {"SourceBucket": "arn:aws:s3:::b", "EnableManifestOutput": False}
    rules = {name: value for name, value in changes.items() if name not in settings}
    settings |= {name: value for name, value in changes.items() if name in settings}
    return {"S3JobManifestGenerator": {**settings, "Filter": rules}}


def listed(**changes: Any) -> dict[str, Any]:
    return {"Manifest": None, "ManifestGenerator": generator(**changes)}


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"Operation": {"S3PutObjectCopy": {}}}, "NotImplemented", "S3PutObjectCopy"),
        ({"Operation": {}}, "InvalidRequest", "one operation"),
        (lambda_invoke(FunctionArn="no function"), "InvalidRequest", "FunctionArn"),
        (lambda_invoke(InvocationSchemaVersion="3.0"), "InvalidRequest", "1.0, 2.0"),
        (lambda_invoke(UserArguments={"a": "b"}), "InvalidRequest", "InvocationSchemaVersion 2.0"),
        (
            lambda_invoke(
                InvocationSchemaVersion="2.0", UserArguments={str(n): "" for n in range(11)}
            ),
            "InvalidRequest",
            "1 to 10 entries",
        ),
        (
            lambda_invoke(InvocationSchemaVersion="2.0", UserArguments={"spec": "x" * 1025}),
            "InvalidRequest",
            "at most 1024",
        ),
        ({"ManifestGenerator": generator()}, "InvalidRequest", "either a Manifest or"),
        ({"Manifest": None}, "InvalidRequest", "either a Manifest or"),
        (listed(SourceBucket="b"), "InvalidRequest", "is not the ARN of a bucket"),
        (listed(EnableManifestOutput=True), "InvalidRequest", "needs a ManifestOutputLocation"),
        (listed(EligibleForReplication=True), "NotImplemented", "EligibleForReplication"),
        (listed(ObjectReplicationStatuses=["NONE"]), "NotImplemented", "ObjectReplicationStatuses"),
        (listed(MatchAnyObjectEncryption=[{"NOTSSE": {}}]), "NotImplemented", "MatchAnyObjectEnc"),
        (listed(KeyNameConstraint={"MatchAnyPrefix": ["a", "b"]}), "InvalidRequest", "one string"),
        (listed(ObjectSizeLessThanBytes=-1), "InvalidRequest", "not a number of bytes"),
        ({"Manifest": spec(Format="S3InventoryReport_CSV_20161130")}, "NotImplemented", "Inventory"),
        ({"Manifest": spec(Fields=["Key"])}, "InvalidRequest", "Bucket and Key"),
        ({"RoleArn": "arn:aws:iam::1:user/a"}, "InvalidRequest", "RoleArn"),
        ({"Description": "x" * 257}, "InvalidRequest", "256"),
        ({"ClientRequestToken": "x" * 65}, "InvalidRequest", "64"),
        ({"Priority": -1}, "InvalidRequest", "Priority"),
        ({"Report": {"Enabled": True}}, "InvalidRequest", "Report.Bucket"),
        (
            {"Report": {"Enabled": True, "Bucket": "arn:aws:s3:::reports",
                        "Format": "Report_CSV_20180820", "ReportScope": "None"}},
            "InvalidRequest",
            "ReportScope",
        ),
    ],
)  # fmt: skip
def test_what_a_job_cannot_be_created_with(batch, changes, code, words, expect_error):
    request = batch.request()
    for name, value in changes.items():
        changed = value(request[name]) if callable(value) else value
        request[name] = changed
    request = {name: value for name, value in request.items() if value is not None}
    control = batch.local.client("s3control", _unchecked())
    with expect_error(code, 501 if code == "NotImplemented" else 400) as message:
        control.create_job(**request)
    assert words in message()


def _unchecked() -> Any:
    from botocore.config import Config

    return Config(parameter_validation=False)
