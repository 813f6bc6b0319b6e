"""Function URLs: HTTP in, the function's event, HTTP out. Every function that runs here has one."""

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
from jitprep.emulator.s3_errors import S3Error
from jitprep.emulator.signing.signature import Unsigned
from jitprep.emulator.workers import invoke_api
from jitprep.emulator.workers.function import (
    Function,
    InvocationOutcome,
    NotInvoked,
    Returned,
    TimedOut,
)

_log = logging.getLogger(__name__)
# Of the event, body and all.
_LARGEST_EVENT = 6 * 1024 * 1024
_TOO_MANY = 429


@dataclass(frozen=True)
class FunctionUrls:
    """What answers requests to functions' URLs.

    Parameters
    ----------
    functions
        The functions that run here, by name.
    account, region
        Where they are said to be.
    """

    functions: Mapping[str, Function]
    account: str
    region: str

    async def answer(self, name: str, path: str, domain: str, request: Request) -> Response:
        """Answer one request.

        Parameters
        ----------
        name
            The function's; a host's name has lost its capitals.
        path
            Below the function's URL, percent-encoded.
        domain
            The host that was asked, without a port; empty where the function is in the path.
        request
            The request.
        """
        known = next((known for known in self.functions if known.lower() == name.lower()), None)
        if known is None:
            here = ", ".join(sorted(self.functions))
            return _message(404, f"There is no function {name}. Here run: {here}.")
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
    """Return an error that was raised before the function could be asked."""
    if isinstance(error, Unsigned):
        return _message(403, "Forbidden", "AccessDeniedException")
    return invoke_api.invoke_error_response(error)


def _answer(name: str, outcome: InvocationOutcome, method: str) -> Response:
    """Return what the client sees; why it sees no more stands in the log alone, as on AWS."""
    if isinstance(outcome, Returned):
        try:
            return client_response(outcome.payload, method)
        except InvalidReply as error:
            _log.warning("what %s returned for its URL is not an answer: %s", name, error)
            return _failure(502)
    _log.warning("%s failed to answer at its URL: %s", name, outcome)
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
