"""A client of S3 Batch Operations, for the tests of jobs."""

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

from jitprep.emulator.testing import LocalObjectLambda

ACCOUNT = "123456789012"
ENDED = {"Complete", "Failed", "Cancelled"}
Job = dict[str, Any]


class Batch:
    """Creates jobs whose keys name the behaviour of the function, and reads their reports."""

    def __init__(self, local: LocalObjectLambda) -> None:
        self.local = local
        self.s3, self.control = local.client("s3"), local.client("s3control")
        for bucket in ("lists", "reports"):
            self.s3.create_bucket(Bucket=bucket)
        self._numbers = itertools.count()

    def manifest(self, text: str) -> dict[str, Any]:
        """Store a manifest; return CreateJob's parameter for it."""
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
                "Prefix": "reports/of",
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
        key = f"reports/of/job-{job_id}/manifest.json"
        return dict(json.loads(self.s3.get_object(Bucket="reports", Key=key)["Body"].read()))

    def update(self, job_id: str, status: str, **parameters: str) -> Job:
        return dict(
            self.control.update_job_status(
                AccountId=ACCOUNT, JobId=job_id, RequestedJobStatus=status, **parameters
            )
        )


def counts(job: Job) -> tuple[int, int, int]:
    progress = job["ProgressSummary"]
    return (
        progress["TotalNumberOfTasks"],
        progress["NumberOfTasksSucceeded"],
        progress["NumberOfTasksFailed"],
    )


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
