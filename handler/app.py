"""Lambda's entry point: one event in, one answer out, one line logged."""

from __future__ import annotations

import gc
import time
from contextlib import suppress
from typing import Any, Protocol

from handler import doors
from handler.runtime import log, malloc
from jitprep.service import errors, pipeline_choice, s3
from jitprep.service.config import config
from jitprep.service.deadline import Deadline, run
from jitprep.service.dispatch import dispatch
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import (
    ObjectRequest,
    Request,
    RequestMetrics,
    Response,
    StoreRequest,
    Unexpected,
)
from jitprep.service.source.connection import pool


class Context(Protocol):
    """What is used of Lambda's context object."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""


# Initialisation: Lambda gives it a full CPU, and every later request finds it done. A wrong
# configuration fails here, once and loudly.
malloc.keep()
config()
pool()
s3.client()
with suppress(RequestFailed):  # which each request is told
    pipeline_choice.choose("", None)  # imports the steps that most requests need
# What is here now stays for good: to look through it for garbage is a tenth of a request's time.
gc.freeze()

_state = {"cold": True}


def lambda_handler(event: Any, context: Context) -> Any:
    """Answer one event.

    Every request ends in an explicit answer: whatever goes wrong after the event is recognised
    reaches the client as an S3 error.

    Raises
    ------
    ValueError
        For an event of no known shape: there is nobody to answer.
    Unsent
        Where the answer does not reach S3.
    """
    cold, _state["cold"] = _state["cold"], False
    start = time.perf_counter()
    door = doors.choose(event)
    deadline = Deadline.of(context.get_remaining_time_in_millis(), door.client_timeout_s)
    metrics = RequestMetrics(context.aws_request_id)
    request, response = _answer(door, event, deadline, metrics)
    try:
        with metrics.timed("reply"):
            return door.reply(event, response)
    finally:
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


def _answer(
    door: doors.Door, event: Any, deadline: Deadline, metrics: RequestMetrics
) -> tuple[Request | None, Response]:
    request = None
    try:
        request = door.parse(event)
        asked = request
        return request, run(deadline, lambda: dispatch(asked, deadline, metrics))
    except Exception as error:  # the client must get an answer, whatever it was
        response = Response.refusal(errors.explain(error))
        if response.error_code == "InternalError":
            metrics.unexpected.append(Unexpected.of(error))
        return request, response
