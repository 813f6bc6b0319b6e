"""Requests to Function URLs: makes the event, invokes the function and returns the response."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from jitprep.emulator.function_url.event import FunctionUrlRequest, function_url_event
from jitprep.emulator.function_url.reply import InvalidReply, client_response
from jitprep.emulator.s3_errors import RequestUnsigned, S3Error
from jitprep.emulator.workers import invoke_api
from jitprep.emulator.workers.function import (
    Function,
    InvocationOutcome,
    NotInvoked,
    Returned,
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
    """

    functions: Mapping[str, Function]
    account: str
    region: str

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
        outcome = await self.functions[known].invoke(payload, request_id)
        answer = _answer(known, outcome, request.method)
        answer.headers["x-amzn-requestid"] = request_id
        return answer


def function_url_error_response(error: S3Error) -> Response:
    """Return the response to a request that failed before the invocation."""
    if isinstance(error, RequestUnsigned):
        return _message(403, "Forbidden", "AccessDeniedException")
    return invoke_api.invoke_error_response(error)


def _answer(name: str, outcome: InvocationOutcome, method: str) -> Response:
    """Return the client's response; as on AWS, only the log has the cause of a failure."""
    if isinstance(outcome, Returned):
        try:
            return client_response(outcome.payload, method)
        except InvalidReply as error:
            _log.warning(
                "the response of function %s to a request at its URL is not valid: %s", name, error
            )
            return _failure(502)
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
