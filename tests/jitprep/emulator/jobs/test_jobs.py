"""Jobs of S3 Batch Operations by boto3, from their creation to their report."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

import pytest

from jitprep.emulator import Endpoint, EndpointConfig
from jitprep.emulator.testing import LocalObjectLambda

from ..conftest import FUNCTIONS
from .batch import ACCOUNT, Batch, counts, until


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
    schema_settings = {"InvocationSchemaVersion": schema, "UserArguments": arguments}
    invoke = {
        "FunctionArn": function,
        **{name: value for name, value in schema_settings.items() if value},
    }
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


def test_a_temporary_failure_is_retried_a_limited_number_of_times(batch, tmp_path):
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
        ("stranger:", "invocationId is not that of the event"),
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
    listed = batch.s3.list_objects_v2(Bucket="reports", Prefix=f"reports/of/job-{silent['JobId']}")
    assert (silent["Status"], listed["KeyCount"]) == ("Complete", 0)


def test_a_job_waits_for_its_confirmation(batch):
    job_id = batch.create(ConfirmationRequired=True)
    job = batch.wait(job_id, {"Suspended"})
    assert (job["ConfirmationRequired"], counts(job)) == (True, (1, 0, 0))
    assert batch.update(job_id, "Ready", StatusUpdateReason="checked")["JobId"] == job_id
    job = batch.wait(job_id)
    assert (job["Status"], job["StatusUpdateReason"]) == ("Complete", "checked")
    for status in ("Ready", "Cancelled"):
        with pytest.raises(batch.control.exceptions.JobStatusException, match="is Complete"):
            batch.update(job_id, status)


def test_a_job_that_waits_can_be_cancelled(batch):
    job_id = batch.create(ConfirmationRequired=True)
    batch.wait(job_id, {"Suspended"})
    assert batch.update(job_id, "Cancelled")["Status"] in {"Cancelling", "Cancelled"}
    job = batch.wait(job_id)
    assert (job["Status"], counts(job)) == ("Cancelled", (1, 0, 0))
    listed = batch.s3.list_objects_v2(Bucket="reports", Prefix=f"reports/of/job-{job_id}")
    assert listed["KeyCount"] == 0  # no task has run


def test_a_running_job_is_cancelled_after_the_tasks_in_progress(batch, tmp_path):
    lines, gate = tmp_path / "lines", tmp_path / "gate"
    job_id = batch.create([f"note:{lines}|{gate}"] * 5)
    until(lambda: lines.exists() and len(lines.read_text().split()) == 2)  # one in each worker
    assert batch.update(job_id, "Cancelled")["Status"] == "Cancelling"
    gate.touch()
    job = batch.wait(job_id)
    assert (job["Status"], counts(job)) == ("Cancelled", (5, 2, 0))
    assert len(batch.report(job_id)) == len(lines.read_text().split()) == 2


def test_a_job_of_higher_priority_goes_first(batch, tmp_path):
    lines, gate = tmp_path / "lines", tmp_path / "gate"
    keys = [f"note:{lines}|{gate}"] * 4
    low = batch.create(keys, Priority=1)
    until(lambda: lines.exists() and len(lines.read_text().split()) == 2)
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


def test_a_job_fails_when_most_of_its_tasks_fail(batch):
    job, rows = batch.run(*["Succeeded:"] * 20, *["PermanentFailure:"] * 1100)
    assert job["Status"] == "Failed"
    total, succeeded, failed = counts(job)
    assert total == 1120
    assert 1000 <= succeeded + failed < 1120
    assert len(rows) == succeeded + failed
    (reason,) = job["FailureReasons"]
    assert "more than half" in reason["FailureReason"]


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
        until(lambda: lines.exists() and lines.read_text() != "")
        before = time.monotonic()
    assert time.monotonic() - before < 10
    assert len(lines.read_text().split()) == 1
