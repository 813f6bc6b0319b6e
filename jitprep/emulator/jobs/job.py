"""Jobs of S3 Batch Operations: what they are, and how far they have come."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from xml.etree import ElementTree as ET

from jitprep.emulator.control.access_points import now

# Once so many tasks have run, a job fails in which more than half have failed: the user guide's
# "Tracking job failures".
_JUDGED_FROM = 1000


class Status(StrEnum):
    """Where a job is, as S3 Control calls it."""

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
# A job in one of these keeps those of lower priority waiting.
RUNNING = frozenset({Status.READY, Status.ACTIVE, Status.PAUSED})


@dataclass(frozen=True)
class Manifest:
    """Where the list of a job's objects is, and what its columns are."""

    bucket: str
    key: str
    version: str | None
    etag: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class CompletionReport:
    """Where a job's completion report goes; ``prefix`` is empty, or ends in a slash."""

    bucket: str
    prefix: str
    failed_only: bool


@dataclass(frozen=True)
class JobRequest:
    """What a job was created with.

    ``arguments`` is None where there are none. ``shown`` holds what DescribeJob gives back as it came.
    """

    function_arn: str
    schema: str
    arguments: Mapping[str, str] | None
    manifest: Manifest
    report: CompletionReport | None
    priority: int
    role_arn: str
    description: str | None
    confirmation: bool
    token: str
    shown: tuple[ET.Element, ...] = field(compare=False, repr=False)


@dataclass(frozen=True)
class JobTask:
    """One object of a job; its ``key`` is decoded."""

    bucket: str
    key: str
    version: str | None


@dataclass(frozen=True)
class Result:
    """What came of a task, as the report tells it: ``code`` is empty where it succeeded.

    ``temporary`` says that another try may do better.
    """

    http_status: int
    code: str
    message: str
    temporary: bool = False


@dataclass(eq=False)
class BatchJob:
    """A job, and how far it has come."""

    id: str
    request: JobRequest
    priority: int
    created: datetime = field(default_factory=now)
    ended: datetime | None = None
    status: Status = Status.NEW
    reason: str | None = None
    failure: tuple[str, str] | None = None
    total: int = 0
    results: list[tuple[JobTask, Result]] = field(default_factory=list)
    failed: int = 0
    _active_s: float = 0.0
    _active_since: float | None = None

    @property
    def stopping(self) -> bool:
        """Whether no more of its tasks may begin."""
        return self.status in _STOPPING

    @property
    def active_s(self) -> int:
        """Seconds that it was active."""
        running = 0.0 if self._active_since is None else time.monotonic() - self._active_since
        return int(self._active_s + running)

    def move(self, status: Status) -> None:
        """Give it another status; once it is being stopped only its end follows, and then nothing."""
        if self.status in ENDED or (self.stopping and status not in ENDED):
            return
        if self._active_since is not None:
            self._active_s += time.monotonic() - self._active_since
        self._active_since = time.monotonic() if status is Status.ACTIVE else None
        self.status = status
        if status in ENDED:
            self.ended = now()

    def add(self, task: JobTask, result: Result) -> None:
        """Add the last word on a task, and fail the job if too many have failed."""
        self.results.append((task, result))
        self.failed += bool(result.code)
        if len(self.results) >= _JUDGED_FROM and self.failed * 2 > len(self.results):
            message = f"{self.failed} of {len(self.results)} tasks have failed, more than half."
            self.fail("TaskFailureThresholdExceeded", message)

    def fail(self, code: str, message: str) -> None:
        """Begin to fail; the first failure is the one that is told."""
        self.failure = self.failure or (code, message[:256])
        self.move(Status.FAILING)
