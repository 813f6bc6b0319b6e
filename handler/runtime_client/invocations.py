"""The loop of a runtime: one event after another goes to the handler, and its answer to Lambda."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from handler.doors.streamed import StreamedReply
from handler.runtime.log import write_log_line
from handler.runtime.marshaller import as_json
from handler.runtime_client.connection import RuntimeApi, RuntimeApiAnswer, RuntimeApiFailed
from handler.runtime_client.failures import describe_error, error_type_header
from jitprep.service.errors import ReplyFailed, as_request_failed
from jitprep.service.shards.body_stream import BodyStream

_ERROR_BODY = "Lambda-Runtime-Function-Error-Body"
_STREAMED = {
    "Lambda-Runtime-Function-Response-Mode": "streaming",
    "Trailer": f"Lambda-Runtime-Function-Error-Type, {_ERROR_BODY}",
}
_JSON = {"Content-Type": "application/json"}
# Sent back where it came: by it Lambda distinguishes invocations of one request.
_INVOCATION_ID = "Lambda-Runtime-Invocation-Id"
_ACCEPTED = 202
_LONG = 2**16


class InvocationContext:
    """What a handler may ask about its invocation, by the names of Lambda's context object.

    Parameters
    ----------
    headers : mapping of str to str
        Of the event.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn", "")
        self._deadline_ms = int(headers["lambda-runtime-deadline-ms"])

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""
        return max(self._deadline_ms - time.time_ns() // 10**6, 0)


SendReply = Callable[[StreamedReply], object]
StreamHandler = Callable[[Any, InvocationContext, SendReply], Any]


def run_invocations(
    api: RuntimeApi,
    handler: StreamHandler,
    interrupt: int | None = None,
    answered: Callable[[], object] = lambda: None,
) -> None:
    """Answer invocations until the wait for the next one is interrupted.

    Parameters
    ----------
    api : RuntimeApi
    handler : callable
        With the event, the context, and the function that streams a reply. What it returns is the
        answer, unless it has sent one.
    interrupt : int, optional
        A descriptor that can be read once this is to end.
    answered : callable
        Called after each answer.

    Raises
    ------
    RuntimeApiFailed
        Where the Runtime API sends no event.
    """
    while (event := api.get("invocation/next", interrupt)) is not None:
        if event.status != 200:
            raise RuntimeApiFailed(f"the next event: status {event.status}: {event.body[:500]!r}")
        _Invocation(api, event).run(handler)
        answered()


class _Invocation:
    """One event on its way to the handler, and the answer on its way to Lambda."""

    def __init__(self, api: RuntimeApi, event: RuntimeApiAnswer) -> None:
        headers = event.headers
        self._api, self._event = api, event.body
        self._context = InvocationContext(headers)
        self._path = f"invocation/{self._context.aws_request_id}/"
        invocation = headers.get(_INVOCATION_ID.lower())
        self._own = {} if invocation is None else {_INVOCATION_ID: invocation}
        self._sent = False
        # AWS's SDKs send it along, by which Lambda recognises functions that call each other in circles.
        os.environ["_X_AMZN_TRACE_ID"] = headers.get("lambda-runtime-trace-id", "")

    def run(self, handler: StreamHandler) -> None:
        try:
            result = handler(json.loads(self._event), self._context, self._send)
            answer = b"" if self._sent else as_json(result).encode()
        except Exception as error:  # the next event is another's
            self._report(error)
            return
        if not self._sent:
            self._post("response", _JSON, answer)

    def _report(self, error: Exception) -> None:
        found = describe_error(error)
        write_log_line("ERROR", {"requestId": self._context.aws_request_id, **found})
        if not self._sent:
            headers = {**_JSON, **error_type_header(found["errorType"])}
            self._post("error", headers, json.dumps(found).encode())

    def _post(self, name: str, headers: Mapping[str, str], body: bytes) -> None:
        answer = self._api.post(self._path + name, {**headers, **self._own}, body)
        if answer.status != _ACCEPTED:  # such as 413: Lambda has answered its client with an error
            refused = f"Lambda refused the {name}: status {answer.status}"
            members = {"requestId": self._context.aws_request_id, "errorMessage": refused}
            write_log_line("ERROR", members)

    def _send(self, reply: StreamedReply) -> None:
        """Stream a reply; return when all of it is sent, be it with an error at its end.

        Raises
        ------
        ReplyFailed
            Where Lambda takes no more of it: its client is gone, or it is too large.
        """
        if self._sent:
            raise ValueError("this invocation has an answer already")
        self._sent = True
        headers = {"Content-Type": reply.content_type, **_STREAMED, **self._own}
        left = self._context.get_remaining_time_in_millis() / 1000
        try:
            answer = self._api.stream(
                f"{self._path}response", headers, _chunked(reply), max(left, 1.0)
            )
        except RuntimeApiFailed as error:
            raise ReplyFailed(str(error)) from None
        finally:
            if isinstance(reply.body, BodyStream):
                reply.body.close()
        if answer.status != _ACCEPTED or not answer.whole:
            raise ReplyFailed(f"Lambda took no more of the stream: status {answer.status}")


def _chunked(reply: StreamedReply) -> Iterator[bytes | bytearray]:
    """Yield a reply as HTTP/1.1 sends it in chunks. Where the body fails, trailers say so."""
    try:
        yield from _chunk(reply.head)
        for piece in reply.body if isinstance(reply.body, BodyStream) else (reply.body,):
            yield from _chunk(piece)
    except Exception as error:  # of the body: what sends the chunks raises nothing here
        yield b"0\r\n" + _trailers(error) + b"\r\n"
    else:
        yield b"0\r\n\r\n"


def _chunk(piece: bytes | bytearray) -> Iterator[bytes | bytearray]:
    if len(piece) >= _LONG:  # is not copied
        yield b"%x\r\n" % len(piece)
        yield piece
        yield b"\r\n"
    elif piece:  # an empty chunk would be the end
        yield b"%x\r\n" % len(piece) + piece + b"\r\n"


def _trailers(error: Exception) -> bytes:
    failed = as_request_failed(error)
    found = {"errorMessage": failed.message, "errorType": failed.code, "stackTrace": []}
    body = base64.b64encode(json.dumps(found).encode()).decode()
    fields = error_type_header(failed.code) | {_ERROR_BODY: body}
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode("ascii")
