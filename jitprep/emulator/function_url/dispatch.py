"""Requests to Function URLs: makes the event, invokes the function and returns the response."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from jitprep.emulator.config import InvokeMode
from jitprep.emulator.function_url.event import FunctionUrlRequest, function_url_event
from jitprep.emulator.function_url.reply import InvalidReply, client_response
from jitprep.emulator.function_url.streamed import INTEGRATION, buffered_reply, streamed_reply
from jitprep.emulator.s3_errors import RequestUnsigned, S3Error
from jitprep.emulator.workers import invoke_api
from jitprep.emulator.workers.buffered import invoke_buffered
from jitprep.emulator.workers.function import (
    Died,
    Function,
    InvocationOutcome,
    NotInvoked,
    Raised,
    Returned,
    Streamed,
    StreamFailed,
    TimedOut,
)

_log = logging.getLogger(__name__)
# Bytes of the whole event, including the body.
_LARGEST_EVENT = 6 * 1024 * 1024
_TOO_MANY = 429


@dataclass(frozen=True)
class FunctionUrls:
    """The URLs of the functions; every function has one.

    Parameters
    ----------
    functions
        The functions by name.
    account, region
        The account and region in their events.
    invoke_mode
        Whether a response is sent once it is complete, or as the function streams it.
    """

    functions: Mapping[str, Function]
    account: str
    region: str
    invoke_mode: InvokeMode = InvokeMode.BUFFERED

    async def answer(self, name: str, path: str, domain: str, request: Request) -> Response:
        """Answer one request.

        Parameters
        ----------
        name
            The function's name, in any case: host names lose capitals.
        path
            The path below the function's URL, percent-encoded.
        domain
            The requested host without a port; empty if the path names the function.
        request
            The request.
        """
        known = next((known for known in self.functions if known.lower() == name.lower()), None)
        if known is None:
            here = ", ".join(sorted(self.functions))
            return _message(404, f"The function {name} does not exist. This endpoint runs: {here}.")
        url = FunctionUrlRequest(known, path, domain or f"{known}.lambda-url.{self.region}.on.aws")
        request_id = str(uuid.uuid4())
        payload = function_url_event(url, request, await request.body(), self.account, request_id)
        if len(payload) > _LARGEST_EVENT:
            return _message(413, f"Request must be smaller than {_LARGEST_EVENT} bytes.")
        answer = await self._invoke(known, payload, request_id, request.method)
        answer.headers["x-amzn-requestid"] = request_id
        return answer

    async def _invoke(self, name: str, payload: bytes, request_id: str, method: str) -> Response:
        """Run the function; return the client's response. Only the log has the cause of a failure."""
        function = self.functions[name]
        try:
            if self.invoke_mode == InvokeMode.BUFFERED:
                outcome = await invoke_buffered(function, payload, request_id)
                return _buffered(name, outcome, method)
            begun = await function.invoke(payload, request_id)
            if isinstance(begun, Streamed):
                return await streamed_reply(begun, method)
            if isinstance(begun, Returned):  # Lambda streams it as it is
                return Response(begun.payload, 200, media_type=begun.content_type)
            return _failed(name, begun)
        except InvalidReply as error:
            _log.warning(
                "the response of function %s to a request at its URL is not valid: %s", name, error
            )
            return _failure(502)
        except StreamFailed as failed:
            return _failed(name, failed.outcome)


def function_url_error_response(error: S3Error) -> Response:
    """Return the response to a request that failed before the invocation."""
    if isinstance(error, RequestUnsigned):
        return _message(403, "Forbidden", "AccessDeniedException")
    return invoke_api.invoke_error_response(error)


def _buffered(name: str, outcome: InvocationOutcome, method: str) -> Response:
    if not isinstance(outcome, Returned):
        return _failed(name, outcome)
    if outcome.content_type != INTEGRATION:
        return client_response(outcome.payload, method)
    return buffered_reply(outcome.payload, method)


def _failed(name: str, outcome: Raised | TimedOut | Died | NotInvoked) -> Response:
    _log.warning("function %s failed to answer a request at its URL: %s", name, outcome)
    match outcome:
        case NotInvoked(status) if status == _TOO_MANY:
            return _message(429, "Rate Exceeded.", "TooManyRequestsException")
        case TimedOut():
            return _failure(504)
        case _:
            return _failure(502)


def _failure(status: int) -> Response:
    return Response(b"Internal Server Error", status, media_type="application/json")


def _message(status: int, message: str, kind: str = "") -> Response:
    headers = {"x-amzn-errortype": kind} if kind else {}
    return Response(json.dumps({"Message": message}), status, headers, "application/json")
