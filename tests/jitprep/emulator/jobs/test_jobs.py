"""Jobs of S3 Batch Operations by boto3, from their creation to their report."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

import pytest

from jitprep.emulator import Endpoint, EndpointConfig
from jitprep.emulator.jobs import runner
from jitprep.emulator.testing import LocalObjectLambda

from ..conftest import FUNCTIONS, TIMEOUT_S

ACCOUNT = "123456789012"
ENDED = {"Complete", "Failed", "Cancelled"}
Job = dict[str, Any]


class Batch:
    """Jobs over a bucket whose keys tell the function what to do."""

    def __init__(self, local: LocalObjectLambda) -> None:
        self.local = local
        self.s3, self.control = local.client("s3"), local.client("s3control")
        for bucket in ("lists", "reports"):
            self.s3.create_bucket(Bucket=bucket)
        self._numbers = itertools.count()

    def manifest(self, text: str) -> dict[str, Any]:
        """Store a manifest; return it as CreateJob takes it."""
        key = f"list {next(self._numbers)}.csv"
        etag = self.s3.put_object(Bucket="lists", Key=key, Body=text.encode())["ETag"]
        return {
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]},
            "Location": {"ObjectArn": f"arn:aws:s3:::lists/{key}", "ETag": etag},
        }

    def request(self, keys: Sequence[str] = ("Succeeded:",), **changes: Any) -> dict[str, Any]:
        function = self.local.endpoint.config.function_arn("preprocess")
        whole = {
            "AccountId": ACCOUNT,
            "Operation": {"LambdaInvoke": {"FunctionArn": function}},
            "Report": {
                "Enabled": True,
                "Bucket": "arn:aws:s3:::reports",
                "Prefix": "told/of",
                "Format": "Report_CSV_20180820",
                "ReportScope": "AllTasks",
            },
            "Manifest": self.manifest("".join(f"texts,{quote(key)}\n" for key in keys)),
            "Priority": 10,
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/batch",
        }
        return {name: value for name, value in {**whole, **changes}.items() if value is not None}

    def create(self, keys: Sequence[str] = ("Succeeded:",), **changes: Any) -> str:
        return str(self.control.create_job(**self.request(keys, **changes))["JobId"])

    def describe(self, job_id: str) -> Job:
        return dict(self.control.describe_job(AccountId=ACCOUNT, JobId=job_id)["Job"])

    def wait(self, job_id: str, statuses: set[str] = ENDED) -> Job:
        """Return the job once it is in one of these statuses."""
        deadline = time.monotonic() + 60
        while (job := self.describe(job_id))["Status"] not in statuses:
            assert time.monotonic() < deadline, job
            time.sleep(0.01)
        return job

    def run(self, *keys: str, **changes: Any) -> tuple[Job, list[list[str]]]:
        """Run a job to its end; return it and its report's rows by key."""
        job = self.wait(self.create(keys, **changes))
        return job, sorted(self.report(job["JobId"]), key=lambda row: row[1])

    def report(self, job_id: str) -> list[list[str]]:
        rows = []
        for listed in self.index(job_id)["Results"]:
            body = self.s3.get_object(Bucket=listed["Bucket"], Key=listed["Key"])["Body"].read()
            assert hashlib.md5(body).hexdigest() == listed["MD5Checksum"]
            read = list(csv.reader(io.StringIO(body.decode())))
            assert {row[3] for row in read} == {listed["TaskExecutionStatus"]}
            rows += read
        return rows

    def index(self, job_id: str) -> dict[str, Any]:
        key = f"told/of/job-{job_id}/manifest.json"
        return dict(json.loads(self.s3.get_object(Bucket="reports", Key=key)["Body"].read()))

    def update(self, job_id: str, status: str, **told: str) -> Job:
        return dict(
            self.control.update_job_status(
                AccountId=ACCOUNT, JobId=job_id, RequestedJobStatus=status, **told
            )
        )


@pytest.fixture(scope="module")
def batch(object_lambda_endpoint: Callable[..., LocalObjectLambda]) -> Batch:
    return Batch(
        object_lambda_endpoint(handler="batch.handler", task_root=FUNCTIONS, timeout=TIMEOUT_S)
    )


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_PAUSE_S", 0.01)


