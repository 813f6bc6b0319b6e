"""The invocations of the function, parsed from its log."""

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
_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Invocation:
    """One line of the function's log.

    Parameters
    ----------
    worker
        The worker that wrote it.
    method
        The action: GET, HEAD or LIST.
    key
        The object's key; None for LIST.
    pipeline
        The requested pipeline.
    """

    worker: str
    method: str
    key: str | None
    pipeline: str | None


class Log(io.StringIO):
    """The workers' output."""

    def invocations(self, since: int = 0) -> list[Invocation]:
        """Return the invocations that were logged after the first ``since`` characters."""
        return list(_parse(self.getvalue()[since:]))

    def passed(self, since: int, workers: int, knock: Callable[[], Any]) -> list[Invocation]:
        """Return the invocations since a position, once every worker has logged all of its own.

        A worker answers before it logs, but it logs in order: once a knock is logged, so is everything
        before it.

        Parameters
        ----------
        since
            The position in the log, in characters.
        workers
            The number of workers.
        knock
            Sends a HEAD of `BARRIER`, which no test reads.
        """
        until = time.monotonic() + _TIMEOUT_S
        start = len(self.getvalue())
        while time.monotonic() < until:
            knock()
            knocked = {i.worker for i in self.invocations(start) if i.key == BARRIER}
            if len(knocked) == workers:
                return [i for i in self.invocations(since) if i.key != BARRIER]
        raise TimeoutError(
            f"not every one of {workers} workers logged a knock within {_TIMEOUT_S} s"
        )


BARRIER = "barrier.jpg"


def _parse(text: str) -> Iterator[Invocation]:
    for line in text.splitlines():
        worker, _, rest = line.partition(" ")
        with contextlib.suppress(json.JSONDecodeError):
            fields = json.loads(rest)
            if "door" in fields:
                key, pipeline = fields.get("key"), fields.get("pipeline")
                yield Invocation(worker, _METHODS[fields["door"]], key, pipeline)


def per_object(
    invocations: Iterable[Invocation], pipeline: str, keys: Iterable[str]
) -> dict[str, int]:
    """Return the number of invocations per object for each method, and in total for LIST.

    Raises
    ------
    AssertionError
        If objects differ in it, or a key is not among ``keys``.
    """
    through = [i for i in invocations if i.pipeline == pipeline]
    by_key = {key: Counter(i.method for i in through if i.key == key) for key in keys}
    lists = Counter(i.method for i in through if i.key is None)
    assert sum(map(Counter.total, by_key.values())) + lists.total() == len(through), through
    first, *others = by_key.values()
    assert all(other == first for other in others), by_key
    return {**first, **lists}
