"""WriteGetObjectResponse: a function's answer, read and handed to the reader who waits."""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from emulator.exchange import Exchange, Reply, ReplyHead
from emulator.s3_errors import S3Error, invalid_response

PATH = "/WriteGetObjectResponse"
_STATUSES = frozenset({200, 206, 304, 400, 401, 403, 404, 405, 409, 411, 412, 416, 500, 503})
_ERROR_CODE = re.compile(r"[A-Z][a-zA-Z]+")
# Every header that the reader gets, but for metadata, comes behind this prefix.
_FORWARD = "x-amz-fwd-header-"
_METADATA = "x-amz-meta-"
_CHECKSUM = "x-amz-checksum-"


async def write_get_object_response(exchange: Exchange, request: Request) -> Response:
    """Answer one WriteGetObjectResponse once the reader has taken everything."""
    headers = request.headers
    ticket = exchange.redeem(headers.get("x-amz-request-route"), headers.get("x-amz-request-token"))
    try:
        head = parse_head(headers)
    except S3Error as error:
        reason = f"The function's WriteGetObjectResponse is not valid: {error.message}"
        ticket.give(invalid_response(reason))
        raise
    body = request.stream()
    reply = Reply(head, body)
    ticket.give(reply)
    if not await reply.ended:
        raise S3Error(400, "RequestTimeout", "The object was not written in the time it may take.")
    try:
        async for _ in body:  # what the reader did not want, such as the body of an error
            pass
    except ClientDisconnect:
        pass  # the reader has noticed
    return Response(status_code=200)


def parse_head(headers: Headers) -> ReplyHead:
    """Read what the function says of the object.

    Raises
    ------
    S3Error
        ValidationError where AWS would not accept it.
    """
    status = _status(headers.get("x-amz-fwd-status", "200"))
    code = headers.get("x-amz-fwd-error-code")
    message = headers.get("x-amz-fwd-error-message")
    if code is not None and not _ERROR_CODE.fullmatch(code):
        raise _invalid(f"ErrorCode {code!r} must be letters only and begin with a capital.")
    if status < 400 and (code is not None or message is not None):
        raise _invalid(f"ErrorCode and ErrorMessage do not go with StatusCode {status}.")
    if (code or message) and headers.get("content-length", "0") != "0":
        raise _invalid("ErrorCode and ErrorMessage do not go with a Body.")
    if headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
        raise _invalid("The body is aws-chunked. Send it as it is, with UNSIGNED-PAYLOAD.")
    forwarded = tuple(_forwarded(headers))
    checksums = [name.decode() for name, _ in forwarded if name.startswith(_CHECKSUM.encode())]
    if len(checksums) > 1:
        raise _invalid(f"At most one checksum may be given, not {', '.join(sorted(checksums))}.")
    return ReplyHead(status, forwarded, code, message)


def _status(value: str) -> int:
    if not value.isdecimal() or int(value) not in _STATUSES:
        allowed = ", ".join(str(status) for status in sorted(_STATUSES))
        raise _invalid(f"StatusCode {value!r} is not one of {allowed}.")
    return int(value)


def _forwarded(headers: Headers) -> list[tuple[bytes, bytes]]:
    found = []
    for raw_name, value in headers.raw:
        name = raw_name.decode("latin-1").lower()
        if name.startswith(_FORWARD):
            found.append((name.removeprefix(_FORWARD).encode("latin-1"), value))
        elif name.startswith(_METADATA) or name == "content-length":
            found.append((name.encode("latin-1"), value))
    return found


def _invalid(message: str) -> S3Error:
    return S3Error(400, "ValidationError", message)