def counts(job: Job) -> tuple[int, int, int]:
    told = job["ProgressSummary"]
    return (
        told["TotalNumberOfTasks"],
        told["NumberOfTasksSucceeded"],
        told["NumberOfTasksFailed"],
    )


def test_a_job_runs_to_its_end_and_reports(batch):
    request = batch.request(
        ["Succeeded:well, well", "PermanentFailure:a \u00fc"], Description="two"
    )
    job_id = batch.control.create_job(**request)["JobId"]
    job = batch.wait(job_id)
    assert (job["Status"], counts(job)) == ("Complete", (2, 1, 1))
    assert job["JobArn"] == f"arn:aws:s3:us-east-1:{ACCOUNT}:job/{job_id}"
    assert job["TerminationDate"] >= job["CreationTime"]
    for name in ("Operation", "Report", "Manifest", "Priority", "RoleArn", "Description"):
        assert job[name] == request[name], name
    assert "FailureReasons" not in job
    assert sorted(batch.report(job_id)) == [
        ["texts", "PermanentFailure%3Aa%20%C3%BC", "", "failed", "200", "PermanentFailure", "a ü"],
        ["texts", "Succeeded%3Awell%2C%20well", "", "succeeded", "200", "", "well, well"],
    ]
    index = batch.index(job_id)
    assert index["Format"] == "Report_CSV_20180820"
    assert [part["TaskExecutionStatus"] for part in index["Results"]] == ["succeeded", "failed"]


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [(None, None), ("1.0", None), ("2.0", None), ("2.0", {"spec": "resize:8", "<b>": "&"})],
)
def test_the_event_is_that_of_the_schema(batch, schema, arguments):
    key = "echo:a b+\u00fc/%2F"
    function = batch.local.endpoint.config.function_arn("preprocess")
    told = {"InvocationSchemaVersion": schema, "UserArguments": arguments}
    invoke = {"FunctionArn": function, **{name: value for name, value in told.items() if value}}
    manifest = batch.manifest(f"x,texts,{quote(key)},v1\nx,texts,{quote(key)},\n")
    manifest["Spec"]["Fields"] = ["Ignore", "Bucket", "Key", "VersionId"]
    job, rows = batch.run(Operation={"LambdaInvoke": invoke}, Manifest=manifest)
    assert counts(job) == (2, 2, 0)
    assert {row[2] for row in rows} == {"v1", ""}
    bucket = {"s3Bucket": "texts"} if schema == "2.0" else {"s3BucketArn": "arn:aws:s3:::texts"}
    for row in rows:
        event = json.loads(row[6])
        (task,) = event.pop("tasks")
        assert task.pop("taskId") and event.pop("invocationId")
        assert task == {"s3Key": quote(key), "s3VersionId": row[2] or None, **bucket}
        own = {"userArguments": arguments} if arguments else {}
        assert event == {
            "invocationSchemaVersion": schema or "1.0",
            "job": {"id": job["JobId"], **own},
        }


def test_what_fails_for_the_time_being_is_tried_again_and_not_for_ever(batch, tmp_path):
    job, rows = batch.run(f"third_time:{tmp_path}/tries", "TemporaryFailure:busy", "missing:")
    assert counts(job) == (3, 1, 2)
    assert [row[3:] for row in rows] == [
        ["failed", "200", "TemporaryFailure", "busy"],
        ["failed", "200", "TemporaryFailure", rows[1][6]],
        ["succeeded", "200", "", "at last"],
    ]
    assert "treatMissingKeysAs" in rows[1][6]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("fall:over", 'Lambda returned function error: {"errorMessage": "over"'),
        ("leave:", "ended while it ran"),
        ("stranger:", "invocationId is not the event's"),
        ("unlisted:", "results is not a list"),
        ("NoSuchCode:", "resultCode is 'NoSuchCode'"),
    ],
)
def test_a_function_that_answers_wrongly_fails_its_task(batch, key, words):
    job, rows = batch.run(key)
    assert (job["Status"], counts(job)) == ("Complete", (1, 0, 1))
    assert rows[0][3:6] == ["failed", "200", "PermanentFailure"]
    assert words in rows[0][6]


