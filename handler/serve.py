"""A request becomes a response: the one place that knows the order of things."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager

from handler import pipelines
from handler.config import config
from handler.errors import RequestFailed
from handler.exchange import Deadline, Measures, Request, Response
from handler.source import Original, fetch, require_time
from preprocessing import Pipeline, Seed


def serve(request: Request, deadline: Deadline, measures: Measures) -> Response:
    """Read, transform, answer.

    Raises
    ------
    RequestFailed, PreprocessingError
        For `handler.errors.answer` to put into words.
    """
    pipeline = pipelines.choose(request.configuration, request.preset)
    measures.pipeline = str(pipeline)
    with measured(measures, "fetch"), fetch(request, deadline) as original:
        seed = Seed(request.seed if pipeline.random else 0, request.key, original.etag)
        etag = derived_etag(original.etag, pipeline.fingerprint, seed.number)
        if met := _conditions(request, etag, original):
            return met
        data = original.read(config().limits.source_bytes)
    measures.bytes_in = len(data)
    require_time(deadline)
    with measured(measures, "transform"):
        return _transform(pipeline, data, seed, etag, original)


def derived_etag(source_etag: str, fingerprint: str, seed: int) -> str:
    """Return the quoted ETag of what a pipeline makes of an object; `seed` is 0 where it draws none."""
    digest = hashlib.sha256(f"{source_etag}\n{fingerprint}\n{seed}".encode()).hexdigest()
    return f'"{digest[:32]}"'


@contextmanager
def measured(measures: Measures, stage: str) -> Iterator[None]:
    """Note how long the block takes, in milliseconds."""
    start = time.perf_counter()
    try:
        yield
    finally:
        measures.ms[stage] = round((time.perf_counter() - start) * 1000, 3)


def _transform(
    pipeline: Pipeline, data: bytes, seed: Seed, etag: str, original: Original
) -> Response:
    encoded = pipeline.encode(data, seed=seed, limits=config().limits)
    return Response(
        status=200,
        body=encoded.body,
        content_type=encoded.content_type,
        etag=etag,
        last_modified=original.last_modified,
        metadata={**encoded.metadata, "source-etag": original.etag},
    )


def _conditions(request: Request, etag: str, original: Original) -> Response | None:
    """Answer the client's conditions on the derived ETag, before anything is transformed."""
    if request.if_match is not None and not _lists(request.if_match, etag):
        raise RequestFailed(
            412,
            "PreconditionFailed",
            "the object or its pipeline has changed since this ETag was given; read it anew",
        )
    if request.if_none_match is not None and _lists(request.if_none_match, etag):
        return Response(304, etag=etag, last_modified=original.last_modified)
    return None


def _lists(header: str, etag: str) -> bool:
    """Whether an If-Match or If-None-Match header (RFC 9110, 13.1) names `etag`."""
    names = [name.strip().removeprefix("W/") for name in header.split(",")]
    return "*" in names or etag in names or etag.strip('"') in names
