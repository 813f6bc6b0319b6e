"""The steps from a request to its response, in order: the service's table of contents.

What only some requests need is imported by the first of them: a cold start pays for each import.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

from jitprep.service import read
from jitprep.service.config import Policy
from jitprep.service.deadline import Deadline
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
from jitprep.service.pipeline_choice import (
    choose,
    require_overrides_allowed,
    require_single_objects,
)
from jitprep.service.request_metrics import RequestMetrics
from jitprep.service.results.output_policy import choose_output
from jitprep.service.results.spill import fit_body, largest_body
from jitprep.service.shards.collect import bound, collect
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
            from jitprep.service.batch import read_batch  # noqa: PLC0415

            alone = require_single_objects(pipeline)
            originals = [sources.resolve(name, "GET") for name in request.objects]
            response = read_batch(request, originals, alone, policy, deadline, metrics)
        case ListRequest():
            from jitprep.service.listing import read_listing  # noqa: PLC0415

            response = read_listing(request, sources, pipeline, policy, deadline, metrics)
        case StoreRequest():
            from jitprep.service.results.stored_copies import store_copies  # noqa: PLC0415

            output = choose_output(request.output)
            return store_copies(request, output, pipeline, deadline, metrics)
    limit = request.body_limit
    if limit is None:
        return response
    if limit.streamed:
        return bound(response, limit.nbytes)
    checksum = isinstance(request, ObjectRequest) and request.checksum
    return fit_body(collect(response, largest_body(limit), checksum=checksum), limit.nbytes)


def _source(request: ObjectRequest, sources: Sources, method: Literal["GET", "HEAD"]) -> Source:
    """Return the source of a request's object, which may be signed for `method` only."""
    source = request.source
    if isinstance(source, ObjectName):
        return sources.resolve(source, method)
    if method != request.method and isinstance(source, Presigned):
        return readable(source)
    return source