def test_a_function_that_is_not_there_fails_the_tasks(batch):
    function = batch.local.endpoint.config.function_arn("other")
    job, rows = batch.run("Succeeded:", Operation={"LambdaInvoke": {"FunctionArn": function}})
    assert counts(job) == (1, 0, 1)
    assert rows[0][4:6] == ["404", "ResourceNotFoundException"]


def test_the_report_may_be_of_failures_only_or_not_at_all(batch):
    report = {**batch.request()["Report"], "ReportScope": "FailedTasksOnly"}
    _, rows = batch.run("Succeeded:", "PermanentFailure:", Report=report)
    assert [row[3] for row in rows] == ["failed"]
    silent = batch.wait(batch.create(Report={"Enabled": False}))
    listed = batch.s3.list_objects_v2(Bucket="reports", Prefix=f"told/of/job-{silent['JobId']}")
    assert (silent["Status"], listed["KeyCount"]) == ("Complete", 0)


def test_a_job_waits_for_its_confirmation(batch):
    job_id = batch.create(ConfirmationRequired=True)
    job = batch.wait(job_id, {"Suspended"})
    assert (job["ConfirmationRequired"], counts(job)) == (True, (1, 0, 0))
    assert batch.update(job_id, "Ready", StatusUpdateReason="go on")["JobId"] == job_id
    job = batch.wait(job_id)
    assert (job["Status"], job["StatusUpdateReason"]) == ("Complete", "go on")
    for status in ("Ready", "Cancelled"):
        with pytest.raises(batch.control.exceptions.JobStatusException, match="is Complete"):
            batch.update(job_id, status)


def test_a_job_that_waits_can_be_cancelled(batch):
    job_id = batch.create(ConfirmationRequired=True)
    batch.wait(job_id, {"Suspended"})
    assert batch.update(job_id, "Cancelled")["Status"] in {"Cancelling", "Cancelled"}
    job = batch.wait(job_id)
    assert (job["Status"], counts(job)) == ("Cancelled", (1, 0, 0))
    listed = batch.s3.list_objects_v2(Bucket="reports", Prefix=f"told/of/job-{job_id}")
    assert listed["KeyCount"] == 0  # nothing was run that there is to tell of


def test_a_job_that_runs_is_cancelled_after_what_is_under_way(batch, tmp_path):
    lines, gate = tmp_path / "lines", tmp_path / "gate"
    job_id = batch.create([f"note:{lines}|{gate}"] * 5)
    _until(lambda: lines.exists() and len(lines.read_text().split()) == 2)  # one in each worker
    assert batch.update(job_id, "Cancelled")["Status"] == "Cancelling"
    gate.touch()
    job = batch.wait(job_id)
    assert (job["Status"], counts(job)) == ("Cancelled", (5, 2, 0))
    assert len(batch.report(job_id)) == len(lines.read_text().split()) == 2


def test_a_job_of_higher_priority_goes_first(batch, tmp_path):
    lines, gate = tmp_path / "lines", tmp_path / "gate"
    keys = [f"note:{lines}|{gate}"] * 4
    low = batch.create(keys, Priority=1)
    _until(lambda: lines.exists() and len(lines.read_text().split()) == 2)
    high = batch.create(keys, Priority=1, ConfirmationRequired=True)
    batch.wait(high, {"Suspended"})
    changed = batch.control.update_job_priority(AccountId=ACCOUNT, JobId=high, Priority=2)
    assert (changed["JobId"], changed["Priority"]) == (high, 2)
    batch.update(high, "Ready")
    batch.wait(high, {"Active"})
    gate.touch()
    assert [batch.wait(job)["Status"] for job in (high, low)] == ["Complete"] * 2
    assert lines.read_text().split() == [low] * 2 + [high] * 4 + [low] * 2
    with pytest.raises(batch.control.exceptions.BadRequestException):
        batch.control.update_job_priority(AccountId=ACCOUNT, JobId=high, Priority=3)


