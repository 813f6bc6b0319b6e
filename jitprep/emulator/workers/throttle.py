"""Lambda's limit on how much of a function runs at once."""

from __future__ import annotations

from jitprep.emulator.workers.function import Function, InvocationOutcome, NotInvoked


class Throttle:
    """A function that refuses an invocation when too many of it run or wait already.

    Parameters
    ----------
    function
        The function.
    most
        How many invocations of it may run or wait.
    """

    def __init__(self, function: Function, most: int) -> None:
        self._function = function
        self._most = most
        self._under_way = 0

    async def start(self) -> None:
        """Start the function."""
        await self._function.start()

    async def stop(self) -> None:
        """Stop the function."""
        await self._function.stop()

    async def invoke(self, payload: bytes, request_id: str) -> InvocationOutcome:
        """Run the function on one event, unless too many run or wait."""
        if self._under_way >= self._most:
            return NotInvoked(
                429,
                "TooManyRequestsException",
                f"Rate Exceeded: {self._most} invocations of the function run or wait already. Ask "
                "again later, or start the endpoint with a greater concurrency.",
            )
        self._under_way += 1
        try:
            return await self._function.invoke(payload, request_id)
        finally:
            self._under_way -= 1
