"""GET and HEAD of one derived object."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Literal

from jitprep.service.config import Policy
from jitprep.service.deadline import Deadline, room_for_original, transform_turn
from jitprep.service.errors import RequestFailed
from jitprep.service.http import checksums
from jitprep.service.http.conditions import ConditionOutcome
from jitprep.service.http.ranges import PartNumber
from jitprep.service.messages import ObjectRequest, Presigned, Response, Source
from jitprep.service.request_metrics import RequestMetrics
from jitprep.service.results.derived_object import DerivedObject, Description, result_cache
from jitprep.service.source.opening import head_original, open_original, open_ranges
from jitprep.service.source.original import Original, require_same, require_size, require_time
from jitprep.service.source.ranged_source import Ranges
from jitprep.service.source.signing import size_unknown
from preprocessing import EmptySource, Limits, Pipeline

# Of one object: a presigned URL is good for one method only.
SourceByMethod = Callable[[Literal["GET", "HEAD"]], Source]


def get(
    request: ObjectRequest,
    source: Source,
    pipeline: Pipeline,
    policy: Policy,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> Response:
    """Answer with the derived object, or with the part of it that the client asks for.

    Parameters
    ----------
    request : ObjectRequest
    source : Presigned or StoredObject
        Of the original, as the request's source resolves.
    pipeline : Pipeline
    policy : Policy
    deadline : Deadline
    metrics : RequestMetrics

    Raises
    ------
    RequestFailed
        Where the original cannot be read, a condition fails, or no byte is in the range.
    PreprocessingError
        Where the original cannot be transformed.
    """
    with ExitStack() as held:
        with metrics.timed("fetch"):
            # Open until the object is made: ranges are read meanwhile.
            original = held.enter_context(_open(pipeline, source, deadline))
            derived = DerivedObject.of(request, source, pipeline, original.object_head)
            if unmodified := _require_conditions(request, derived):
                return unmodified
            description = derived.description
            derived.window(
                description
            )  # refuses a range that selects nothing before the body is read
            if description is not None:
                body = b"" if derived.is_marker else result_cache().body(derived.cache_key)
                if body is not None:
                    metrics.cached = not derived.is_marker
                    return _answer(request, derived, description, body)
            held.enter_context(room_for_original(_held_bytes(original, policy.limits), deadline))
            data = _content(original, policy.limits)
        # Requests for other parts are likely to follow.
        keep = derived.part is not None
        description, body = _transform(derived, data, policy.limits, deadline, metrics, keep=keep)
    return _answer(request, derived, description, body)


def head(
    request: ObjectRequest,
    source: SourceByMethod,
    pipeline: Pipeline,
    policy: Policy,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> Response:
    """Answer with the derived object's headers; make its bytes only where its size depends on them.

    Takes and raises what `get` does, but a function that returns the source for a method, because a
    presigned URL is good for one method; ``SizeUnknown`` where the bytes are needed and cannot be read.
    """
    asked = source("HEAD")
    with metrics.timed("fetch"):
        derived = DerivedObject.of(request, asked, pipeline, head_original(asked, deadline))
    if unmodified := _require_conditions(request, derived):
        return unmodified
    if not pipeline.seeks:
        require_size(derived.object_head, policy.limits.source_bytes)
    if derived.object_head.length == 0 and not derived.is_marker:
        raise EmptySource("the object has no bytes")
    description = derived.description
    if description is None:
        description = _make_for_head(source("GET"), derived, policy.limits, deadline, metrics)
    return _answer(request, derived, description, None)


def _open(
    pipeline: Pipeline, source: Source, deadline: Deadline
) -> AbstractContextManager[Original | Ranges]:
    """Open the original, by ranges where the pipeline needs only some of its bytes."""
    return open_ranges(source, deadline) if pipeline.seeks else open_original(source, deadline)


def _content(original: Original | Ranges, limits: Limits) -> bytes | Ranges:
    """Return what the pipeline reads: all bytes, or the ranges to read them by."""
    if isinstance(original, Ranges):
        return original
    return original.read(limits.source_bytes)


def _held_bytes(original: Original | Ranges, limits: Limits) -> int:
    """Return how many bytes of the original are held at once: as stored, or all that are allowed."""
    if isinstance(original, Ranges):
        return 0  # the transform's own limit covers the parts that it reads
    head = original.object_head
    length = None if head.coded else head.length
    return limits.source_bytes if length is None else min(length, limits.source_bytes)


def _make_for_head(
    source: Source,
    derived: DerivedObject,
    limits: Limits,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> Description:
    """Make the object for a HEAD, and return its description."""
    with ExitStack() as held:
        try:
            with metrics.timed("read"):
                original = held.enter_context(_open(derived.pipeline, source, deadline))
                require_same(original.object_head, derived.object_head)
                held.enter_context(room_for_original(_held_bytes(original, limits), deadline))
                data = _content(original, limits)
        except RequestFailed as failure:
            if isinstance(source, Presigned) and failure.status == 403:
                raise size_unknown(f"its role may not read the original ({failure.code})") from None
            raise
        # A GET is likely to follow.
        return _transform(derived, data, limits, deadline, metrics, keep=True)[0]


def _transform(
    derived: DerivedObject,
    data: bytes | Ranges,
    limits: Limits,
    deadline: Deadline,
    metrics: RequestMetrics,
    *,
    keep: bool,
) -> tuple[Description, bytes | bytearray]:
    """Return the derived object, made in this request's turn; `keep` it for the requests after it."""
    require_time(deadline)
    waiting = time.perf_counter()
    try:
        with transform_turn(deadline):
            metrics.ms["wait"] = round((time.perf_counter() - waiting) * 1000, 3)
            # A client asks for many parts at once: the first of them made the object for all.
            body = result_cache().body(derived.cache_key) if keep else None
            if body is not None and (description := derived.description) is not None:
                metrics.cached = True
                return description, body
            with metrics.timed("transform"):
                encoded = derived.pipeline.encode(data, seed=derived.seed, limits=limits)
            description = Description(len(encoded.body), encoded.content_type, encoded.metadata)
            if derived.pipeline.output.nbytes is None:
                result_cache().describe(derived.cache_key, description)
            if keep:
                result_cache().keep(derived.cache_key, encoded.body)
            return description, encoded.body
    finally:
        metrics.bytes_in = data.bytes_read if isinstance(data, Ranges) else len(data)


def _require_conditions(request: ObjectRequest, derived: DerivedObject) -> Response | None:
    """Return 304 where the client has the current version, None to proceed, else raise 412."""
    if request.conditions is None:
        return None
    outcome = request.conditions.outcome(derived.etag, derived.object_head.last_modified)
    if outcome is ConditionOutcome.FAILED:
        raise RequestFailed(
            412,
            "PreconditionFailed",
            "the object or its pipeline is not the version that the condition asks for; read it again",
        )
    if outcome is ConditionOutcome.NOT_MODIFIED:
        return Response(304, headers=derived.validators)
    return None


def _answer(
    request: ObjectRequest,
    derived: DerivedObject,
    description: Description,
    body: bytes | bytearray | None,
) -> Response:
    """Return the object, or the part that the client asks for, with S3's headers."""
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
