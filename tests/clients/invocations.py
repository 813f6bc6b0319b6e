"""How often the function was invoked, and for which objects: counted in the lines that it logs."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
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
    """

    worker: str
    method: str
    key: str | None


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
                yield Invocation(worker, _METHODS[told["door"]], told.get("key"))


def per_object(invocations: list[Invocation], keys: tuple[str, ...]) -> dict[str, int]:
    """Return how often each method was asked of every object, and LIST of all of them.

    Raises
    ------
    AssertionError
        Where objects differ in it, or one was asked for that is not among ``keys``.
    """
    by_key = {key: Counter[str]() for key in keys}
    lists = Counter(i.method for i in invocations if i.key is None)
    for invocation in invocations:
        if invocation.key is not None:
            by_key[invocation.key][invocation.method] += 1
    first, *others = by_key.values()
    assert all(other == first for other in others), by_key
    return {**first, **lists}
