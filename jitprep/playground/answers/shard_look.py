"""A shard beside what a pipeline for shards makes of it, as lists of their files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jitprep.playground.drawing.shards import draw_shard
from jitprep.playground.looking.wire import describe_item, describe_wire
from jitprep.playground.members import etag_of, shard_members
from preprocessing import Seed
from preprocessing.cancellation import checkpoint

if TYPE_CHECKING:
    from jitprep.playground.asks import LookAsk
    from jitprep.playground.items import Item
    from jitprep.playground.playground import Playground
    from preprocessing import ShardPipeline


def look_at_shard(
    playground: Playground, ask: LookAsk, item: Item, pipeline: ShardPipeline
) -> dict[str, Any]:
    """Return what `look` returns for an object.

    The whole shard is transformed, and no more than a sample of the result is in memory at a time. The
    view of the result has in ``more["pipeline"]`` the pipeline of one member, with which each member of
    the source can be looked at alone: it gets the same draws.

    Raises
    ------
    SourceError, IncompatibleSource, LimitExceeded
    """
    limits = playground.limits
    before = draw_shard(shard_members(item.content, limits))
    seed = Seed(ask.seed, item.key, etag_of(item))
    began = time.perf_counter()
    derived = shard_members(
        _pieces(pipeline.encode(item.content, seed=seed, limits=limits)), limits
    )
    took = time.perf_counter() - began
    after = draw_shard(derived)
    assert after.more is not None
    after.more["pipeline"] = str(pipeline.pipeline)
    return {
        "line": str(pipeline),
        "item": describe_item(item),
        "before": before,
        "after": after,
        "wire": describe_wire(
            item, derived.nbytes, pipeline.content_type, pipeline.metadata(seed=seed)
        ),
        "ms": took * 1000,
        "random": pipeline.random,
        "geometry": None,
    }


def _pieces(archive: Iterator[bytes]) -> Iterator[bytes]:
    for piece in archive:
        checkpoint()
        yield piece
