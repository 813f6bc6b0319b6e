"""What came of a task, and why something failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from jitprep.service.results.copy_metadata import MetadataTooLarge


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not be done, and why.

    Parameters
    ----------
    key : str
        The original's key, or a shard's name.
    reason : str
        The cause and the remedy.
    objects : int
        How many originals have no copy for it.
    """

    key: str
    reason: str
    objects: int = 1


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """What came of a task.

    Parameters
    ----------
    done : int
        How many originals were copied.
    already : int
        How many had been before.
    failures : tuple of Failure
    """

    done: int = 0
    already: int = 0
    failures: tuple[Failure, ...] = ()

    @classmethod
    def of_all(cls, outcomes: Iterable[TaskOutcome]) -> TaskOutcome:
        """Return what came of several."""
        all_ = tuple(outcomes)
        failures = tuple(failure for outcome in all_ for failure in outcome.failures)
        return cls(sum(o.done for o in all_), sum(o.already for o in all_), failures)

    @property
    def failed(self) -> int:
        """How many originals have no copy."""
        return sum(failure.objects for failure in self.failures)

    @property
    def objects(self) -> int:
        """How many originals it is about."""
        return self.done + self.already + self.failed


class Failed(Exception):
    """A copy that could not be made, or stored.

    Parameters
    ----------
    reason : str
        The cause and the remedy.
    lasting : bool
        Whether it would fail again as long as the original is the same.
    """

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.lasting = lasting


def sdk_message(error: BotoCoreError | ClientError) -> str:
    """Put what AWS's SDK raised into a line."""
    if isinstance(error, ClientError):
        words = error.response.get("Error", {})
        return f"{words.get('Code', 'Unknown')}: {words.get('Message', '')}"
    return str(error)


def reason_of(error: Exception) -> str:
    """Return why something failed, also where nobody foresaw it: nothing must stop the rest.

    Where a connection closes in the middle of a header, the SDK raises whatever comes of half a date.
    """
    if isinstance(error, Failed | MetadataTooLarge):
        return str(error)
    return f"failed unexpectedly; run it again: {type(error).__name__}: {error}"


def status(error: ClientError) -> int:
    """Return the HTTP status of an answer."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
