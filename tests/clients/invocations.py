"""How often the function was invoked, and for which objects: counted in the lines that it logs."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_METHODS = {
    "object-lambda-get": "GET",
    "object-lambda-head": "HEAD",
    "object-lambda-list": "LIST",
    "object-lambda-list-v2": "LIST",
}
_PATIENCE_S = 30.0


@dataclass(frozen=True)
class Invocation:
    """One line of the function's log.

    Parameters
    ----------
    worker
        The worker that wrote it.
    method
        What was asked of the function: GET, HEAD or LIST.
    key
        The object's key; None for LIST.
    pipeline
        The pipeline that was asked for.
    """

    worker: str
    method: str
    key: str | None
    pipeline: str | None


class Log(io.StringIO):
    """The workers' output, as it comes."""

    def invocations(self, since: int = 0) -> list[Invocation]:
        """Return those whose lines stand behind the first ``since`` characters."""
        return list(_parse(self.getvalue()[since:]))

    def passed(self, since: int, workers: int, knock: Callable[[], Any]) -> list[Invocation]:
        """Return the invocations since, when every worker has logged all that it was given.

        A worker answers before it logs, but it logs in order: what it did before a knock is in the
        log when the knock is.

        Parameters
        ----------
        since
            Characters of the log to leave out.
        workers
            How many there are.
        knock
            Sends a HEAD of `BARRIER`, which nobody else reads.
        """
        until = time.monotonic() + _PATIENCE_S
        start = len(self.getvalue())
        while time.monotonic() < until:
            knock()
            knocked = {i.worker for i in self.invocations(start) if i.key == BARRIER}
            if len(knocked) == workers:
                return [i for i in self.invocations(since) if i.key != BARRIER]
        raise TimeoutError(f"not all of {workers} workers logged a knock in {_PATIENCE_S} s")


BARRIER = "barrier.jpg"


def _parse(text: str) -> Iterator[Invocation]:
    for line in text.splitlines():
        worker, _, rest = line.partition(" ")
        with contextlib.suppress(json.JSONDecodeError):
            told = json.loads(rest)
            if "door" in told:
                key, pipeline = told.get("key"), told.get("pipeline")
                yield Invocation(worker, _METHODS[told["door"]], key, pipeline)


def per_object(
    invocations: Iterable[Invocation], pipeline: str, keys: Iterable[str]
) -> dict[str, int]:
    """Return how often each method was asked of every object of a pipeline, and LIST of all of them.

    Raises
    ------
    AssertionError
        Where objects differ in it, or one was asked for that is not among ``keys``.
    """
    through = [i for i in invocations if i.pipeline == pipeline]
    by_key = {key: Counter(i.method for i in through if i.key == key) for key in keys}
    lists = Counter(i.method for i in through if i.key is None)
    assert sum(map(Counter.total, by_key.values())) + lists.total() == len(through), through
    first, *others = by_key.values()
    assert all(other == first for other in others), by_key
    return {**first, **lists}
