"""Failures as the client sees them: an HTTP status, an S3 error code, and a message.

S3 Object Lambda passes on only these statuses: 304, 400, 401, 403, 404, 405, 409, 411, 412, 416, 500,
503. It has no limit on size and sends no unknown parameters, so only other doors answer 413 and 501.
Codes have S3's form, ``^[A-Z][a-zA-Z]+$``; docs/errors.md documents each.
"""

from __future__ import annotations

from collections.abc import Mapping

import preprocessing as pp

# Codes of defects, in jitprep or in a step of the operator: their tracebacks are logged.
DEFECTS = frozenset({"InternalError", "StepFailed"})
_PASSED_ON = frozenset({304, 400, 401, 403, 404, 405, 409, 411, 412, 413, 416, 500, 501, 503})


class RequestFailed(Exception):
    """A request that is answered with an error.

    Parameters
    ----------
    status : int
    code : str
    message : str
        What is wrong and what to do, for the client to read; without secrets.
    headers : mapping of str to str, optional
        S3's headers on a refused object: that it is a delete marker, and its version.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


class ReplyFailed(Exception):
    """An answer could not be sent. It names the error's type only: the message may quote the token."""


def out_of_time() -> RequestFailed:
    """Return the failure of a request that ran out of time."""
    return RequestFailed(
        503,
        "DeadlineExceeded",
        "the request ran out of time; raise the timeout (of the function, for which S3 waits 60 s and "
        "API Gateway 30, or of the server), or give it more CPU, which a function has by its memory",
    )


# The library's errors, most specific first.
_LIBRARY: tuple[tuple[type[Exception], int, str], ...] = (
    (pp.EmptySource, 400, "EmptyObject"),
    (pp.UnknownFormat, 400, "UnknownFormat"),
    (pp.CorruptSource, 400, "CorruptObject"),
    (pp.UnsupportedSource, 400, "UnsupportedFormat"),
    (pp.IncompatibleSource, 400, "IncompatibleObject"),
    (pp.LimitExceeded, 400, "ObjectTooLarge"),
    (pp.SpecError, 400, "InvalidPipeline"),
    (pp.StepFailed, 500, "StepFailed"),
)


def as_request_failed(error: Exception) -> RequestFailed:
    """Return any exception in S3's terms; an unexpected one becomes InternalError."""
    if isinstance(error, RequestFailed):
        status = error.status if error.status in _PASSED_ON else 500
        return RequestFailed(status, error.code, error.message, error.headers)
    if isinstance(error, MemoryError):
        message = "the function ran out of memory; raise its memory size or lower its limits"
        return RequestFailed(500, "OutOfMemory", message)
    for kind, status, code in _LIBRARY:
        if isinstance(error, kind):
            return RequestFailed(status, code, str(error))
    message = "the function failed unexpectedly; its log has the traceback under this request's ID"
    return RequestFailed(500, "InternalError", message)
