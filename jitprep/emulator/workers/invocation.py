"""One event on its way through a function."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from jitprep.emulator.workers.function import (
    FunctionOutcome,
    InvocationOutcome,
    Returned,
    Streamed,
    TimedOut,
)
from jitprep.emulator.workers.streams.response_stream import ResponseStream


@dataclass(eq=False)
class Invocation:
    """One event and its outcome, which may be a stream that has begun and not ended."""

    request_id: str
    payload: bytes
    outcome: asyncio.Future[InvocationOutcome | Streamed]
    deadline_ms: int = 0
    timer: asyncio.TimerHandle | None = None
    stream: ResponseStream | None = None
    overdue: bool = False

    @property
    def wanted(self) -> bool:
        """Whether the caller still waits for the outcome."""
        return not self.outcome.done()

    def begin_stream(self, content_type: str) -> ResponseStream:
        """Begin a streamed response; if the caller has left, it is discarded."""
        self.stream = ResponseStream()
        if self.wanted:
            self.outcome.set_result(Streamed(content_type, self.stream))
        else:
            self.stream.close()
        return self.stream

    def finish(self, outcome: FunctionOutcome) -> None:
        """Set the outcome or end the stream, if it has not ended; stop the time limit."""
        if self.timer is not None:
            self.timer.cancel()
        self.overdue = self.overdue or isinstance(outcome, TimedOut)
        if self.stream is not None:
            self.stream.end(None if isinstance(outcome, Returned) else outcome)
        elif self.wanted:
            self.outcome.set_result(outcome)

    def abandon(self) -> None:
        """Discard the outcome: the caller has left."""
        if self.stream is not None:
            self.stream.close()
        self.outcome.cancel()
