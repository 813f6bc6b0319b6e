"""Lambda's entry point: one event in, one answer out, one log line.

To follow one GetObject from here down, read these files in this order.
`tests/handler/test_reading_order.py` traces a request and checks the list.

1.  ``handler/app.py``
2.  ``handler/doors/object_lambda.py``: the event becomes a request, and the response goes back to S3
3.  ``jitprep/service/http/client_request.py``: the client's headers and query
4.  ``jitprep/service/messages.py``: the request and the response
5.  ``jitprep/service/request_metrics.py``: what is measured on the way
6.  ``jitprep/service/deadline.py``: when the work must stop
7.  ``jitprep/service/thread_pools.py``: the thread that it runs in
8.  ``jitprep/service/dispatch.py``: the steps, in order
9.  ``jitprep/service/pipeline_choice.py``: the access point's payload becomes a pipeline
10. ``jitprep/service/read.py``: fetch, transform, answer
11. ``jitprep/service/source/opening.py``: what opens the original, by where it is
12. ``jitprep/service/source/original.py``: the original is read, with retries
13. ``jitprep/service/source/hosts.py``: which URLs may be read
14. ``jitprep/service/source/connection.py``: the HTTP request to S3
15. ``jitprep/service/source/response_heads.py``: S3's headers
16. ``jitprep/service/results/derived_object.py``: the result's ETag, headers and cache
17. ``jitprep/service/aws/write_get_object_response.py``: the request that answers S3
18. ``jitprep/service/source/aws_credentials.py``: what it is signed with
19. ``handler/runtime/log.py``: its line in the log

Step 10 hands the bytes to ``preprocessing``; its docstring says in which order to read it. Conditions,
ranges, checksums, content codings and errors have modules of their own, which a request enters only if
it needs them. ``jitprep/service/http_client`` is HTTP itself. ``jitprep/service/config.py`` is read
once, when the process starts.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from handler.doors import DOORS, STREAMING_DOORS, Door
from handler.doors.streamed import StreamedReply
from handler.runtime import copies, log, malloc, marshaller
from jitprep.service import pipeline_choice
from jitprep.service.config import config
from jitprep.service.deadline import Deadline, run_within
from jitprep.service.dispatch import dispatch
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import ObjectRequest, Request, Response, StoreRequest
from jitprep.service.request_metrics import RequestMetrics
from jitprep.service.shards.body_stream import BodyStream
from jitprep.service.source import bucket_source
from jitprep.service.source.connection import prepare_connections


class Context(Protocol):
    """The members of Lambda's context object that are used here."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""


# Initialisation: Lambda gives it a full CPU, and all later requests profit. A wrong configuration fails
# here, before the first request.
malloc.keep()
marshaller.replace_marshaller()
config()
prepare_connections()
if config().policy.store is not None:
    copies.open_copies()
with suppress(RequestFailed):  # every request reports it
    pipeline_choice.choose("", None)  # imports the steps that most requests need
if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    from handler.runtime.restore import register_hooks

    register_hooks()
# The objects so far are permanent: searching them for garbage would take a tenth of a request's time.
gc.freeze()

_state = {"cold": True}


def lambda_handler(event: Any, context: Context) -> Any:
    """Answer one event by what is returned.

    Once the event is recognised, every failure is answered with an S3 error.

    Raises
    ------
    ValueError
        For an event of unknown shape, which has no client to answer.
    ReplyFailed
        Where the answer does not reach S3.
    """
    return _handle(event, context, DOORS, lambda reply: reply)


def stream_handler(event: Any, context: Context, send: Callable[[StreamedReply], object]) -> Any:
    """Answer one event, by a stream where its door has one: for a runtime client that can send it.

    Parameters
    ----------
    event : object
    context : Context
    send : callable
        Sends a streamed answer. It returns once Lambda has the answer, or the error that ended it.

    Returns
    -------
    object
        The function's result; None where the answer was sent.

    Raises
    ------
    ValueError, ReplyFailed
        As `lambda_handler` does.
    Exception
        What `send` raises.
    """

    def deliver(reply: Any) -> Any:
        if not isinstance(reply, StreamedReply):
            return reply
        send(reply)
        return None

    return _handle(event, context, STREAMING_DOORS, deliver)


def _handle(
    event: Any, context: Context, doors: Sequence[Door], deliver: Callable[[Any], Any]
) -> Any:
    cold, _state["cold"] = _state["cold"], False
    start = time.perf_counter()
    door = choose_door(event, doors)
    deadline = Deadline.of(context.get_remaining_time_in_millis(), door.client_timeout_s)
    metrics = RequestMetrics(context.aws_request_id)
    request, response = _answer(door, event, deadline, metrics)
    try:
        with metrics.timed("reply"):
            result = deliver(door.reply(event, response))
        if metrics.store:  # Lambda stops the process once the answer is returned
            with metrics.timed("write"):
                copies.finish_writes(deadline)
        return result
    finally:
        if isinstance(response.body, BodyStream):
            response.body.close()
            if response.body.failure is not None:  # what was sent until then stays counted
                response = replace(metrics.refusal(response.body.failure), body=response.body)
        for found in metrics.unexpected:
            log.unexpected(context.aws_request_id, found)
        metrics.ms["total"] = round((time.perf_counter() - start) * 1000, 3)
        log.request_line(
            request_id=context.aws_request_id,
            door=door.name,
            key=request.key if isinstance(request, ObjectRequest | StoreRequest) else None,
            response=response,
            metrics=metrics,
            cold=cold,
        )


def choose_door(event: object, doors: Sequence[Door] = DOORS) -> Door:
    """Return the door that `event` came through. Events fit one door at most, so order is irrelevant.

    Raises
    ------
    ValueError
        For an event that fits none.
    """
    if isinstance(event, Mapping):
        for door in doors:
            if door.fits(event):
                return door
    shape = sorted(map(str, event)) if isinstance(event, Mapping) else type(event).__name__
    names = ", ".join(door.name for door in doors)
    raise ValueError(f"this event fits none of the doors ({names}): {shape}")


def _answer(
    door: Door, event: Any, deadline: Deadline, metrics: RequestMetrics
) -> tuple[Request | None, Response]:
    request = None
    try:
        request = door.parse(event)
        asked = request
        return request, run_within(deadline, lambda: _dispatch(asked, deadline, metrics))
    except Exception as error:  # the client must get an answer, whatever went wrong
        return request, metrics.refusal(error)


def _dispatch(request: Request, deadline: Deadline, metrics: RequestMetrics) -> Response:
    return dispatch(request, bucket_source, config().policy, deadline, metrics)
