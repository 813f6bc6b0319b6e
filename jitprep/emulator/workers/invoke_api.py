"""Lambda's Invoke API for the functions that the endpoint runs."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from jitprep.emulator.s3_errors import RequestUnsigned, S3Error
from jitprep.emulator.workers.function import (
    Died,
    Function,
    InvocationOutcome,
    NotInvoked,
    Raised,
    Returned,
    TimedOut,
    function_name,
)

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


async def answer_invoke(functions: Mapping[str, Function], arn: str, request: Request) -> Response:
    """Return the response to one Invoke of the function that ``arn`` names."""
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
    return _response(await function.invoke(payload, request_id), request_id)


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
    headers = {"x-amzn-requestid": request_id, "x-amz-executed-version": "$LATEST"}
    if not isinstance(outcome, Returned):
        headers["x-amz-function-error"] = "Unhandled"
    return Response(_payload(outcome), 200, headers, "application/json")


def _payload(outcome: Returned | Raised | TimedOut | Died) -> bytes:
    match outcome:
        case Returned(payload) | Raised(payload):
            return payload
        case TimedOut(seconds):
            return _error("Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds")
        case Died(detail):
            return _error("Runtime.ExitError", detail)


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def _refusal(status: int, kind: str, message: str) -> Response:
    body = json.dumps({"Type": "User", "Message": message}).encode()
    return Response(body, status, {"x-amzn-errortype": kind}, "application/json")
