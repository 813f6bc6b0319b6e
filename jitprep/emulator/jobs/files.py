"""The files of a job: its manifest and its completion report."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote, unquote_plus

from jitprep.emulator.jobs.job import BatchJob, CompletionReport, JobTask, Manifest, Result

# AWS's own reports declare this schema, although their rows have the HTTP status before the code. See
# "Examples: S3 Batch Operations completion reports" in the user guide.
_SCHEMA = "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"


class BadManifest(Exception):
    """A manifest that cannot be parsed; the message says where and why."""


def read_manifest(body: bytes, manifest: Manifest) -> list[JobTask]:
    """Return the tasks that a CSV manifest lists.

    Its keys are URL-encoded like those of S3 Inventory, with a space as ``+`` or ``%20``.

    Raises
    ------
    BadManifest
        If it is not valid CSV, lists no objects, or a row is not valid.
    """
    try:
        rows = csv.reader(io.StringIO(body.decode()), strict=True)
        tasks = [_task(row, rows.line_num, manifest.fields) for row in rows if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadManifest(f"The manifest is not CSV in UTF-8: {error}.") from error
    if not tasks:
        raise BadManifest("The manifest lists no objects.")
    return tasks


def encode_key(key: str) -> str:
    """Return a key URL-encoded, as in manifests, events and reports."""
    return quote(key, safe="/")


def report_files(job: BatchJob, report: CompletionReport) -> list[tuple[str, bytes]]:
    """Return the keys and contents of a completion report's files; the index comes last."""
    folder = f"{report.prefix}job-{job.id}"
    parts = [("failed", [one for one in job.results if one[1].code])]
    if not report.failed_only:
        parts.insert(0, ("succeeded", [one for one in job.results if not one[1].code]))
    files, listed = [], []
    for status, results in parts:
        if results:
            body = _rows(status, results)
            name = hashlib.sha1(status.encode() + body, usedforsecurity=False).hexdigest()
            key = f"{folder}/results/{name}.csv"
            files.append((key, body))
            listed.append(_listed(status, report.bucket, key, body))
    written = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    manifest = {
        "Format": "Report_CSV_20180820",
        "ReportCreationDate": written,
        "Results": listed,
        "ReportSchema": _SCHEMA,
    }
    return [*files, (f"{folder}/manifest.json", json.dumps(manifest, indent=4).encode())]


def _task(row: list[str], number: int, fields: tuple[str, ...]) -> JobTask:
    if len(row) != len(fields):
        raise BadManifest(
            f"Line {number} of the manifest has {len(row)} columns; the job names {len(fields)}: "
            f"{', '.join(fields)}."
        )
    found = dict(zip(fields, row, strict=True))
    try:
        key = unquote_plus(found["Key"], errors="strict")
    except UnicodeDecodeError as error:
        raise BadManifest(f"The key in line {number} of the manifest is not UTF-8.") from error
    if not key or not found["Bucket"]:
        raise BadManifest(f"Line {number} of the manifest lacks a bucket or a key.")
    return JobTask(found["Bucket"], key, found.get("VersionId") or None)


def _rows(status: str, results: Iterable[tuple[JobTask, Result]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for task, result in results:
        place = (task.bucket, encode_key(task.key), task.version or "")
        # csv does not quote a carriage return, and its reader would end the row there.
        message = result.message.replace("\r", "\n")
        writer.writerow((*place, status, result.http_status, result.code, message))
    return text.getvalue().encode(errors="replace")


def _listed(status: str, bucket: str, key: str, body: bytes) -> dict[str, str]:
    checksum = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return {"TaskExecutionStatus": status, "Bucket": bucket, "MD5Checksum": checksum, "Key": key}
