"""Where the reader of an object and the function that writes it meet."""

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
    """What a function says of the object before its bytes.

    ``error_code`` and ``error_message`` are None unless the function reports an error.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    error_code: str | None = None
    error_message: str | None = None

    @property
    def is_error(self) -> bool:
        """Whether the reader gets S3's XML."""
        return self.error_code is not None or self.error_message is not None

    @property
    def bodiless(self) -> bool:
        """Whether the function must write no body."""
        return self.is_error or self.status == HTTPStatus.NOT_MODIFIED


@dataclass(frozen=True, eq=False)
class Reply:
    """A function's answer."""

    head: ReplyHead
    body: Spool


class PendingResponse:
    """A reader's place in the pending_responses. Its token lets a function answer, once."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(48)
        self.answer: asyncio.Future[Reply | S3Error] = asyncio.get_running_loop().create_future()

    def give(self, answer: Reply | S3Error) -> None:
        """Hand the answer to the reader; one who has left needs to read nothing."""
        if not self.answer.done():
            self.answer.set_result(answer)
        elif isinstance(answer, Reply):
            answer.body.close()


class PendingResponses:
    """The tickets of all readers who wait, and the room for what they do not read yet.

    Parameters
    ----------
    timeout
        Seconds that a function may take to write its answer.
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.budget = ByteBudget()
        self._waiting: dict[str, PendingResponse] = {}

    def open(self) -> PendingResponse:
        """Return a fresh pending."""
        pending = PendingResponse()
        self._waiting[pending.token] = pending
        return pending

    def close(self, pending: PendingResponse) -> None:
        """Make the pending's token worthless; nothing happens if it is used already."""
        self._waiting.pop(pending.token, None)

    def abandon(self, pending: PendingResponse, seconds: float) -> None:
        """Let a function that may be running answer a reader who has left, and be none the wiser."""
        pending.answer.cancel()
        asyncio.get_running_loop().call_later(seconds, self.close, pending)

    def redeem(self, route: str | None, token: str | None) -> PendingResponse:
        """Return the pending of a token and make the token worthless.

        Raises
        ------
        S3Error
            ValidationError where no reader waits behind this route and token.
        """
        pending = self._waiting.pop(token, None) if token and route == ROUTE else None
        if pending is None:
            raise S3Error(
                400,
                "ValidationError",
                "No reader waits for this RequestRoute and RequestToken: the token was used "
                "before, the reader has been answered, or the values are not the event's own.",
            )
        return pending
