"""GetObject requests that wait for a function to write their responses."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from http import HTTPStatus

from jitprep.emulator.data_plane.spool import ByteBudget, Spool
from jitprep.emulator.s3_errors import S3Error

# On AWS the route names a cell of the service; it is the host prefix of WriteGetObjectResponse.
ROUTE = "io-local-cell001"


@dataclass(frozen=True)
class ReplyHead:
    """The status, headers and error that a function writes before the object's bytes.

    ``error_code`` and ``error_message`` are None unless the function reports an error.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    error_code: str | None = None
    error_message: str | None = None

    @property
    def is_error(self) -> bool:
        """Whether the client gets S3's XML."""
        return self.error_code is not None or self.error_message is not None

    @property
    def bodiless(self) -> bool:
        """Whether the function must not write a body."""
        return self.is_error or self.status == HTTPStatus.NOT_MODIFIED


@dataclass(frozen=True, eq=False)
class Reply:
    """A function's response to a GetObject."""

    head: ReplyHead
    body: Spool


class PendingResponse:
    """A GetObject that waits for its response. Its token lets a function write one, once."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(48)
        self.answer: asyncio.Future[Reply | S3Error] = asyncio.get_running_loop().create_future()

    def give(self, answer: Reply | S3Error) -> None:
        """Set the response; drop its body if the client has disconnected."""
        if not self.answer.done():
            self.answer.set_result(answer)
        elif isinstance(answer, Reply):
            answer.body.close()


class PendingResponses:
    """The GetObject requests that wait, by token, and the bytes that their bodies may hold.

    Parameters
    ----------
    timeout
        Seconds that a function may take to write a response.
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.budget = ByteBudget()
        self._waiting: dict[str, PendingResponse] = {}

    def open(self) -> PendingResponse:
        """Return a new pending response."""
        pending = PendingResponse()
        self._waiting[pending.token] = pending
        return pending

    def close(self, pending: PendingResponse) -> None:
        """Invalidate the token of a pending response, if it is still valid."""
        self._waiting.pop(pending.token, None)

    def abandon(self, pending: PendingResponse, seconds: float) -> None:
        """Let a function that is still running write its response after the client disconnected."""
        pending.answer.cancel()
        asyncio.get_running_loop().call_later(seconds, self.close, pending)

    def redeem(self, route: str | None, token: str | None) -> PendingResponse:
        """Return the pending response of a token, and invalidate the token.

        Raises
        ------
        S3Error
            ValidationError if no request waits for this route and token.
        """
        pending = self._waiting.pop(token, None) if token and route == ROUTE else None
        if pending is None:
            raise S3Error(
                400,
                "ValidationError",
                "No GetObject waits for this RequestRoute and RequestToken: the token was used before, "
                "the request has ended, or the values are not those of the event.",
            )
        return pending
