"""The steps from a request to its response, in order: the service's table of contents."""

from __future__ import annotations

from functools import partial
from typing import Literal

from jitprep.service import read
from jitprep.service.batch import read_batch
from jitprep.service.config import Policy
from jitprep.service.deadline import Deadline
from jitprep.service.listing import read_listing
from jitprep.service.messages import (
    BatchRequest,
    ListRequest,
    ObjectName,
    ObjectRequest,
    Presigned,
    Request,
    Response,
    Source,
    Sources,
    StoreRequest,
)
from jitprep.service.pipeline_choice import choose, require_overrides_allowed
from jitprep.service.request_metrics import RequestMetrics
from jitprep.service.results.output_policy import choose_output
from jitprep.service.results.spill import fit_body
from jitprep.service.results.stored_copies import store_copies
from jitprep.service.source.signing import readable


def dispatch(
    request: Request,
    sources: Sources,
    policy: Policy,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> Response:
    """Answer a request, whatever carried it.

    Raises
    ------
    RequestFailed, PreprocessingError
        `jitprep.service.errors.as_request_failed` puts them into S3's terms.
    """
    require_overrides_allowed(request.choice, policy)
    pipeline = choose(request.choice.configuration, request.choice.preset)
    metrics.pipeline = str(pipeline)
    match request:
        case ObjectRequest(method="HEAD"):
            by_method = partial(_source, request, sources)
            response = read.head(request, by_method, pipeline, policy, deadline, metrics)
        case ObjectRequest():
            source = _source(request, sources, "GET")
            response = read.get(request, source, pipeline, policy, deadline, metrics)
        case BatchRequest():
            originals = [sources.resolve(name, "GET") for name in request.objects]
            response = read_batch(request, originals, pipeline, policy, deadline, metrics)
        case ListRequest():
            response = read_listing(request, sources, pipeline, policy, deadline, metrics)
        case StoreRequest():
            output = choose_output(request.output)
            return store_copies(request, output, pipeline, deadline, metrics)
    most = request.max_body_bytes
    return response if most is None else fit_body(response, most)


def _source(request: ObjectRequest, sources: Sources, method: Literal["GET", "HEAD"]) -> Source:
    """Return the source of a request's object, which may be signed for `method` only."""
    source = request.source
    if isinstance(source, ObjectName):
        return sources.resolve(source, method)
    if method != request.method and isinstance(source, Presigned):
        return readable(source)
    return source
