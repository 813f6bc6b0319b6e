"""Engine that runs an S3 Batch Operations job, which invokes the function for each object.

The list of the originals, its manifest, is ours or made by S3. Our manifests are in ``manifests/`` of
the job's folder, and S3's reports of failures in ``reports/``. The folder is outside the target, where
the function writes: if it could write manifests, it could choose what a job does.
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
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import quote, unquote

from boto3.s3.transfer import TransferConfig

from jitprep.backfill.job import BackfillJob, CannotBackfill
from jitprep.backfill.listing import ListedObject
from jitprep.backfill.outcome import Failure
from jitprep.service.s3_names import S3Prefix

_FORMAT = "S3BatchOperations_CSV_20180820"
_ROLE = re.compile(r"arn:([^:]+):iam::(\d{12}):role/.+")
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_LambdaInvokeOperation.html
_LONGEST_ARGUMENT = 1024
_UNDER_WAY = ["New", "Preparing", "Ready", "Active", "Pausing", "Paused", "Completing"]
_ENDED = frozenset({"Complete", "Failed", "Cancelled"})
_POLL_S = 2.0
# A manifest may have gigabytes; two parts of it are in memory at once.
_TRANSFER = TransferConfig(multipart_chunksize=16 * 2**20, max_concurrency=2)


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """Function, role and folder of a job.

    Parameters
    ----------
    function_arn : str
        ARN of the function.
    role_arn : str
        ARN of the role that S3 assumes. It may invoke the function, read the manifest or have S3 make
        one, and write the report.
    folder : S3Prefix
        Folder of manifests and reports.

    Raises
    ------
    CannotBackfill
    """

    function_arn: str
    role_arn: str
    folder: S3Prefix

    def __post_init__(self) -> None:
        if not _ROLE.fullmatch(self.role_arn):
            raise CannotBackfill(f"{self.role_arn!r} is not the ARN of an IAM role")

    @property
    def account(self) -> str:
        """Account of the job."""
        return self._part(2)

    @property
    def manifests(self) -> S3Prefix:
        """Folder of the manifests."""
        return S3Prefix(self.folder.bucket, f"{self.folder.prefix}manifests/")

    @property
    def reports(self) -> S3Prefix:
        """Folder of S3's reports."""
        return S3Prefix(self.folder.bucket, f"{self.folder.prefix}reports/")

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
    listed_by_s3 : bool
        Whether S3 made the manifest, which then has the originals with current copies too.
    """

    status: str
    total: int = 0
    succeeded: int = 0
    failed: int = 0
    reasons: str = ""
    listed_by_s3: bool = False

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
    settings : BatchSettings

    Raises
    ------
    CannotBackfill
        Where the job does not fit into S3's parameters, or its files would be among the originals or the
        copies.
    """

    def __init__(self, s3: Any, s3control: Any, job: BackfillJob, settings: BatchSettings) -> None:
        if job.format != "objects":
            raise CannotBackfill(
                f"S3 Batch Operations cannot write {job.format}; use --format objects, or another engine"
            )
        if len(str(job.pipeline)) > _LONGEST_ARGUMENT:
            raise CannotBackfill(
                f"S3 Batch Operations takes at most {_LONGEST_ARGUMENT} characters of pipeline; use "
                "another engine"
            )
        for files in (settings.manifests, settings.reports):
            for place in (job.source, job.target):
                if files in place or place in files:
                    raise CannotBackfill(
                        f"{files}, for the job's own files, and {place} overlap; choose another "
                        "--job-folder"
                    )
        self._s3 = s3
        self._control = s3control
        self._job = job
        self._settings = settings
        self._arguments = {
            "spec": str(job.pipeline),
            "seed": str(job.seed),
            "to": str(job.target).rstrip("/"),
        }
        places = [str(job.source), str(settings.folder), settings.function_arn]
        identity = json.dumps([places, self._arguments], sort_keys=True)
        self._description = f"jitprep backfill {hashlib.sha256(identity.encode()).hexdigest()[:32]}"

    def under_way(self) -> str | None:
        """Return the ID of the unfinished job of an earlier run of the same command, or None."""
        asked = {"AccountId": self._settings.account, "JobStatuses": _UNDER_WAY}
        while True:
            page = self._control.list_jobs(**asked)
            for job in page["Jobs"]:
                if job.get("Description") == self._description:
                    return str(job["JobId"])
            if "NextToken" not in page:
                return None
            asked["NextToken"] = page["NextToken"]

    def create(self, originals: Iterable[ListedObject]) -> str | None:
        """Write a manifest of the originals, create a job, and return its ID; None without originals."""
        bucket = self._job.source.bucket
        with TemporaryFile() as file:
            for original in originals:
                file.write(f"{bucket},{quote(original.key)}\n".encode())
            if not file.tell():
                return None
            return self._create(Manifest=self._stored_manifest(file))

    def create_with_generator(self) -> str:
        """Create a job whose originals S3 lists, and return its ID.

        Raises
        ------
        CannotBackfill
            Where the bucket of the originals has versions. AWS does not document whether the list names
            old versions too, whose copies would replace those of the current ones.
        """
        source = self._job.source
        if self._s3.get_bucket_versioning(Bucket=source.bucket).get("Status"):
            raise CannotBackfill(
                f"{source.bucket} keeps versions of its objects, and S3's list may name old ones; leave "
                "--manifest-generator out"
            )
        prefix = {"Filter": {"KeyNameConstraint": {"MatchAnyPrefix": [source.prefix]}}}
        generator = {
            "SourceBucket": self._arn(source.bucket),
            "EnableManifestOutput": False,
            **(prefix if source.prefix else {}),
        }
        return self._create(ManifestGenerator={"S3JobManifestGenerator": generator})

    def _create(self, **originals: Any) -> str:
        """Create a job for the originals of a manifest or a manifest generator, and return its ID."""
        reports = self._settings.reports
        created = self._control.create_job(
            AccountId=self._settings.account,
            ConfirmationRequired=False,
            Description=self._description,
            Priority=10,
            RoleArn=self._settings.role_arn,
            Operation={
                "LambdaInvoke": {
                    "FunctionArn": self._settings.function_arn,
                    "InvocationSchemaVersion": "2.0",
                    "UserArguments": self._arguments,
                }
            },
            Report={
                "Enabled": True,
                "Bucket": self._arn(reports.bucket),
                "Prefix": reports.prefix.removesuffix("/"),
                "Format": "Report_CSV_20180820",
                "ReportScope": "FailedTasksOnly",
            },
            **originals,
        )
        return str(created["JobId"])

    def follow(self, job_id: str) -> Iterator[Progress]:
        """Yield the progress of a job every two seconds until it has ended."""
        while True:
            described = self._control.describe_job(AccountId=self._settings.account, JobId=job_id)
            progress = _progress(described["Job"])
            yield progress
            if progress.ended:
                return
            time.sleep(_POLL_S)

    def failures(self, job_id: str) -> Iterator[Failure]:
        """Yield the failed tasks in S3's report of a job."""
        reports = self._settings.reports
        key = f"{reports.prefix}job-{job_id}/manifest.json"
        manifest = json.loads(self._body(reports.bucket, key).read())
        for result in manifest["Results"]:
            body = io.BufferedReader(self._body(result["Bucket"], result["Key"]))
            for row in csv.reader(io.TextIOWrapper(body, "utf-8", newline="")):
                # AWS documents status and code in either order. The message says enough.
                _, key, _, outcome, _, _, message = row
                if outcome != "succeeded":
                    yield Failure(unquote(key), message)

    def _stored_manifest(self, file: IO[bytes]) -> dict[str, Any]:
        """Store a manifest, and return its description."""
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:32]  # type: ignore[arg-type]
        folder = self._settings.manifests
        place = {"Bucket": folder.bucket, "Key": f"{folder.prefix}{digest}.csv"}
        file.seek(0)
        self._s3.upload_fileobj(
            file, **place, ExtraArgs={"ContentType": "text/csv"}, Config=_TRANSFER
        )
        etag = self._s3.head_object(**place)["ETag"]
        return {
            "Spec": {"Format": _FORMAT, "Fields": ["Bucket", "Key"]},
            "Location": {
                "ObjectArn": f"{self._arn(folder.bucket)}/{place['Key']}",
                "ETag": etag,
            },
        }

    def _arn(self, bucket: str) -> str:
        return f"arn:{self._settings.partition}:s3:::{bucket}"

    def _body(self, bucket: str, key: str) -> Any:
        return self._s3.get_object(Bucket=bucket, Key=key)["Body"]


def _progress(described: dict[str, Any]) -> Progress:
    summary = described.get("ProgressSummary", {})
    reasons = described.get("FailureReasons", ())
    return Progress(
        described["Status"],
        summary.get("TotalNumberOfTasks", 0),
        summary.get("NumberOfTasksSucceeded", 0),
        summary.get("NumberOfTasksFailed", 0),
        "; ".join(f"{r.get('FailureCode')}: {r.get('FailureReason')}" for r in reasons),
        "ManifestGenerator" in described,
    )
