"""Report of an S3 Batch Operations job: its progress, and its outcome."""

from __future__ import annotations

from botocore.exceptions import ClientError

from jitprep.backfill.engines.s3_batch import BatchJobs, Progress
from jitprep.backfill.outcome import Failure, TaskOutcome, sdk_message
from jitprep.cli.console import progress
from jitprep.cli.reports.backfill import ProgressReport


def watch(jobs: BatchJobs, job_id: str) -> Progress:
    """Show the progress of a job until it ends, and return the last one."""
    with progress() as bars:
        bar = bars.add_task(job_id, total=None)
        for now in jobs.follow(job_id):
            ended = now.succeeded + now.failed
            bars.update(bar, total=now.total or None, completed=ended, description=now.status)
    return now


def add_outcome(jobs: BatchJobs, job_id: str, now: Progress, report: ProgressReport) -> None:
    """Add the outcome of a job that has ended to the report."""
    if now.listed_by_s3:
        report.add_current(now.succeeded)
    else:
        report.add(TaskOutcome(now.succeeded))
    _add_failures(jobs, job_id, now.failed, report)
    if now.status != "Complete":
        report.note(f"the S3 job ended as {now.status}: {now.reasons or 'S3 gave no reason'}")


def _add_failures(jobs: BatchJobs, job_id: str, number: int, report: ProgressReport) -> None:
    read = 0
    try:
        for failure in jobs.failures(job_id) if number else ():
            report.add(TaskOutcome(failures=(failure,)))
            read += 1
    except ClientError as error:
        why = f"the report of its failures cannot be read: {sdk_message(error)}"
        report.add(TaskOutcome(failures=(Failure(f"S3 job {job_id}", why, number - read),)))
