"""The Runtime API of Lambda, which runtime clients call, and its endpoint of credentials."""

from __future__ import annotations

import asyncio
import base64
import binascii
import secrets
import time

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from jitprep.emulator.http_protocol import connection_of, trailers
from jitprep.emulator.workers.buffered import LARGEST_RESPONSE
from jitprep.emulator.workers.function import (
    FunctionOutcome,
    Raised,
    Returned,
    raised,
    too_large,
)
from jitprep.emulator.workers.invocation import Invocation
from jitprep.emulator.workers.snapshot import CREDENTIALS_PATH
from jitprep.emulator.workers.streams.response_stream import (
    LARGEST_STREAM,
    Bandwidth,
    ResponseStream,
)
from jitprep.emulator.workers.worker import Worker

_PREFIX = "/2018-06-01/runtime/"
_RESPONSE_MODE = "lambda-runtime-function-response-mode"
_ERROR_TYPE = "lambda-runtime-function-error-type"
_ERROR_BODY = "lambda-runtime-function-error-body"


async def answer_worker(worker: Worker, request: Request) -> Response:
    """Return the response to one call from ``worker``'s process."""
    path = request.url.path.removeprefix(_PREFIX)
    match request.method, path.split("/"):
        case "GET", ["invocation", "next"]:
            return await _next(worker, request)
        case "POST", ["invocation", request_id, "response"]:
            return await _respond(worker, request_id, request)
        case "POST", ["invocation", request_id, "error"]:
            outcome = Raised(await request.body())
            return _finish(worker, worker.invocation(request_id), outcome)
        case "POST", ["init" | "restore", "error"]:
            return _accepted()  # the process prints the reason, and ends
        case "GET", ["restore", "next"] if worker.command.snapshot is not None:
            await worker.restore()
            return JSONResponse({})
        case "GET", _ if request.url.path == CREDENTIALS_PATH:
            return _credentials(worker, request)
    return _error(404, "NotFound", f"The Runtime API has no {request.method} {request.url.path}.")


async def _next(worker: Worker, request: Request) -> Response:
    invocation = await worker.next(connection_of(request.scope))
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


async def _respond(worker: Worker, request_id: str, request: Request) -> Response:
    mode = request.headers.get(_RESPONSE_MODE, "")
    if mode not in {"", "streaming"}:
        return _error(400, "InvalidFunctionResponseMode", "Invalid function response mode")
    if not mode:
        payload = await request.body()
        return _respond_buffered(worker, worker.invocation(request_id), payload)
    invocation = worker.invocation(request_id)
    if invocation is None or invocation.stream is not None or invocation.overdue:
        return _unexpected(worker, invocation)
    return await _respond_streamed(worker, invocation, request)


def _respond_buffered(worker: Worker, invocation: Invocation | None, payload: bytes) -> Response:
    """Take what the function returned, or reject it as AWS does if it is too large.

    The invocation then fails, and the runtime gets status 413. That ends awslambdaric, so the next
    invocation runs in a new process, as on AWS.
    """
    if len(payload) <= LARGEST_RESPONSE:
        return _finish(worker, invocation, Returned(payload))
    finished = _finish(worker, invocation, too_large(LARGEST_RESPONSE))
    return _too_large(LARGEST_RESPONSE) if finished.status_code == 202 else finished


async def _respond_streamed(worker: Worker, invocation: Invocation, request: Request) -> Response:
    """Pass on a response as it arrives; its end is known once all of it has."""
    content_type = request.headers.get("content-type", "application/octet-stream")
    stream = invocation.begin_stream(content_type)
    size, bandwidth = 0, Bandwidth(worker.command.stream_rate)
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > LARGEST_STREAM:
                worker.finish(invocation, too_large(LARGEST_STREAM))
                return _too_large(LARGEST_STREAM)
            await _pass_on(chunk, stream, bandwidth)
    except ClientDisconnect:
        message = "The function broke off its response."
        worker.finish(invocation, raised("Runtime.TruncatedResponse", message))
        raise
    return _finish(worker, invocation, _reported(trailers(request.scope)) or Returned(b""))


async def _pass_on(chunk: bytes, stream: ResponseStream, bandwidth: Bandwidth) -> None:
    await stream.put(chunk)
    if not stream.closed and (pause := bandwidth.pause(len(chunk))):
        await asyncio.sleep(pause)


def _reported(fields: dict[str, str]) -> Raised | None:
    """Return the error that the trailers of a streamed response report."""
    kind = fields.get(_ERROR_TYPE)
    if not kind:
        return None
    try:
        body = base64.b64decode(fields.get(_ERROR_BODY, ""), validate=True)
    except binascii.Error:
        body = b""
    return Raised(body) if body else raised(kind, "")


def _finish(worker: Worker, invocation: Invocation | None, outcome: FunctionOutcome) -> Response:
    if invocation is None or invocation.overdue:
        return _unexpected(worker, invocation)
    worker.finish(invocation, outcome)
    return _accepted()


def _unexpected(worker: Worker, invocation: Invocation | None) -> Response:
    """Return the response to a result that is not awaited, or no longer."""
    if invocation is None or not invocation.overdue:
        return _error(400, "InvalidRequestID", "Invalid request ID")
    worker.finish(invocation, Returned(b""))
    return _error(410, "InvokeTimeout", "Invoke timeout")


def _credentials(worker: Worker, request: Request) -> Response:
    snapshot, token = worker.command.snapshot, request.headers.get("authorization")
    found = None if snapshot is None else snapshot.credentials(token)
    if found is None:
        return Response("cannot get credentials for the provided token", 404)
    return JSONResponse(found)


def _accepted() -> Response:
    return JSONResponse({"status": "OK"}, 202)


def _too_large(limit: int) -> Response:
    message = f"Exceeded maximum allowed payload size ({limit} bytes)."
    return _error(413, "RequestEntityTooLarge", message)


def _error(status: int, kind: str, message: str) -> Response:
    return JSONResponse({"errorType": kind, "errorMessage": message}, status)
