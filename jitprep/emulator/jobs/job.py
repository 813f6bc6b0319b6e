"""Jobs of S3 Batch Operations, their settings and their progress."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from xml.etree import ElementTree as ET

from jitprep.emulator.control.access_points import now
from jitprep.emulator.jobs.manifest_generator import GeneratedManifest, ManifestGenerator

# After this many tasks, a job fails if more than half of them have failed. See "Tracking job failures"
# in the user guide.
_THRESHOLD_TASKS = 1000


class Status(StrEnum):
    """The status of a job, in S3 Control's words."""

    NEW = "New"
    PREPARING = "Preparing"
    SUSPENDED = "Suspended"
    READY = "Ready"
    ACTIVE = "Active"
    PAUSING = "Pausing"
    PAUSED = "Paused"
    COMPLETING = "Completing"
    COMPLETE = "Complete"
    CANCELLING = "Cancelling"
    CANCELLED = "Cancelled"
    FAILING = "Failing"
    FAILED = "Failed"


ENDED = frozenset({Status.COMPLETE, Status.CANCELLED, Status.FAILED})
_STOPPING = frozenset({Status.CANCELLING, Status.FAILING})
# A job with one of these makes jobs of lower priority wait.
RUNNING = frozenset({Status.READY, Status.ACTIVE, Status.PAUSED})


@dataclass(frozen=True)
class Manifest:
    """The location of a job's manifest, and the names of its columns."""

    bucket: str
    key: str
    version: str | None
    etag: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class CompletionReport:
    """The location of a job's completion report; ``prefix`` is empty or ends in a slash."""

    bucket: str
    prefix: str
    failed_only: bool


@dataclass(frozen=True)
class JobRequest:
    """The request that created a job.

    ``arguments`` is None if there are none. DescribeJob returns the elements of ``shown`` unchanged.
    """

    function_arn: str
    schema: str
    arguments: Mapping[str, str] | None
    manifest: Manifest | ManifestGenerator
    report: CompletionReport | None
    priority: int
    role_arn: str
    description: str | None
    confirmation: bool
    token: str
    shown: tuple[ET.Element, ...] = field(compare=False, repr=False)


@dataclass(frozen=True)
class JobTask:
    """One object of a job; ``key`` is decoded."""

    bucket: str
    key: str
    version: str | None


@dataclass(frozen=True)
class Result:
    """The result of a task, as in the report; ``code`` is empty if it succeeded.

    ``temporary`` means that a retry may succeed.
    """

    http_status: int
    code: str
    message: str
    temporary: bool = False


@dataclass(eq=False)
class BatchJob:
    """A job and its progress."""

    id: str
    request: JobRequest
    priority: int
    created: datetime = field(default_factory=now)
    ended: datetime | None = None
    status: Status = Status.NEW
    reason: str | None = None
    failure: tuple[str, str] | None = None
    generated: GeneratedManifest | None = None
    total: int = 0
    results: list[tuple[JobTask, Result]] = field(default_factory=list)
    failed: int = 0
    _active_s: float = 0.0
    _active_since: float | None = None

    @property
    def stopping(self) -> bool:
        """Whether the job may not start more tasks."""
        return self.status in _STOPPING

    @property
    def active_s(self) -> int:
        """Seconds that the job has been active."""
        running = 0.0 if self._active_since is None else time.monotonic() - self._active_since
        return int(self._active_s + running)

    def move(self, status: Status) -> None:
        """Change the status. A job that is stopping can only end, and one that ended stays so."""
        if self.status in ENDED or (self.stopping and status not in ENDED):
            return
        if self._active_since is not None:
            self._active_s += time.monotonic() - self._active_since
        self._active_since = time.monotonic() if status is Status.ACTIVE else None
        self.status = status
        if status in ENDED:
            self.ended = now()

    def add(self, task: JobTask, result: Result) -> None:
        """Add the final result of a task, and fail the job if too many tasks have failed."""
        self.results.append((task, result))
        self.failed += bool(result.code)
        if len(self.results) >= _THRESHOLD_TASKS and self.failed * 2 > len(self.results):
            message = (
                f"{self.failed} of {len(self.results)} tasks have failed, which is more than half."
            )
            self.fail("TaskFailureThresholdExceeded", message)

    def fail(self, code: str, message: str) -> None:
        """Start to fail; the first failure is the one that DescribeJob reports."""
        self.failure = self.failure or (code, message[:256])
        self.move(Status.FAILING)
