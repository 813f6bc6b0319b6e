"""A request becomes a response: which part of the handler answers it."""

from __future__ import annotations

from handler import listing, pipelines, read, spill
from handler.exchange import Deadline, ListRequest, Measures, Request, Response


def serve(request: Request, deadline: Deadline, measures: Measures) -> Response:
    """Read, transform, answer.

    Raises
    ------
    RequestFailed, PreprocessingError
        For `handler.errors.explain` to put into words.
    """
    pipeline = pipelines.choose(request.choice.configuration, request.choice.preset)
    measures.pipeline = str(pipeline)
    if isinstance(request, ListRequest):
        response = listing.answer(request, pipeline, deadline, measures)
    else:
        answer = read.head if request.method == "HEAD" else read.get
        response = answer(request, pipeline, deadline, measures)
    return spill.fit(response, request.room)
