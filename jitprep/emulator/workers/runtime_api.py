"""The part of Lambda's Runtime API that `awslambdaric` calls: next, response, error, init error."""

from __future__ import annotations

import json
import secrets
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from jitprep.emulator.workers.function import InvocationOutcome, Raised, Returned
from jitprep.emulator.workers.worker import Invocation, Worker

# Lambda's limit: 6 MB, and the envelope around them.
LARGEST_RESPONSE = 6_291_556
_PREFIX = "/2018-06-01/runtime/"


async def answer_worker(worker: Worker, request: Request) -> Response:
    """Return the response to one call from ``worker``'s process."""
    path = request.url.path.removeprefix(_PREFIX)
    match request.method, path.split("/"):
        case "GET", ["invocation", "next"]:
            return await _next(worker)
        case "POST", ["invocation", request_id, "response"]:
            return _respond(worker, request_id, await request.body())
        case "POST", ["invocation", request_id, "error"]:
            return _finish(worker, request_id, Raised(await request.body()))
        case "POST", ["init", "error"]:
            return JSONResponse({"status": "OK"}, 202)  # the process prints the reason, and ends
    return _error(404, "NotFound", f"The Runtime API has no {request.method} {request.url.path}.")


async def _next(worker: Worker) -> Response:
    invocation = await worker.next()
    if invocation is None:
        return _error(410, "Gone", "The process that asked for an event has ended.")
    return Response(
        invocation.payload,
        media_type="application/json",
        headers=_headers(worker, invocation),
    )


def _headers(worker: Worker, invocation: Invocation) -> dict[str, str]:
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return {
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": worker.command.function_arn,
        "Lambda-Runtime-Trace-Id": f"Root={root};Parent={secrets.token_hex(8)};Sampled=0",
    }


def _respond(worker: Worker, request_id: str, payload: bytes) -> Response:
    """Take what the function returned, or reject it as AWS does if it is too large.

    The invocation then fails, and the runtime gets status 413. That ends awslambdaric, so the next
    invocation runs in a new process, as on AWS.
    """
    if len(payload) <= LARGEST_RESPONSE:
        return _finish(worker, request_id, Returned(payload))
    message = (
        f"Response payload size exceeded maximum allowed payload size ({LARGEST_RESPONSE} bytes)."
    )
    error = {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message}
    finished = _finish(worker, request_id, Raised(json.dumps(error).encode()))
    if finished.status_code != 202:
        return finished
    said = f"Exceeded maximum allowed payload size ({LARGEST_RESPONSE} bytes)."
    return _error(413, "RequestEntityTooLarge", said)


def _finish(worker: Worker, request_id: str, outcome: InvocationOutcome) -> Response:
    if not worker.finish(request_id, outcome):
        return _error(400, "InvalidRequestID", f"{request_id} is not the current invocation.")
    return JSONResponse({"status": "OK"}, 202)


def _error(status: int, kind: str, message: str) -> Response:
    return JSONResponse({"errorType": kind, "errorMessage": message}, status)
