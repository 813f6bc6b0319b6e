"""What is measured of a request while it is answered."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from jitprep.service.errors import DEFECTS, as_request_failed
from jitprep.service.messages import Response
from preprocessing import StepFailed
from preprocessing.frozen import frozen


@frozen
class Unexpected:
    """An unexpected error, without its message, which may quote a secret.

    Parameters
    ----------
    name : str
        The error's class.
    traceback : tuple of str
        ``file:line function`` of each frame, outermost first.
    """

    name: str
    traceback: tuple[str, ...]

    @classmethod
    def of(cls, error: BaseException) -> Unexpected:
        """Describe an error without keeping its frames alive; for a step's, the one that it raised."""
        if isinstance(error, StepFailed):
            error = error.__cause__ or error
        frames = traceback.extract_tb(error.__traceback__)
        where = tuple(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
        return cls(type(error).__name__, where)


@dataclass(slots=True)
class RequestMetrics:
    """What is measured of a request, for the log line; each step adds to it.

    For a batch, the milliseconds of "fetch" and "transform" are sums over its objects, which are read
    and transformed concurrently.
    """

    request_id: str = ""
    pipeline: str | None = None
    bytes_in: int = 0
    rows: int | None = None
    failed: int | None = None
    cached: bool = False
    store: dict[Literal["hit", "miss"], int] = field(default_factory=dict)
    ms: dict[str, float] = field(default_factory=dict)
    unexpected: list[Unexpected] = field(default_factory=list)

    def refusal(self, error: Exception) -> Response:
        """Return the answer to a request that failed, whatever went wrong; keep what is unexpected."""
        response = Response.refusal(as_request_failed(error))
        if response.error_code in DEFECTS:
            self.unexpected.append(Unexpected.of(error))
        _clear_frames(error)
        return response

    def count_copies(self, outcome: Literal["hit", "miss"], number: int = 1) -> None:
        """Count copies that were looked for in the store."""
        self.store[outcome] = self.store.get(outcome, 0) + number

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Record how long the block takes, in milliseconds."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.ms[stage] = round((time.perf_counter() - start) * 1000, 3)


def _clear_frames(error: BaseException) -> None:
    """Forget the variables of the functions that raised an error, such as the original's bytes.

    The frames often refer to the error themselves, so that only the garbage collector would free them.
    """
    seen: set[int] = set()
    chain: list[BaseException | None] = [error]
    while chain:
        one = chain.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            traceback.clear_frames(one.__traceback__)
            chain += [one.__cause__, one.__context__]


def log_fields(key: str | None, response: Response, metrics: RequestMetrics) -> dict[str, Any]:
    """Return the members of a request's log line that every front has; None where there is no value."""
    return {
        "key": key,
        "pipeline": metrics.pipeline,
        "status": response.status,
        "error": response.error_code,
        "message": response.error_message,
        "rows": metrics.rows,
        "failed": metrics.failed,
        "bytesIn": metrics.bytes_in,
        "bytesOut": response.body_bytes,
        "store": metrics.store or None,
        "ms": metrics.ms,
    }
