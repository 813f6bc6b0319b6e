"""WriteGetObjectResponse: parses a function's response and passes it to the waiting GetObject."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from jitprep.emulator.data_plane.object_headers import METADATA, OBJECT_HEADERS
from jitprep.emulator.data_plane.pending_responses import PendingResponses, Reply, ReplyHead
from jitprep.emulator.data_plane.spool import Spool
from jitprep.emulator.s3_errors import S3Error, invalid_response_error

WRITE_PATH = "/WriteGetObjectResponse"
_STATUSES = frozenset({200, 206, 304, 400, 401, 403, 404, 405, 409, 411, 412, 416, 500, 503})
_ERROR_CODE = re.compile(r"[A-Z][a-zA-Z]+")
# The prefix of every header for the client, except metadata.
_FORWARD = "x-amz-fwd-header-"
_FORWARDED = OBJECT_HEADERS - {"content-length"}  # the length of the function's own request
_CHECKSUM = "x-amz-checksum-"


async def write_get_object_response(
    pending_responses: PendingResponses, request: Request
) -> Response:
    """Answer one WriteGetObjectResponse, once the whole object has been received."""
    headers = request.headers
    pending = pending_responses.redeem(
        headers.get("x-amz-request-route"), headers.get("x-amz-request-token")
    )
    body = request.stream()
    try:
        head = parse_head(headers)
        if head.bodiless:
            await _require_empty(body, head)
    except S3Error as error:
        reason = f"The function's WriteGetObjectResponse is not valid: {error.message}"
        pending.give(invalid_response_error(reason))
        raise
    spool = Spool(pending_responses.budget)
    pending.give(Reply(head, spool))
    try:
        await spool.fill(body, pending_responses.timeout)
    except TimeoutError as error:
        message = "The object was not written within the function's timeout."
        raise S3Error(400, "RequestTimeout", message) from error
    except ClientDisconnect:
        pass  # the client gets a truncated body
    return Response(status_code=200)


def parse_head(headers: Headers) -> ReplyHead:
    """Parse the headers of a WriteGetObjectResponse.

    Raises
    ------
    S3Error
        ValidationError if AWS would not accept them.
    """
    status = _status(headers.get("x-amz-fwd-status", "200"))
    code = headers.get("x-amz-fwd-error-code")
    message = headers.get("x-amz-fwd-error-message")
    if code is not None and not _ERROR_CODE.fullmatch(code):
        raise _invalid(f"ErrorCode {code!r} must have only letters and begin with a capital.")
    if status < 400 and (code is not None or message is not None):
        raise _invalid(f"ErrorCode and ErrorMessage are not allowed with StatusCode {status}.")
    if headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
        raise _invalid("The body is aws-chunked. Send it unencoded, with UNSIGNED-PAYLOAD.")
    forwarded = tuple(_forwarded(headers))
    checksums = [name.decode() for name, _ in forwarded if name.startswith(_CHECKSUM.encode())]
    if len(checksums) > 1:
        raise _invalid(f"At most one checksum is allowed, not {', '.join(sorted(checksums))}.")
    head = ReplyHead(status, forwarded, code, message)
    return replace(head, headers=_without_length(forwarded)) if head.bodiless else head


def _status(value: str) -> int:
    if not value.isdecimal() or int(value) not in _STATUSES:
        allowed = ", ".join(str(status) for status in sorted(_STATUSES))
        raise _invalid(f"StatusCode {value!r} is not one of {allowed}.")
    return int(value)


def _forwarded(headers: Headers) -> list[tuple[bytes, bytes]]:
    found = []
    for raw_name, value in headers.raw:
        full = raw_name.decode("latin-1").lower()
        name = full.removeprefix(_FORWARD)
        if name != full and name in _FORWARDED:
            found.append((name.encode("latin-1"), value))
        elif full.startswith(METADATA) or full == "content-length":
            found.append((full.encode("latin-1"), value))
    return found


def _without_length(headers: tuple[tuple[bytes, bytes], ...]) -> tuple[tuple[bytes, bytes], ...]:
    """Drop the length of an empty body: it is not that of the object or the XML."""
    return tuple((name, value) for name, value in headers if name != b"content-length")


async def _require_empty(body: AsyncIterator[bytes], head: ReplyHead) -> None:
    """Raise S3Error if there is a body where none is allowed."""
    async for chunk in body:
        if chunk:
            what = "ErrorCode and ErrorMessage" if head.is_error else "StatusCode 304"
            raise _invalid(f"A Body is not allowed with {what}.")


def _invalid(message: str) -> S3Error:
    return S3Error(400, "ValidationError", message)
