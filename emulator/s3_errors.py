"""S3's errors: as values inside the endpoint, as XML outside."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from starlette.responses import Response

from emulator.functions import Died, Outcome, Raised, Returned, TimedOut


class S3Error(Exception):
    """An error that a client of S3 sees.

    Parameters
    ----------
    status
        The HTTP status.
    code
        S3's error code, for example ``NoSuchKey``.
    message
        A sentence for the person who reads it: the cause, and what to do.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def error_xml(code: str, message: str, request_id: str) -> bytes:
    """Return S3's XML error document."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        f"<RequestId>{request_id}</RequestId></Error>"
    ).encode()


def error_response(error: S3Error, request_id: str) -> Response:
    """Return the HTTP response that carries ``error``."""
    return Response(
        error_xml(error.code, error.message, request_id),
        error.status,
        {"x-amz-request-id": request_id},
        "application/xml",
    )


def invalid_response(reason: str) -> S3Error:
    """Return what the reader sees when the function's WriteGetObjectResponse is not valid."""
    return S3Error(
        400,
        "LambdaInvalidResponse",
        f"The function's WriteGetObjectResponse is not valid: {reason}",
    )


def unanswered(outcome: Outcome) -> S3Error:
    """Return what the reader sees when an invocation ended and nothing had been written."""
    match outcome:
        case Returned():
            return S3Error(
                500,
                "LambdaResponseNotReceived",
                "The function returned without calling WriteGetObjectResponse. "
                "Call it on every path, also to report an error.",
            )
        case Raised(payload):
            return S3Error(500, "LambdaRuntimeError", f"The function raised {_raised(payload)}")
        case TimedOut(seconds):
            return S3Error(
                500,
                "LambdaTimeout",
                f"The function did not answer within {seconds:g} s. "
                "Make it faster, or start the endpoint with a longer timeout.",
            )
        case Died(detail):
            return S3Error(500, "LambdaRuntimeError", detail)


def _raised(payload: bytes) -> str:
    try:
        error = json.loads(payload)
        return f"{error['errorType']}: {error['errorMessage']}"
    except (ValueError, TypeError, KeyError):
        return f"an error that is not Lambda's JSON: {payload[:200]!r}"
