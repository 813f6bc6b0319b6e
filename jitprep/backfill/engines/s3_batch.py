"""Engine that runs an S3 Batch Operations job, which invokes the function for each object.

The manifest, and S3's report of failures, are in the folder ``_jitprep/`` of the target.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from jitprep.backfill.job import BackfillJob, CannotBackfill
from jitprep.backfill.listing import ListedObject
from jitprep.backfill.outcome import Failure

_FOLDER = "_jitprep"
_FORMAT = "S3BatchOperations_CSV_20180820"
_ROLE = re.compile(r"arn:([^:]+):iam::(\d{12}):role/.+")
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_LambdaInvokeOperation.html
_LONGEST_ARGUMENT = 1024
_UNDER_WAY = ["New", "Preparing", "Ready", "Active", "Pausing", "Paused", "Completing"]
_ENDED = frozenset({"Complete", "Failed", "Cancelled"})
_POLL_S = 2.0


@dataclass(frozen=True, slots=True)
class BatchFunction:
    """Function and role of a job.

    Parameters
    ----------
    arn : str
        ARN of the function.
    role_arn : str
        ARN of the role that S3 assumes. It may invoke the function, read the manifest and write the
        report.

    Raises
    ------
    CannotBackfill
    """

    arn: str
    role_arn: str

    def __post_init__(self) -> None:
        if not _ROLE.fullmatch(self.role_arn):
            raise CannotBackfill(f"{self.role_arn!r} is not the ARN of an IAM role")

    @property
    def account(self) -> str:
        """Account of the job."""
        return self._part(2)

    @property
    def partition(self) -> str:
        """Partition of its ARNs, such as ``aws``."""
        return self._part(1)

    def _part(self, number: int) -> str:
        found = _ROLE.fullmatch(self.role_arn)
        assert found is not None
        return found[number]


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a job.

    Parameters
    ----------
    status : str
        S3's status of the job.
    total, succeeded, failed : int
        Numbers of objects.
    reasons : str
        Why the job failed as a whole; empty otherwise.
    """

    status: str
    total: int = 0
    succeeded: int = 0
    failed: int = 0
    reasons: str = ""

    @property
    def ended(self) -> bool:
        """Whether the status is final."""
        return self.status in _ENDED


class BatchJobs:
    """S3 Batch Operations jobs for a backfill.

    Parameters
    ----------
    s3, s3control
        AWS clients.
    job : BackfillJob
    function : BatchFunction

    Raises
    ------
    CannotBackfill
        Where the job does not fit into S3's parameters.
    """

    def __init__(self, s3: Any, s3control: Any, job: BackfillJob, function: BatchFunction) -> None:
        if job.format != "objects":
            raise CannotBackfill(
                f"S3 Batch Operations cannot write {job.format}; use --format objects, or another engine"
            )
        if len(str(job.pipeline)) > _LONGEST_ARGUMENT:
            raise CannotBackfill(
                f"S3 Batch Operations takes at most {_LONGEST_ARGUMENT} characters of pipeline; use "
                "another engine"
            )
        self._s3 = s3
        self._control = s3control
        self._job = job
        self._function = function
        self._arguments = {
            "spec": str(job.pipeline),
            "seed": str(job.seed),
            "to": str(job.target).rstrip("/"),
        }
        identity = json.dumps([str(job.source), function.arn, self._arguments], sort_keys=True)
        self._description = f"jitprep backfill {hashlib.sha256(identity.encode()).hexdigest()[:32]}"

    def under_way(self) -> str | None:
        """Return the ID of the unfinished job of an earlier run of the same command, or None."""
        asked = {"AccountId": self._function.account, "JobStatuses": _UNDER_WAY}
        while True:
            page = self._control.list_jobs(**asked)
            for job in page["Jobs"]:
                if job.get("Description") == self._description:
                    return str(job["JobId"])
            if "NextToken" not in page:
                return None
            asked["NextToken"] = page["NextToken"]

    def create(self, originals: Iterable[ListedObject]) -> str:
        """Write the manifest, create a job, and return its ID."""
        target, arn = self._job.target, f"arn:{self._function.partition}:s3:::"
        folder, manifest = f"{target.prefix}{_FOLDER}", self._manifest(originals)
        digest = hashlib.sha256(manifest).hexdigest()[:32]
        key = f"{folder}/{digest}.csv"
        put = self._s3.put_object(
            Bucket=target.bucket, Key=key, Body=manifest, ContentType="text/csv"
        )
        created = self._control.create_job(
            AccountId=self._function.account,
            ConfirmationRequired=False,
            Description=self._description,
            Priority=10,
            RoleArn=self._function.role_arn,
            Operation={
                "LambdaInvoke": {
                    "FunctionArn": self._function.arn,
                    "InvocationSchemaVersion": "2.0",
                    "UserArguments": self._arguments,
                }
            },
            Manifest={
                "Spec": {"Format": _FORMAT, "Fields": ["Bucket", "Key"]},
                "Location": {"ObjectArn": f"{arn}{target.bucket}/{key}", "ETag": put["ETag"]},
            },
            Report={
                "Enabled": True,
                "Bucket": f"{arn}{target.bucket}",
                "Prefix": folder,
                "Format": "Report_CSV_20180820",
                "ReportScope": "FailedTasksOnly",
            },
        )
        return str(created["JobId"])

    def follow(self, job_id: str) -> Iterator[Progress]:
        """Yield the progress of a job every two seconds until it has ended."""
        while True:
            described = self._control.describe_job(AccountId=self._function.account, JobId=job_id)
            progress = _progress(described["Job"])
            yield progress
            if progress.ended:
                return
            time.sleep(_POLL_S)

    def failures(self, job_id: str) -> Iterator[Failure]:
        """Yield the failed tasks in S3's report of a job."""
        bucket = self._job.target.bucket
        folder = f"{self._job.target.prefix}{_FOLDER}/job-{job_id}"
        manifest = json.loads(self._read(bucket, f"{folder}/manifest.json"))
        for result in manifest["Results"]:
            text = self._read(result["Bucket"], result["Key"]).decode()
            for row in csv.reader(io.StringIO(text)):
                # AWS documents status and code in either order. The message says enough.
                _, key, _, outcome, _, _, message = row
                if outcome != "succeeded":
                    yield Failure(unquote(key), message)

    def _manifest(self, originals: Iterable[ListedObject]) -> bytes:
        text = io.StringIO(newline="")
        rows = csv.writer(text, lineterminator="\n")
        rows.writerows((self._job.source.bucket, quote(o.key)) for o in originals)
        return text.getvalue().encode()

    def _read(self, bucket: str, key: str) -> bytes:
        body: bytes = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body


def _progress(described: dict[str, Any]) -> Progress:
    summary = described.get("ProgressSummary", {})
    reasons = described.get("FailureReasons", ())
    return Progress(
        described["Status"],
        summary.get("TotalNumberOfTasks", 0),
        summary.get("NumberOfTasksSucceeded", 0),
        summary.get("NumberOfTasksFailed", 0),
        "; ".join(f"{r.get('FailureCode')}: {r.get('FailureReason')}" for r in reasons),
    )
