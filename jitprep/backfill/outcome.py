"""Outcome of a task, and reasons of failures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from jitprep.service.results.copy_metadata import MetadataTooLarge


@dataclass(frozen=True, slots=True)
class Failure:
    """Original or shard that failed, and why.

    Parameters
    ----------
    key : str
        The original's key, or a shard's name.
    reason : str
        Cause and remedy.
    objects : int
        Number of originals without a copy because of it.
    """

    key: str
    reason: str
    objects: int = 1


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """Outcome of a task.

    Parameters
    ----------
    done : int
        Originals that were copied.
    already : int
        Originals that had a current copy.
    failures : tuple of Failure
    """

    done: int = 0
    already: int = 0
    failures: tuple[Failure, ...] = ()

    @classmethod
    def of_all(cls, outcomes: Iterable[TaskOutcome]) -> TaskOutcome:
        """Return the sum of several outcomes."""
        all_ = tuple(outcomes)
        failures = tuple(failure for outcome in all_ for failure in outcome.failures)
        return cls(sum(o.done for o in all_), sum(o.already for o in all_), failures)

    @property
    def failed(self) -> int:
        """Number of originals without a copy."""
        return sum(failure.objects for failure in self.failures)

    @property
    def objects(self) -> int:
        """Number of originals of the task."""
        return self.done + self.already + self.failed


class Failed(Exception):
    """A copy could not be made or stored.

    Parameters
    ----------
    reason : str
        Cause and remedy.
    lasting : bool
        Whether it will fail again until the original changes.
    """

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.lasting = lasting


def sdk_message(error: BotoCoreError | ClientError) -> str:
    """Return an error of AWS's SDK as one line."""
    if isinstance(error, ClientError):
        words = error.response.get("Error", {})
        return f"{words.get('Code', 'Unknown')}: {words.get('Message', '')}"
    return str(error)


def reason_of(error: Exception) -> str:
    """Return the reason of a failure, also of an unexpected one, which must not stop the other tasks.

    For example, where a connection closes within a header, the SDK fails to parse half a date.
    """
    if isinstance(error, Failed | MetadataTooLarge):
        return str(error)
    return f"unexpected error, run the command again: {type(error).__name__}: {error}"


def status(error: ClientError) -> int:
    """Return the HTTP status of an error response."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
