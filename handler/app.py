"""Lambda's entry point: one event in, one answer out, one line logged."""

from __future__ import annotations

import gc
import time
from contextlib import suppress
from typing import Any, Protocol

from handler import doors, errors, log, memory, pipelines, s3
from handler.config import config
from handler.errors import RequestFailed
from handler.exchange import (
    Deadline,
    Measures,
    ObjectRequest,
    Request,
    Response,
    StoreRequest,
)
from handler.serve import serve
from handler.watch import within
from handler.wire import pool


class Context(Protocol):
    """What is used of Lambda's context object."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""


# Initialisation: Lambda gives it a full CPU, and every later request finds it done. A wrong
# configuration fails here, once and loudly.
memory.keep()
config()
pool()
s3.client()
with suppress(RequestFailed):  # which each request is told
    pipelines.choose("", None)  # imports the steps that most requests need
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
    deadline = Deadline.of(context.get_remaining_time_in_millis(), door.patience_s)
    measures = Measures(context.aws_request_id)
    request, response = _answer(door, event, deadline, measures)
    try:
        with measures.timed("reply"):
            return door.reply(event, response)
    finally:
        measures.ms["total"] = round((time.perf_counter() - start) * 1000, 3)
        log.request_line(
            request_id=context.aws_request_id,
            door=door.name,
            key=request.key if isinstance(request, ObjectRequest | StoreRequest) else None,
            response=response,
            measures=measures,
            cold=cold,
        )


def _answer(
    door: doors.Door, event: Any, deadline: Deadline, measures: Measures
) -> tuple[Request | None, Response]:
    request = None
    try:
        request = door.parse(event)
        asked = request
        return request, within(deadline, lambda: serve(asked, deadline, measures))
    except Exception as error:  # the client must get an answer, whatever it was
        response = Response.refusal(errors.explain(error))
        if response.error_code == "InternalError":
            log.unexpected(measures.request_id, error)
        return request, response
