"""``look``: a source beside what a read of it returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jitprep.playground.asks import LookAsk
from jitprep.playground.drawing.sources import draw_source
from jitprep.playground.drawing.view import View
from jitprep.playground.looking.moved import moved_annotations
from jitprep.playground.looking.results import draw_passed, draw_result, run_read
from jitprep.playground.looking.subject import Subject
from jitprep.playground.looking.wire import describe_item, describe_wire
from jitprep.playground.pipelines import effective
from jitprep.playground.playground import Playground
from jitprep.playground.reading import read_item
from preprocessing import Pipeline
from preprocessing.sources import Loaded


def answer(playground: Playground, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the views before and after, and what is sent.

    Raises
    ------
    AskRefused, RequestFailed, PreprocessingError
    """
    ask = LookAsk.of(asked)
    pipeline = effective(playground, ask.pipeline, ask.off)
    item = read_item(playground, ask.source)
    if not isinstance(pipeline, Pipeline):
        from jitprep.playground.answers.shard_look import look_at_shard  # noqa: PLC0415  for shards

        return look_at_shard(playground, ask, item, pipeline)
    subject = Subject(pipeline, item, playground.limits)
    loaded = subject.loaded
    about = {
        "line": str(pipeline),
        "item": describe_item(item),
        "before": _before(playground, ask, subject),
        "random": pipeline.random,
    }
    if isinstance(loaded, Loaded):
        return about | _read(playground, ask, subject, loaded)
    encoded = pipeline.encode(item.content, limits=playground.limits)
    return {
        **about,
        "after": draw_passed(playground.desk, subject),
        "wire": describe_wire(item, len(encoded.body), encoded.content_type, encoded.metadata),
        "ms": 0.0,
        "geometry": None,
        "why": "",
    }


def _read(playground: Playground, ask: LookAsk, subject: Subject, loaded: Loaded) -> dict[str, Any]:
    desk, item = playground.desk, subject.item
    result = run_read(subject, loaded, ask.seed)
    mask = None if ask.mask is None else read_item(playground, ask.mask)
    geometry, why = moved_annotations(desk, subject, result.plan, ask.seed, ask.boxes, mask)
    content_type = subject.pipeline.encoding.content_type
    return {
        "after": draw_result(desk, subject, result),
        "wire": describe_wire(item, len(result.body), content_type, result.metadata),
        "ms": result.ms,
        "geometry": geometry,
        "why": why,
    }


def _before(playground: Playground, ask: LookAsk, subject: Subject) -> View:
    desk, item, kind = playground.desk, subject.item, subject.pipeline.kind
    return playground.source_views.get(
        desk, ask.source, item, kind, lambda: draw_source(desk, item, kind, subject.limits)
    )
