"""Lambda's limit on concurrent invocations of a function."""

from __future__ import annotations

from jitprep.emulator.workers.function import Function, InvocationOutcome, NotInvoked


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

    async def invoke(self, payload: bytes, request_id: str) -> InvocationOutcome:
        """Run the function on one event, unless too many run or wait."""
        if self._in_flight >= self._most:
            return NotInvoked(
                429,
                "TooManyRequestsException",
                f"Rate Exceeded: {self._most} invocations of the function already run or wait. Try "
                "again later, or start the endpoint with a higher concurrency.",
            )
        self._in_flight += 1
        try:
            return await self._function.invoke(payload, request_id)
        finally:
            self._in_flight -= 1
