"""S3's errors: the exception, its XML document, and the errors of a function that fails."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import responses

from starlette.responses import Response

from jitprep.emulator.request_ids import RequestIds
from jitprep.emulator.s3_xml import DECLARATION, xml_elements
from jitprep.emulator.workers.function import (
    Died,
    InvocationOutcome,
    NotInvoked,
    Raised,
    Returned,
    TimedOut,
)
from jitprep.sigv4.refusals import SignatureRefused, Unsigned

# By the status of Lambda's Invoke.
_NOT_INVOKED = {
    403: (403, "LambdaPermissionError"),
    404: (404, "LambdaNotFound"),
    429: (503, "SlowDown"),
}


class S3Error(Exception):
    """An error that a client of S3 sees.

    Parameters
    ----------
    status
        The HTTP status.
    code
        S3's error code, for example ``NoSuchKey``.
    message
        The cause, and what to do, for the person who reads it.
    details
        The XML elements that S3 adds for this code, for example ``BucketName``.
    headers
        The response headers that it adds, for example ``x-amz-delete-marker``.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = dict(details or {})
        self.headers = dict(headers or {})


class RequestUnsigned(S3Error):
    """The request is not signed, for which Lambda has words of its own."""


def signature_error(refused: SignatureRefused) -> S3Error:
    """Return the error of a request whose signature is refused."""
    kind = RequestUnsigned if isinstance(refused, Unsigned) else S3Error
    return kind(refused.status, refused.code, refused.message, refused.details)


def error_xml(error: S3Error, ids: RequestIds) -> bytes:
    """Return S3's XML error document."""
    elements = {"Code": error.code, "Message": error.message, **error.details, **ids.elements}
    return f"{DECLARATION}<Error>{xml_elements(elements)}</Error>".encode()


def error_response(
    error: S3Error, ids: RequestIds, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the HTTP response that carries ``error``, with additional ``headers``."""
    every = {**error.headers, **(headers or {}), **ids.headers}
    return Response(error_xml(error, ids), error.status, every, "application/xml")


def invalid_response_error(reason: str) -> S3Error:
    """Return the error of a function whose response is not valid."""
    return S3Error(400, "LambdaInvalidResponse", reason)


def reported_error(status: int, code: str | None, message: str | None) -> S3Error:
    """Return the error that a function reports; the default code is the name of the status."""
    return S3Error(
        status,
        code or responses.get(status, "Unknown Error").title().replace(" ", ""),
        message or "",
    )


def no_response_error(outcome: InvocationOutcome) -> S3Error:
    """Return the error of an invocation that ended without a response."""
    match outcome:
        case Returned():
            return S3Error(
                500,
                "LambdaResponseNotReceived",
                "The function returned without calling WriteGetObjectResponse. "
                "Call it on every path, including those that report an error.",
            )
        case Raised(payload):
            return S3Error(500, "LambdaRuntimeError", f"The function raised {_raised(payload)}")
        case TimedOut(seconds):
            return timeout_error(seconds)
        case Died(detail):
            return S3Error(500, "LambdaRuntimeError", detail)
        case NotInvoked(status, _, detail):
            return S3Error(*_NOT_INVOKED.get(status, (400, "LambdaInvocationFailed")), detail)


def timeout_error(seconds: float) -> S3Error:
    """Return the error of a function that exceeds its timeout."""
    message = (
        f"The function did not answer within {seconds:g} s. "
        "Make it faster, or start the endpoint with a longer timeout."
    )
    return S3Error(500, "LambdaTimeout", message)


def _raised(payload: bytes) -> str:
    try:
        error = json.loads(payload)
        return f"{error['errorType']}: {error['errorMessage']}"
    except (ValueError, TypeError, KeyError):
        return f"an error that is not Lambda's JSON: {payload[:200]!r}"