def test_a_job_in_which_most_tasks_fail_is_given_up(batch):
    job, rows = batch.run(*["Succeeded:"] * 20, *["PermanentFailure:"] * 1100)
    assert job["Status"] == "Failed"
    total, succeeded, failed = counts(job)
    assert total == 1120
    assert 1000 <= succeeded + failed < 1120
    assert len(rows) == succeeded + failed
    (reason,) = job["FailureReasons"]
    assert "more than half" in reason["FailureReason"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "lists no object"),
        ("texts\n", "Line 1 of the manifest has 1 columns, and 2 are named: Bucket, Key"),
        ("texts,a\n,b\n", "Line 2 of the manifest lacks a bucket or a key"),
        ("texts,%ff\n", "the key is not UTF-8"),
        ('texts,"a\n', "not CSV in UTF-8"),
    ],
)
def test_a_manifest_that_cannot_be_read_fails_the_job(batch, text, words):
    job = batch.wait(batch.create(Manifest=batch.manifest(text)))
    (reason,) = job["FailureReasons"]
    assert (job["Status"], reason["FailureCode"]) == ("Failed", "InvalidManifestContent")
    assert words in reason["FailureReason"]


def test_a_manifest_that_is_missing_or_another_fails_the_job(batch):
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
        ({"ManifestGenerator": {"S3JobManifestGenerator": {"SourceBucket": "arn:aws:s3:::b",
          "EnableManifestOutput": False}}}, "NotImplemented", "ManifestGenerator"),
        ({"Manifest": None}, "InvalidRequest", "has no Manifest"),
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


def test_jobs_are_listed_in_pages_and_by_status(batch):
    made = [batch.create(Description=f"number {number}") for number in range(3)]
    for job_id in made:
        batch.wait(job_id)
    pages = batch.control.list_jobs(AccountId=ACCOUNT, MaxResults=2)
    listed = list(pages["Jobs"])
    while "NextToken" in pages:
        pages = batch.control.list_jobs(
            AccountId=ACCOUNT, MaxResults=2, NextToken=pages["NextToken"]
        )
        listed += pages["Jobs"]
    assert [job["JobId"] for job in listed[-3:]] == made
    assert [job["Description"] for job in listed[-3:]] == ["number 0", "number 1", "number 2"]
    assert {job["Operation"] for job in listed} == {"LambdaInvoke"}
    whole = batch.control.list_jobs(AccountId=ACCOUNT)["Jobs"]
    assert whole == listed
    complete = batch.control.list_jobs(AccountId=ACCOUNT, JobStatuses=["Complete"])["Jobs"]
    assert complete == [job for job in whole if job["Status"] == "Complete"]
    active = batch.control.list_jobs(AccountId=ACCOUNT, JobStatuses=["Active", "New"])["Jobs"]
    assert active == []
    with pytest.raises(batch.control.exceptions.InvalidNextTokenException):
        batch.control.list_jobs(AccountId=ACCOUNT, NextToken="nowhere")


def test_a_job_that_is_not_there_is_not_found(batch, expect_error):
    control, this = batch.control, {"AccountId": ACCOUNT, "JobId": "no-such-job"}
    for call in (
        lambda: control.describe_job(**this),
        lambda: control.update_job_status(**this, RequestedJobStatus="Cancelled"),
        lambda: control.update_job_priority(**this, Priority=1),
    ):
        with pytest.raises(control.exceptions.NotFoundException):
            call()
    with expect_error("AccessDenied", 403):
        control.describe_job(AccountId="999999999999", JobId="no-such-job")
    with expect_error("NotImplemented", 501):
        control.get_job_tagging(**this)


def test_a_job_ends_with_the_endpoint(tmp_path):
    config = EndpointConfig(port=0, handler="batch.handler", task_root=FUNCTIONS, workers=1)
    lines = tmp_path / "lines"
    with Endpoint(config) as endpoint:
        batch = Batch(LocalObjectLambda(endpoint))
        batch.create([f"note:{lines}|{tmp_path}/never"] * 3)
        batch.create(ConfirmationRequired=True)
        _until(lambda: lines.exists() and lines.read_text() != "")
        before = time.monotonic()
    assert time.monotonic() - before < 10
    assert len(lines.read_text().split()) == 1


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _unchecked() -> Any:
    from botocore.config import Config

    return Config(parameter_validation=False)
