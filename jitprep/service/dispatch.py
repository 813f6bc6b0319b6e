"""The steps from a request to its response, in order: the service's table of contents."""

from __future__ import annotations

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
    Request,
    Response,
    Sources,
    StoreRequest,
)
from jitprep.service.pipeline_choice import choose, require_overrides_allowed
from jitprep.service.request_metrics import RequestMetrics
from jitprep.service.results.output_policy import choose_output
from jitprep.service.results.spill import fit_body
from jitprep.service.results.stored_copies import store_copies


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
        case ObjectRequest():
            source = request.source
            if isinstance(source, ObjectName):
                source = sources.resolve(source, request.method)
            answer = read.head if request.method == "HEAD" else read.get
            response = answer(request, source, pipeline, policy, deadline, metrics)
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
