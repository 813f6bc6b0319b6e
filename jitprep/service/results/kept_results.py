"""Results from the read-through store, and results that go into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitprep.service.deadline import Deadline, room_for_original, transform_turn
from jitprep.service.results.derived_object import DerivedObject
from jitprep.service.source.opening import is_unchanged, peek_original

if TYPE_CHECKING:
    from jitprep.service.messages import ObjectRequest, Source
    from jitprep.service.request_metrics import RequestMetrics
    from jitprep.service.results.copy_place import CopyPlace
    from jitprep.service.results.kept_part import KeptPart
    from jitprep.service.source.ranged_source import Ranges
    from jitprep.service.source.response_heads import ObjectHead
    from preprocessing import Encoded, Limits, Pipeline


def kept_part(store: CopyPlace, pipeline: Pipeline) -> KeptPart | None:
    """Return what is kept of a pipeline's results in a store; None where nothing can be."""
    from jitprep.service.results.kept_part import KeptPart  # noqa: PLC0415  few have a store

    return KeptPart.of(store, pipeline)


def derived_copy(
    request: ObjectRequest,
    source: Source,
    kept: KeptPart,
    limits: Limits,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> tuple[DerivedObject[Pipeline], Encoded] | None:
    """Return what a request asks for, and its bytes; None where it takes the original."""
    head = peek(source, deadline, metrics)
    if head is None:
        return None
    derived = DerivedObject.of(request, source, kept.pipeline, head)
    encoded = copied(source, derived, kept, limits, deadline, metrics)
    return None if encoded is None else (derived, encoded)


def peek(source: Source, deadline: Deadline, metrics: RequestMetrics) -> ObjectHead | None:
    """Return an original's headers; None where reading it says why there are none."""
    with metrics.timed("fetch"):
        return peek_original(source, deadline)


def copied(
    source: Source,
    derived: DerivedObject[Pipeline],
    kept: KeptPart,
    limits: Limits,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> Encoded | None:
    """Return the derived object as it follows from its copy; None where it takes the original."""
    length = derived.object_head.length
    if not length or (length > limits.source_bytes and not kept.pipeline.seeks):
        return None
    with metrics.timed("store"):
        found = kept.find(source.name, derived.object_head)
    metrics.count_copies("miss" if found is None else "hit")
    if found is None or not kept.draws:
        return None if found is None else kept.finish(found, derived.seed, limits)
    with (
        room_for_original(len(found.body), deadline),
        transform_turn(deadline),
        metrics.timed("transform"),
    ):
        return kept.finish(found, derived.seed, limits)


def encode(
    derived: DerivedObject[Pipeline],
    source: Source,
    data: bytes | Ranges,
    limits: Limits,
    kept: KeptPart,
) -> Encoded:
    """Return what the pipeline makes, and keep in the store what can be kept of it.

    Raises
    ------
    PreprocessingError
        As `Pipeline.encode`.
    """
    encoded, copy = kept.make(data, derived.seed, limits)
    if copy is not None and is_unchanged(source, derived.object_head):
        kept.keep(source.name, derived.object_head.version, copy)
    return encoded
