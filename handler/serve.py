"""A request becomes a response: which part of the handler answers it."""

from __future__ import annotations

from handler import listing, pipelines, read, spill, store
from handler.exchange import Deadline, ListRequest, Measures, Request, Response, StoreRequest


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
        return spill.fit(listing.answer(request, pipeline, deadline, measures), request.room)
    if isinstance(request, StoreRequest):
        return store.answer(request, pipeline, deadline, measures)
    answer = read.head if request.method == "HEAD" else read.get
    return spill.fit(answer(request, pipeline, deadline, measures), request.room)
