"""Lambda's Invoke and InvokeWithResponseStream for the functions that the endpoint runs."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Mapping

from starlette.requests import Request
from starlette.responses import Response

from jitprep.emulator.s3_errors import RequestUnsigned, S3Error
from jitprep.emulator.workers.buffered import invoke_buffered
from jitprep.emulator.workers.function import (
    Died,
    Function,
    InvocationOutcome,
    NotInvoked,
    Raised,
    Returned,
    Streamed,
    StreamedBody,
    StreamFailed,
    TimedOut,
    function_name,
    raised,
)
from jitprep.emulator.workers.streams.event_stream import MEDIA_TYPE, event_message
from jitprep.emulator.workers.streams.streamed_response import StreamedResponse

_UNHANDLED = "Unhandled"
_LARGEST_PAYLOAD = 6 * 1024 * 1024
# Lambda's error code for a wrong signature, by S3's code.
_SIGNATURE_ERRORS = {
    "InvalidAccessKeyId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "XAmzContentSHA256Mismatch": "InvalidSignatureException",
    "RequestTimeTooSkewed": "InvalidSignatureException",
    "AccessDenied": "InvalidSignatureException",
    "AuthorizationHeaderMalformed": "IncompleteSignatureException",
    "AuthorizationQueryParametersError": "IncompleteSignatureException",
    "InvalidArgument": "IncompleteSignatureException",
    "InvalidRequest": "IncompleteSignatureException",
}


async def answer_invoke(
    functions: Mapping[str, Function], arn: str, request: Request, *, stream: bool
) -> Response:
    """Return the response to one Invoke, or InvokeWithResponseStream, of the function ``arn``."""
    name = function_name(arn)
    function = functions.get(name) if name else None
    kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
    payload = await request.body() or b"{}"
    if function is None:
        known = ", ".join(sorted(functions))
        return _refusal(
            404,
            "ResourceNotFoundException",
            f"Function not found: {arn}. This endpoint runs: {known}.",
        )
    if len(payload) > _LARGEST_PAYLOAD:
        return _refusal(413, "RequestTooLargeException", "The payload is larger than 6 MB.")
    if kind == "DryRun":
        return Response(status_code=204)
    if kind != "RequestResponse":
        message = f"This endpoint does not support the invocation type {kind}; use RequestResponse."
        return _refusal(400, "InvalidParameterValueException", message)
    request_id = str(uuid.uuid4())
    if stream:
        return _streamed(await function.invoke(payload, request_id), request_id)
    return _response(await invoke_buffered(function, payload, request_id), request_id)


def invoke_error_response(error: S3Error) -> Response:
    """Return an error that was raised before the invocation, in Lambda's form."""
    if isinstance(error, RequestUnsigned):
        kind, message = "MissingAuthenticationTokenException", "Missing Authentication Token"
    elif error.code in _SIGNATURE_ERRORS:
        kind, message = _SIGNATURE_ERRORS[error.code], error.message
    else:
        return _refusal(error.status, "ServiceException", error.message)
    body = json.dumps({"message": message}).encode()
    return Response(body, 403, {"x-amzn-errortype": kind}, "application/json")


def _response(outcome: InvocationOutcome, request_id: str) -> Response:
    if isinstance(outcome, NotInvoked):
        return _refusal(outcome.status, outcome.kind, outcome.detail)
    headers = _headers(request_id)
    if isinstance(outcome, Returned):
        return Response(outcome.payload, 200, headers, outcome.content_type)
    headers["x-amz-function-error"] = _UNHANDLED
    return Response(_error_payload(outcome), 200, headers, "application/json")


def _streamed(outcome: InvocationOutcome | Streamed, request_id: str) -> Response:
    if isinstance(outcome, NotInvoked):
        return _refusal(outcome.status, outcome.kind, outcome.detail)
    headers = _headers(request_id)
    if isinstance(outcome, Streamed):
        return StreamedResponse(200, headers, _events(outcome.body), outcome.body, MEDIA_TYPE)
    events = [_chunk(outcome.payload)] if isinstance(outcome, Returned) else []
    failure = None if isinstance(outcome, Returned) else outcome
    return Response(b"".join([*events, _complete(failure)]), 200, headers, MEDIA_TYPE)


async def _events(body: StreamedBody) -> AsyncIterator[bytes]:
    """Yield the events of a response: its chunks, and how it ended."""
    failure = None
    try:
        async for chunk in body:
            yield _chunk(chunk)
    except StreamFailed as failed:
        failure = failed.outcome
    yield _complete(failure)


def _chunk(payload: bytes) -> bytes:
    return event_message("PayloadChunk", "application/octet-stream", payload)


def _complete(failure: Raised | TimedOut | Died | None) -> bytes:
    """Return the last event. AWS's pages name its fields and not the codes; Invoke has one."""
    fields: dict[str, str] = {}
    if failure is not None:
        details = _error_payload(failure).decode(errors="replace")
        fields = {"ErrorCode": _UNHANDLED, "ErrorDetails": details}
    return event_message("InvokeComplete", "application/json", json.dumps(fields).encode())


def _headers(request_id: str) -> dict[str, str]:
    return {"x-amzn-requestid": request_id, "x-amz-executed-version": "$LATEST"}


def _error_payload(failure: Raised | TimedOut | Died) -> bytes:
    match failure:
        case Raised(payload):
            return payload
        case TimedOut(seconds):
            message = f"Task timed out after {seconds:.2f} seconds"
            return raised("Sandbox.Timedout", message).payload
        case Died(detail):
            return raised("Runtime.ExitError", detail).payload


def _refusal(status: int, kind: str, message: str) -> Response:
    body = json.dumps({"Type": "User", "Message": message}).encode()
    return Response(body, status, {"x-amzn-errortype": kind}, "application/json")
