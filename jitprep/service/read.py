"""One object, read and transformed, or only told of."""

from __future__ import annotations

from contextlib import AbstractContextManager

from jitprep.service.config import config
from jitprep.service.deadline import Deadline
from jitprep.service.errors import RequestFailed
from jitprep.service.http import checksums
from jitprep.service.http.conditions import ConditionOutcome
from jitprep.service.http.ranges import PartNumber
from jitprep.service.messages import ObjectRequest, Presigned, RequestMetrics, Response
from jitprep.service.results.derived_object import DerivedObject
from jitprep.service.results.result_cache import Description, result_cache
from jitprep.service.source.original import (
    Original,
    fetch,
    require_same,
    require_size,
    require_time,
)
from jitprep.service.source.original import (
    head as head_original,
)
from jitprep.service.source.ranged_source import Ranges, fetch_ranges
from jitprep.service.source.signing import readable, size_unknown
from preprocessing import EmptySource, Encoded, Pipeline


def get(
    request: ObjectRequest, pipeline: Pipeline, deadline: Deadline, metrics: RequestMetrics
) -> Response:
    """Answer with the derived object, or with the part of it that is asked for."""
    data = None
    opened = _opened(pipeline, request.source, deadline)
    with metrics.timed("fetch"), opened as original:
        derived = DerivedObject.of(request, pipeline, original.object_head)
        if met := _conditions(request, derived):
            return met
        description, body = derived.description, result_cache().body(derived.cache_key)
        derived.window(description)  # before anything is read for a range that is not there
        if derived.is_marker:
            body = b""
        elif description is None or body is None:
            data = _content(original)
    if data is not None:
        encoded = _transform(derived, data, deadline, metrics)
        description, body = _describe(encoded), encoded.body
        if derived.part is not None:  # more of them will follow
            result_cache().keep(derived.cache_key, body)
    assert description is not None and body is not None
    return _answer(request, derived, description, body)


def head(
    request: ObjectRequest, pipeline: Pipeline, deadline: Deadline, metrics: RequestMetrics
) -> Response:
    """Answer with what can be said of the derived object; its bytes are made only where they must."""
    with metrics.timed("fetch"):
        derived = DerivedObject.of(request, pipeline, head_original(request.source, deadline))
    if met := _conditions(request, derived):
        return met
    if not pipeline.seeks:
        require_size(derived.object_head, config().limits.source_bytes)
    if derived.object_head.length == 0 and not derived.is_marker:
        raise EmptySource("the object has no bytes")
    description = derived.description
    if description is None:
        encoded = _transform(derived, _read(request, derived, deadline, metrics), deadline, metrics)
        description = _describe(encoded)
        result_cache().keep(
            derived.cache_key, encoded.body
        )  # whoever asks for the size reads the object next
    return _answer(request, derived, description, None)


def _opened(
    pipeline: Pipeline, source: Presigned, deadline: Deadline
) -> AbstractContextManager[Original | Ranges]:
    """Open the original: to be read whole, or as the pipeline needs it."""
    return fetch_ranges(source, deadline) if pipeline.seeks else fetch(source, deadline)


def _content(original: Original | Ranges) -> bytes | Ranges:
    """Return what the pipeline reads: all bytes, or where it finds them."""
    if isinstance(original, Ranges):
        return original
    return original.read(config().limits.source_bytes)


def _read(
    request: ObjectRequest, derived: DerivedObject, deadline: Deadline, metrics: RequestMetrics
) -> bytes | Ranges:
    """Read the original of a HEAD with the function's own role."""
    try:
        opened = _opened(derived.pipeline, readable(request.source), deadline)
        with metrics.timed("read"), opened as original:
            require_same(original.object_head, derived.object_head)
            return _content(original)
    except RequestFailed as failure:
        if failure.status == 403:
            raise size_unknown(f"its role may not read the original ({failure.code})") from None
        raise


def _transform(
    derived: DerivedObject, data: bytes | Ranges, deadline: Deadline, metrics: RequestMetrics
) -> Encoded:
    require_time(deadline)
    try:
        with metrics.timed("transform"):
            encoded = derived.pipeline.encode(data, seed=derived.seed, limits=config().limits)
    finally:
        metrics.bytes_in = data.bytes_read if isinstance(data, Ranges) else len(data)
    if derived.pipeline.output.nbytes is None:
        result_cache().describe(derived.cache_key, _describe(encoded))
    return encoded


def _describe(encoded: Encoded) -> Description:
    return Description(len(encoded.body), encoded.content_type, encoded.metadata)


def _conditions(request: ObjectRequest, derived: DerivedObject) -> Response | None:
    """Answer the client's conditions, before anything is transformed."""
    match request.conditions.outcome(derived.etag, derived.object_head.last_modified):
        case ConditionOutcome.FAILED:
            raise RequestFailed(
                412,
                "PreconditionFailed",
                "the object or its pipeline is not what the condition asks for; read it anew",
            )
        case ConditionOutcome.NOT_MODIFIED:
            return Response(304, headers=derived.validators)
        case ConditionOutcome.PROCEED:
            return None


def _answer(
    request: ObjectRequest,
    derived: DerivedObject,
    description: Description,
    body: bytes | bytearray | None,
) -> Response:
    """Put the object, or the part of it that was asked for, under S3's headers."""
    window = derived.window(description)
    headers = {
        **derived.object_head.headers,
        **derived.validators,
        "Content-Type": description.content_type,
        "Accept-Ranges": "bytes",
        **derived.metadata(description),
    }
    if body is None:
        length = window.stop - window.start if window else description.length
        headers["Content-Length"] = str(length)
    elif request.checksum and window is None:
        headers["x-amz-checksum-crc32"] = checksums.crc32(body)
    if isinstance(derived.part, PartNumber):
        headers["x-amz-mp-parts-count"] = str(PartNumber.count(description.length))
    if window is None or window.content_range is None:
        return Response(200, body or b"", headers)
    headers["Content-Range"] = window.content_range
    sent = b"" if body is None else body[window.start : window.stop]
    return Response(206, sent, headers)
