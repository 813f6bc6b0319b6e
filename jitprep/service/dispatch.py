"""A request becomes a response: which part of the handler answers it."""

from __future__ import annotations

from jitprep.service import batch, listing, pipeline_choice, read
from jitprep.service.deadline import Deadline
from jitprep.service.messages import (
    BatchRequest,
    ListRequest,
    Request,
    RequestMetrics,
    Response,
    StoreRequest,
)
from jitprep.service.results import spill, stored_copies


def dispatch(request: Request, deadline: Deadline, metrics: RequestMetrics) -> Response:
    """Read, transform, answer.

    Raises
    ------
    RequestFailed, PreprocessingError
        For `jitprep.service.errors.explain` to put into words.
    """
    pipeline = pipeline_choice.choose(request.choice.configuration, request.choice.preset)
    metrics.pipeline = str(pipeline)
    if isinstance(request, ListRequest):
        return spill.fit(
            listing.answer(request, pipeline, deadline, metrics), request.max_body_bytes
        )
    if isinstance(request, StoreRequest):
        return stored_copies.answer(request, pipeline, deadline, metrics)
    if isinstance(request, BatchRequest):
        return spill.fit(batch.answer(request, pipeline, deadline, metrics), request.max_body_bytes)
    answer = read.head if request.method == "HEAD" else read.get
    return spill.fit(answer(request, pipeline, deadline, metrics), request.max_body_bytes)
