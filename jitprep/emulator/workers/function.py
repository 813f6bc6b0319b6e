"""The interface of a function, and the outcomes of an invocation."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

# An ARN, a partial ARN (account:function:name) or a name; each may end in a qualifier.
_FUNCTION_NAME = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:)?(?:[a-z]{2}(?:-[a-z]+)+-\d:)?(?:\d{12}:)?(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_-]+)(?::(?:\$LATEST|[a-zA-Z0-9_-]+))?"
)


@dataclass(frozen=True)
class Returned:
    """The function returned ``payload``: its JSON, or all that it streamed."""

    payload: bytes
    content_type: str = "application/json"


@dataclass(frozen=True)
class Raised:
    """The function raised; ``payload`` is Lambda's JSON with errorMessage and errorType."""

    payload: bytes


@dataclass(frozen=True)
class TimedOut:
    """The function exceeded its timeout."""

    seconds: float


@dataclass(frozen=True)
class Died:
    """The function ended without a result; ``detail`` tells the user why, and what to do."""

    detail: str


@dataclass(frozen=True)
class NotInvoked:
    """The function did not run: its Invoke was refused, or its container could not be reached.

    ``status`` and ``kind`` are those of Lambda's Invoke, for example 429 and
    TooManyRequestsException; ``detail`` tells the user why, and what to do.
    """

    status: int
    kind: str
    detail: str


FunctionOutcome = Returned | Raised | TimedOut | Died
InvocationOutcome = FunctionOutcome | NotInvoked


class StreamFailed(Exception):
    """A streamed response ended before it was complete; ``outcome`` is the reason."""

    def __init__(self, outcome: Raised | TimedOut | Died) -> None:
        super().__init__(str(outcome))
        self.outcome = outcome


class StreamedBody(Protocol):
    """Chunks of a streamed response, in order. Their iteration may raise `StreamFailed`."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    def close(self) -> None:
        """Discard the rest. The receiver of a stream must close it."""


@dataclass(frozen=True)
class Streamed:
    """The function has begun to stream its response; ``body`` yields it as it arrives."""

    content_type: str
    body: StreamedBody


class Function(Protocol):
    """A function that the endpoint can invoke."""

    async def start(self) -> None:
        """Start the function. It need not be ready when this returns."""

    async def stop(self) -> None:
        """Stop every process and invocation."""

    async def invoke(self, payload: bytes, request_id: str) -> InvocationOutcome | Streamed:
        """Run the function on one event, once a worker is free.

        Cancelling this removes an invocation that has not begun from the queue.
        """


def function_name(arn: str) -> str | None:
    """Return the name in a function's ARN, partial ARN or name; None if ``arn`` is not valid."""
    match = _FUNCTION_NAME.fullmatch(arn)
    return match["name"] if match else None


def raised(kind: str, message: str) -> Raised:
    """Return an error of a function, in Lambda's JSON."""
    return Raised(json.dumps({"errorType": kind, "errorMessage": message}).encode())


def too_large(limit: int) -> Raised:
    """Return Lambda's error of a response that has more than ``limit`` bytes."""
    message = f"Response payload size exceeded maximum allowed payload size ({limit} bytes)."
    return raised("Function.ResponseSizeTooLarge", message)
