"""One object, read and transformed, or only told of."""

from __future__ import annotations

from handler import checksums, source
from handler.conditions import Outcome
from handler.config import config
from handler.derived import Derived
from handler.errors import RequestFailed
from handler.exchange import Deadline, Measures, ObjectRequest, Response
from handler.kept import Description, kept
from handler.ranges import PartNumber
from handler.signing import readable, size_unknown
from handler.source import fetch, require_same, require_size, require_time
from preprocessing import EmptySource, Encoded, Pipeline


def get(
    request: ObjectRequest, pipeline: Pipeline, deadline: Deadline, measures: Measures
) -> Response:
    """Answer with the derived object, or with the part of it that is asked for."""
    data = None
    with measures.timed("fetch"), fetch(request.source, deadline) as original:
        derived = Derived.of(request, pipeline, original.facts)
        if met := _conditions(request, derived):
            return met
        description, body = derived.description, kept().body(derived.place)
        derived.window(description)  # before anything is read for a range that is not there
        if derived.is_marker:
            body = b""
        elif description is None or body is None:
            data = original.read(config().limits.source_bytes)
    if data is not None:
        encoded = _transform(derived, data, deadline, measures)
        description, body = _describe(encoded), encoded.body
        if derived.part is not None:  # more of them will follow
            kept().keep(derived.place, body)
    assert description is not None and body is not None
    return _answer(request, derived, description, body)


def head(
    request: ObjectRequest, pipeline: Pipeline, deadline: Deadline, measures: Measures
) -> Response:
    """Answer with what can be said of the derived object; its bytes are made only where they must."""
    with measures.timed("fetch"):
        derived = Derived.of(request, pipeline, source.head(request.source, deadline))
    if met := _conditions(request, derived):
        return met
    require_size(derived.facts, config().limits.source_bytes)
    if derived.facts.length == 0 and not derived.is_marker:
        raise EmptySource("the object has no bytes")
    description = derived.description
    if description is None:
        encoded = _transform(
            derived, _read(request, derived, deadline, measures), deadline, measures
        )
        description = _describe(encoded)
        kept().keep(derived.place, encoded.body)  # whoever asks for the size reads the object next
    return _answer(request, derived, description, None)


def _read(
    request: ObjectRequest, derived: Derived, deadline: Deadline, measures: Measures
) -> bytes:
    """Read the original of a HEAD with the function's own role."""
    try:
        with measures.timed("read"), fetch(readable(request.source), deadline) as original:
            require_same(original.facts, derived.facts)
            return original.read(config().limits.source_bytes)
    except RequestFailed as failure:
        if failure.status == 403:
            raise size_unknown(f"its role may not read the original ({failure.code})") from None
        raise


def _transform(derived: Derived, data: bytes, deadline: Deadline, measures: Measures) -> Encoded:
    measures.bytes_in = len(data)
    require_time(deadline)
    with measures.timed("transform"):
        encoded = derived.pipeline.encode(data, seed=derived.seed, limits=config().limits)
    if derived.pipeline.output.nbytes is None:
        kept().describe(derived.place, _describe(encoded))
    return encoded


def _describe(encoded: Encoded) -> Description:
    return Description(len(encoded.body), encoded.content_type, encoded.metadata)


def _conditions(request: ObjectRequest, derived: Derived) -> Response | None:
    """Answer the client's conditions, before anything is transformed."""
    match request.conditions.outcome(derived.etag, derived.facts.last_modified):
        case Outcome.FAILED:
            raise RequestFailed(
                412,
                "PreconditionFailed",
                "the object or its pipeline is not what the condition asks for; read it anew",
            )
        case Outcome.NOT_MODIFIED:
            return Response(304, headers=derived.validators)
        case Outcome.PROCEED:
            return None


def _answer(
    request: ObjectRequest,
    derived: Derived,
    description: Description,
    body: bytes | bytearray | None,
) -> Response:
    """Put the object, or the part of it that was asked for, under S3's headers."""
    window = derived.window(description)
    headers = {
        **derived.facts.headers,
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
