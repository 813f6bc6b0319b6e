"""Lambda's limit on concurrent invocations of a function."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from jitprep.emulator.workers.function import (
    Function,
    InvocationOutcome,
    NotInvoked,
    Streamed,
    StreamedBody,
)


class Throttle:
    """A function that rejects an invocation when too many already run or wait.

    Parameters
    ----------
    function
        The function.
    most
        The number of its invocations that may run or wait.
    """

    def __init__(self, function: Function, most: int) -> None:
        self._function = function
        self._most = most
        self._in_flight = 0

    async def start(self) -> None:
        """Start the function."""
        await self._function.start()

    async def stop(self) -> None:
        """Stop the function."""
        await self._function.stop()

    async def invoke(self, payload: bytes, request_id: str) -> InvocationOutcome | Streamed:
        """Run the function on one event, unless too many run or wait."""
        if self._in_flight >= self._most:
            return NotInvoked(
                429,
                "TooManyRequestsException",
                f"Rate Exceeded: {self._most} invocations of the function already run or wait. Try "
                "again later, or start the endpoint with a higher concurrency.",
            )
        self._in_flight += 1
        outcome = None
        try:
            outcome = await self._function.invoke(payload, request_id)
        finally:
            if not isinstance(outcome, Streamed):
                self._in_flight -= 1
        if isinstance(outcome, Streamed):
            return replace(outcome, body=_Counted(outcome.body, self))
        return outcome

    def _release(self) -> None:
        self._in_flight -= 1


class _Counted:
    """A stream whose invocation counts until it is closed."""

    def __init__(self, body: StreamedBody, throttle: Throttle) -> None:
        self._body = body
        self._throttle: Throttle | None = throttle

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._body.__aiter__()

    def close(self) -> None:
        self._body.close()
        if self._throttle is not None:
            self._throttle._release()
            self._throttle = None
