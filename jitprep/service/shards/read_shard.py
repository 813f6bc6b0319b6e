"""GET and HEAD of a transformed shard. The archive is made while it is sent, and is never held."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from jitprep.service.config import Policy
from jitprep.service.deadline import Deadline, transform_turn
from jitprep.service.errors import RequestFailed, out_of_time
from jitprep.service.messages import ObjectRequest, Presigned, Response, Source
from jitprep.service.request_metrics import RequestMetrics
from jitprep.service.results.derived_object import (
    DerivedObject,
    Description,
    answer,
    object_headers,
    require_conditions,
    result_cache,
)
from jitprep.service.shards.body_stream import BodyStream
from jitprep.service.shards.streamed_original import stream_original
from jitprep.service.source.opening import head_original, open_original
from jitprep.service.source.original import Original, require_same
from jitprep.service.source.signing import size_unknown
from preprocessing import EmptySource, Seed, ShardPipeline
from preprocessing.cancellation import Cancelled, Signal, cancellable, current
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from jitprep.service.messages import SourceByMethod

DerivedShard: TypeAlias = DerivedObject[ShardPipeline]

# A sample is in memory, whole, with everything else that the process holds.
_SHARE_OF_MEMORY = 4


def get_shard(
    request: ObjectRequest,
    source: Source,
    pipeline: ShardPipeline,
    policy: Policy,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> Response:
    """Answer with the archive of the results, or with a part of it. Takes and raises what `get` does.

    The body is a stream whose first piece is made, so that what is wrong with the shard's beginning is
    answered with a status of its own. A part takes all samples before it too: to know its place, the
    archive is made once without sending it.
    """
    work = _Work(request, pipeline, policy, deadline, metrics)
    with ExitStack() as held:
        with metrics.timed("fetch"):
            original = held.enter_context(open_original(source, deadline))
            derived = DerivedObject.of(request, source, pipeline, original.object_head)
        if unmodified := require_conditions(request, derived):
            return unmodified
        _require_shard(derived)
        if derived.part is not None:
            return _get_part(work, source, derived, original, held)
        pieces = work.pieces(original, source, derived)
        first = next(pieces)
        body = BodyStream(_chained(first, pieces), held.pop_all().close)
    headers = object_headers(derived, pipeline.content_type, pipeline.metadata(seed=derived.seed))
    return Response(200, body, headers)


def head_shard(
    request: ObjectRequest,
    source: SourceByMethod,
    pipeline: ShardPipeline,
    policy: Policy,
    deadline: Deadline,
    metrics: RequestMetrics,
) -> Response:
    """Answer with the archive's headers, which takes making it. Takes and raises what `head` does."""
    asked = source("HEAD")
    with metrics.timed("fetch"):
        derived = DerivedObject.of(request, asked, pipeline, head_original(asked, deadline))
    if unmodified := require_conditions(request, derived):
        return unmodified
    _require_shard(derived)
    description = derived.description
    if description is None:
        description = _Work(request, pipeline, policy, deadline, metrics).describe(
            source("GET"), derived
        )
    return answer(request, derived, description, None)


def _get_part(
    work: _Work,
    source: Source,
    derived: DerivedShard,
    original: Original,
    held: ExitStack,
) -> Response:
    description = derived.description or work.describe(source, derived)
    window = derived.window(description)
    response = answer(work.request, derived, description, None)
    if window is None:
        start, stop = 0, description.length
    else:
        start, stop = window.start, window.stop
    pieces = _cut(work.pieces(original, source, derived), start, stop)
    return Response(
        206 if window else 200, BodyStream(pieces, held.pop_all().close), response.headers
    )


@frozen
class _Work:
    """What reading a shard takes, whether it is sent or only measured."""

    request: ObjectRequest
    pipeline: ShardPipeline
    policy: Policy
    deadline: Deadline
    metrics: RequestMetrics

    def describe(self, source: Source, derived: DerivedShard) -> Description:
        """Make the archive without keeping it, to know its length."""
        try:
            with open_original(source, self.deadline) as original:
                require_same(original.object_head, derived.object_head)
                length = sum(map(len, self.pieces(original, source, derived)))
        except RequestFailed as failure:
            if isinstance(source, Presigned) and failure.status == 403:
                raise size_unknown(f"its role may not read the original ({failure.code})") from None
            raise
        metadata = self.pipeline.metadata(seed=derived.seed)
        description = Description(length, self.pipeline.content_type, metadata)
        result_cache().describe(derived.cache_key, description)
        return description

    def pieces(self, original: Original, source: Source, derived: DerivedShard) -> Iterator[bytes]:
        """Yield the archive in pieces, and count on the way."""
        metrics, limits = self.metrics, self.policy.limits
        made = self.pipeline.encode(
            self._counted(stream_original(original, source, self.deadline)),
            seed=self._seed(source, derived),
            limits=replace(
                limits, source_bytes=min(limits.source_bytes, limits.memory // _SHARE_OF_MEMORY)
            ),
            turn=lambda: transform_turn(self.deadline),
        )
        spent = 0.0
        while True:
            start = time.perf_counter()
            try:
                with cancellable(current() or Signal(self.deadline.at)):
                    piece = next(made, None)
            except Cancelled:
                raise out_of_time() from None
            spent += time.perf_counter() - start
            metrics.ms["transform"] = round(spent * 1000, 3)
            metrics.rows, metrics.failed = made.samples, made.skipped
            if piece is None:
                return
            yield piece

    def _seed(self, source: Source, derived: DerivedShard) -> Seed:
        """Return the seed. Of a file, random steps draw by the MD5, for which all of it is read."""
        if not self.pipeline.random or derived.seed.etag is not None:
            return derived.seed
        digest = hashlib.md5(usedforsecurity=False)
        with open_original(source, self.deadline) as original:
            require_same(original.object_head, derived.object_head)
            for piece in original.pieces():
                digest.update(piece)
        return replace(derived.seed, etag=f'"{digest.hexdigest()}"')

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.metrics.bytes_in += len(piece)
            yield piece


def _require_shard(derived: DerivedShard) -> None:
    if derived.object_head.length == 0:
        raise EmptySource("the shard has no bytes")
    if derived.object_head.coded:
        raise RequestFailed(
            400,
            "UnsupportedFormat",
            f"the shard has the Content-Encoding {derived.object_head.coding!r}; store it without one",
        )


def _chained(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces


def _cut(pieces: Iterator[bytes], start: int, stop: int) -> Iterator[bytes]:
    """Yield the bytes from `start` to `stop` of a stream."""
    at = 0
    for piece in pieces:
        found = piece[max(start - at, 0) : max(stop - at, 0)]
        at += len(piece)
        if found:
            yield found
        if at >= stop:
            return
