"""GET and HEAD of one derived object."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING

from jitprep.service.config import Policy
from jitprep.service.deadline import Deadline, room_for_original, transform_turn
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import (
    ObjectRequest,
    Presigned,
    Response,
    Source,
    SourceByMethod,
)
from jitprep.service.request_metrics import RequestMetrics
from jitprep.service.results.derived_object import (
    DerivedObject,
    Description,
    answer,
    require_conditions,
    result_cache,
)
from jitprep.service.results.kept_results import copied, encode, kept_part, peek
from jitprep.service.source.opening import head_original, open_original, open_ranges
from jitprep.service.source.original import Original, require_same, require_size, require_time
from jitprep.service.source.ranged_source import Ranges
from jitprep.service.source.signing import size_unknown
from preprocessing import EmptySource, Limits, Pipeline

if TYPE_CHECKING:
    from jitprep.service.results.kept_part import KeptPart
    from preprocessing.pipeline import AnyPipeline


def get(
    request: ObjectRequest,
    source: Source,
    pipeline: AnyPipeline,
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
    pipeline : Pipeline or ShardPipeline
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
    if not isinstance(pipeline, Pipeline):
        from jitprep.service.shards.read_shard import get_shard  # noqa: PLC0415  for shards

        return get_shard(request, source, pipeline, policy, deadline, metrics)
    kept = None if policy.store is None else kept_part(policy.store, pipeline)
    if kept is not None:
        stored = _get_copy(request, source, kept, policy.limits, deadline, metrics)
        if stored is not None:
            return stored
    with ExitStack() as held:
        with metrics.timed("fetch"):
            # Open until the object is made: ranges are read meanwhile.
            original = held.enter_context(_open(pipeline, source, deadline))
            derived = DerivedObject.of(request, source, pipeline, original.object_head)
            if (known := _known(request, derived, metrics)) is not None:
                return known
            held.enter_context(room_for_original(_held_bytes(original, policy.limits), deadline))
            data = _content(original, policy.limits)
        # Requests for other parts are likely to follow.
        keep = derived.part is not None
        description, body = _transform(
            derived, source, data, policy.limits, deadline, metrics, kept, keep=keep
        )
    return answer(request, derived, description, body)


def _known(
    request: ObjectRequest, derived: DerivedObject[Pipeline], metrics: RequestMetrics
) -> Response | None:
    """Return the answer that needs no bytes but those in the cache; None where there is none."""
    if unmodified := require_conditions(request, derived):
        return unmodified
    description = derived.description
    derived.window(description)  # refuses a range that selects nothing before the body is read
    if description is None:
        return None
    if derived.is_marker:
        return answer(request, derived, description, b"")
    made = result_cache().made(derived.cache_key)
    if made is None:
        return None
    metrics.cached = True
    return answer(request, derived, *made)


def _get_copy(
    request: ObjectRequest,
    source: Source,
    kept: KeptPart,
    limits: Limits,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> Response | None:
    """Answer from the store; None where reading the original must answer, also with an error."""
    head = peek(source, deadline, metrics)
    if head is None:
        return None
    derived = DerivedObject.of(request, source, kept.pipeline, head)
    if (known := _known(request, derived, metrics)) is not None:
        return known
    encoded = copied(source, derived, kept, limits, deadline, metrics)
    if encoded is None:
        return None
    description = Description(len(encoded.body), encoded.content_type, encoded.metadata)
    return answer(request, derived, description, encoded.body)


def head(
    request: ObjectRequest,
    source: SourceByMethod,
    pipeline: AnyPipeline,
    policy: Policy,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> Response:
    """Answer with the derived object's headers; make its bytes only where its size depends on them.

    Takes and raises what `get` does, but a function that returns the source for a method, because a
    presigned URL is good for one method; ``SizeUnknown`` where the bytes are needed and cannot be read.
    """
    if not isinstance(pipeline, Pipeline):
        from jitprep.service.shards.read_shard import head_shard  # noqa: PLC0415  for shards

        return head_shard(request, source, pipeline, policy, deadline, metrics)
    asked = source("HEAD")
    with metrics.timed("fetch"):
        derived = DerivedObject.of(request, asked, pipeline, head_original(asked, deadline))
    if unmodified := require_conditions(request, derived):
        return unmodified
    if not pipeline.seeks:
        require_size(derived.object_head, policy.limits.source_bytes)
    if derived.object_head.length == 0 and not derived.is_marker:
        raise EmptySource("the object has no bytes")
    description = derived.description
    if description is None:
        description = _describe(asked, source, derived, policy, deadline, metrics)
    return answer(request, derived, description, None)


def _describe(
    asked: Source,
    source: SourceByMethod,
    derived: DerivedObject[Pipeline],
    policy: Policy,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> Description:
    """Return a description that takes the bytes: of the copy, or of the object that is made for it."""
    kept = None if policy.store is None else kept_part(policy.store, derived.pipeline)
    found = kept and copied(asked, derived, kept, policy.limits, deadline, metrics)
    if found:
        return Description(len(found.body), found.content_type, found.metadata)
    return _make_for_head(source("GET"), derived, policy.limits, deadline, metrics, kept)


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
    derived: DerivedObject[Pipeline],
    limits: Limits,
    deadline: Deadline,
    metrics: RequestMetrics,
    kept: KeptPart | None,
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
        made = _transform(derived, source, data, limits, deadline, metrics, kept, keep=True)
        return made[0]


def _transform(
    derived: DerivedObject[Pipeline],
    source: Source,
    data: bytes | Ranges,
    limits: Limits,
    deadline: Deadline,
    metrics: RequestMetrics,
    kept: KeptPart | None,
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
            made = result_cache().made(derived.cache_key) if keep else None
            if made is not None:
                metrics.cached = True
                return made
            with metrics.timed("transform"):
                if kept is None:
                    encoded = derived.pipeline.encode(data, seed=derived.seed, limits=limits)
                else:
                    encoded = encode(derived, source, data, limits, kept)
            description = Description(len(encoded.body), encoded.content_type, encoded.metadata)
            if derived.pipeline.output.nbytes is None:
                result_cache().describe(derived.cache_key, description)
            if keep:
                result_cache().keep(derived.cache_key, description, encoded.body)
            return description, encoded.body
    finally:
        metrics.bytes_in = data.bytes_read if isinstance(data, Ranges) else len(data)
