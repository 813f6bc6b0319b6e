"""What the endpoint knows of a function: a name, and a way to invoke it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

# An ARN, a partial ARN (account:function:name) or a bare name; each may end in a qualifier.
_FUNCTION_NAME = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:)?(?:[a-z]{2}(?:-[a-z]+)+-\d:)?(?:\d{12}:)?(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_-]+)(?::(?:\$LATEST|[a-zA-Z0-9_-]+))?"
)


@dataclass(frozen=True)
class Returned:
    """The function returned; ``payload`` is its JSON."""

    payload: bytes


@dataclass(frozen=True)
class Raised:
    """The function raised; ``payload`` is Lambda's JSON with errorMessage and errorType."""

    payload: bytes


@dataclass(frozen=True)
class TimedOut:
    """The function took longer than it may."""

    seconds: float


@dataclass(frozen=True)
class Died:
    """Nothing came back; ``detail`` says why in words for the reader, and what to do."""

    detail: str


@dataclass(frozen=True)
class NotInvoked:
    """The function did not run: its Invoke was refused, or reached nobody.

    ``status`` and ``kind`` are what Lambda's Invoke answers then, 429 and TooManyRequestsException
    for example; ``detail`` says why in words for the reader, and what to do.
    """

    status: int
    kind: str
    detail: str


InvocationOutcome = Returned | Raised | TimedOut | Died | NotInvoked


class Function(Protocol):
    """A function that the endpoint can invoke."""

    async def start(self) -> None:
        """Make ready to be invoked. It need not be ready when this returns."""

    async def stop(self) -> None:
        """End every process and invocation."""

    async def invoke(self, payload: bytes, request_id: str) -> InvocationOutcome:
        """Run the function on one event, waiting for a free place if there is none.

        Cancelling takes an invocation that has not begun out of the queue.
        """


def function_name(arn: str) -> str | None:
    """Return the name in a function's ARN, partial ARN or name; None if it is none of these."""
    match = _FUNCTION_NAME.fullmatch(arn)
    return match["name"] if match else None
