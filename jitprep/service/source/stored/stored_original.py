"""An original that obstore reads: bounded, retried, and of one version.

S3's checksums are not compared, since obstore does not pass them on; the number of bytes is. Calls are
synchronous, for the request's own thread: they release the GIL, and take two thirds of the CPU of
asynchronous ones.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import format_datetime
from functools import cached_property, partial
from typing import Any

from jitprep.service.deadline import Deadline
from jitprep.service.errors import RequestFailed
from jitprep.service.s3_names import METADATA_HEADER
from jitprep.service.source.original import (
    MOST_TRIES,
    TRANSIENT,
    Original,
    Tries,
    require_same,
    require_time,
)
from jitprep.service.source.ranged_source import AnsweredWhole, Ranges, begin_ranges
from jitprep.service.source.response_heads import ObjectHead, passed_through
from jitprep.service.source.source_errors import replaced
from jitprep.service.source.stored.obstore_process import require_obstore_here
from jitprep.service.source.stored.store_errors import (
    cut_off,
    require_version,
    store_failure,
    unnameable,
    without_heads,
    without_ranges,
)
from jitprep.service.source.stored_object import StoredObject, nameable

# A body of at most this size is received by one call. A larger one comes in pieces, and the deadline is
# checked between them.
_CHUNK = 2**20
# How far a web server's clock may be behind.
_SETTLED_S = 60.0
# obstore's names of what is not metadata.
_HEADERS = frozenset({"Cache-Control", "Content-Encoding", "Content-Type"})
_OTHERS = frozenset({"Content-Disposition", "Content-Language", "Storage-Class"})


class _StoredOriginal(Original):
    """An object whose headers have arrived. They are parsed when they are asked for."""

    def __init__(self, source: StoredObject, tries: Tries) -> None:
        self._source, self._tries = source, tries
        self._result = _get(source, tries, {})

    @cached_property
    def object_head(self) -> ObjectHead:
        """What the headers say."""
        return _head(self._result, self._source)

    @cached_property
    def length(self) -> int:
        """The number of bytes as they are stored, by the headers."""
        return int(self._result.meta["size"])

    def pieces(self) -> Iterator[bytes]:
        """Yield the body as it arrives."""
        total = 0
        try:
            for chunk in self._result.stream(min_chunk_size=_CHUNK):
                require_time(self._tries.deadline)
                total += len(chunk)
                yield bytes(chunk)
        except RequestFailed:
            raise
        except Exception as error:
            raise store_failure(error, self._source.place) from None
        if total != self.length:
            raise cut_off(self._source.place)

    def _stored(self, limit: int) -> bytes:
        assert self.length <= limit
        while True:
            try:
                return _body(self._result, self.length, self._source, self._tries)
            except RequestFailed as failure:
                _again(failure, self._tries)
            before = self.object_head
            self._result = _get(self._source, self._tries, {})
            require_same(_head(self._result, self._source), before)


@contextmanager
def open_stored(
    source: StoredObject, deadline: Deadline, tries: int = MOST_TRIES
) -> Iterator[Original]:
    """Open an object, to be read whole. Opening and reading it have so many `tries` in all.

    Raises
    ------
    RequestFailed
        ``NoSuchKey``; ``SourceRefused`` where the store refuses the server's credentials;
        ``SourceUnavailable`` where no try succeeded; ``InvalidRequest`` for a key that obstore cannot
        name, and for a server that says nothing of the version; ``DeadlineExceeded``.
    """
    yield _StoredOriginal(source, Tries(_bounded(source, deadline), tries))


@contextmanager
def open_stored_ranges(source: StoredObject, deadline: Deadline) -> Iterator[Ranges | Original]:
    """Open an object, to be read by ranges, or whole where it must be.

    It must be where the server answers with all of the object, where the object is empty, and where it
    has a Content-Encoding. Raises what `open_stored` raises.
    """
    bounded = _bounded(source, deadline)
    ranges = begin_ranges(partial(read_stored_part, source), bounded)
    yield _StoredOriginal(source, Tries(bounded)) if ranges is None else ranges


def head_stored(source: StoredObject, deadline: Deadline, tries: int = MOST_TRIES) -> ObjectHead:
    """Ask for only the headers. Raises what `open_stored` raises."""
    bounded = Tries(_bounded(source, deadline), tries)
    return _head(_get(source, bounded, {"head": True}), source)


def _bounded(source: StoredObject, deadline: Deadline) -> Deadline:
    ends = time.monotonic() + source.timeout_s
    return deadline if deadline.at <= ends else Deadline(ends)


def read_stored_part(
    source: StoredObject, start: int, stop: int, tries: Tries, before: ObjectHead | None
) -> tuple[ObjectHead, bytes]:
    """Return the object's head, and these bytes, or those of them that exist, of the same version.

    Raises what `jitprep.service.source.ranged_source.read_signed_part` raises.
    """
    options: dict[str, Any] = {"range": (start, stop)}
    # A weak ETag matches nothing, and one that was made of a date is not the server's.
    if before is not None and not source.place.startswith("http"):
        options["if_match"] = before.etag
    while True:
        try:
            result = _get(source, tries, options)
        except RequestFailed as failure:
            if before is not None and failure.status in {412, 416}:
                raise replaced() from None
            raise
        object_head = _head(result, source)
        if before is not None:
            require_same(object_head, before)
        assert object_head.length is not None
        try:
            length = min(stop, object_head.length) - start
            return object_head, _body(result, length, source, tries)
        except RequestFailed as failure:
            _again(failure, tries)


def _get(source: StoredObject, tries: Tries, options: Mapping[str, Any]) -> Any:
    """Return obstore's result, its body unread."""
    if not nameable(source.path):
        raise unnameable(source.place)
    require_obstore_here(source.place)
    asked = {**options, **({"version": source.version} if source.version else {})}
    while True:
        require_time(tries.deadline)
        try:
            return source.store.get(source.path, options=asked)
        except Exception as error:
            if "range" in options and without_ranges(error):
                raise AnsweredWhole from None
            if "head" in options and without_heads(error):
                return _get(source, tries, {})  # its body is left unread
            failure = store_failure(error, source.place)
        _again(failure, tries)


def _again(failure: RequestFailed, tries: Tries) -> None:
    """Wait before another try; raise the failure where none would help."""
    if failure.status not in TRANSIENT or failure.code == "DeadlineExceeded":
        raise failure
    tries.again(failure)


def _body(result: Any, length: int, source: StoredObject, tries: Tries) -> bytes:
    try:
        if length <= _CHUNK:
            body = bytes(result.bytes())
        else:
            chunks, total = [], 0
            for chunk in result.stream(min_chunk_size=_CHUNK):
                require_time(tries.deadline)
                total += len(chunk)
                if total > length:
                    break
                chunks.append(chunk)
            body = b"".join(chunks)
    except RequestFailed:
        raise
    except Exception as error:
        raise store_failure(error, source.place) from None
    if len(body) != length:
        raise cut_off(source.place)
    return body


def _head(result: Any, source: StoredObject) -> ObjectHead:
    """Return the object's head, as `ObjectHead.of` returns it for the headers that S3 sends."""
    meta = result.meta
    modified = meta["last_modified"]
    # obstore's moment for an answer without the header.
    dated = modified.timestamp() != 0
    etag = require_version(_etag(meta, dated), source.place)
    headers, metadata = {}, {}
    for name, value in result.attributes.items():
        if name in _HEADERS:
            headers[name] = value
        elif name not in _OTHERS:
            metadata[f"{METADATA_HEADER}{name}"] = value
    if meta["version"]:
        metadata["x-amz-version-id"] = meta["version"]
    if "Cache-Control" in headers:
        metadata["cache-control"] = headers["Cache-Control"]
    return ObjectHead(
        etag,
        format_datetime(modified, usegmt=True) if dated else None,
        headers.get("Content-Type"),
        meta["size"],
        headers.get("Content-Encoding"),
        passed_through(metadata) if metadata else {},
        "" if source.place.startswith("http") and not _is_settled(meta) else None,
    )


def _is_settled(meta: Mapping[str, Any]) -> bool:
    """Whether the ETag of a web server identifies bytes.

    Servers make it of the size and the second of the last change, which may not be over for them yet.
    """
    return bool(meta["e_tag"]) and time.time() - meta["last_modified"].timestamp() > _SETTLED_S


def _etag(meta: Mapping[str, Any], dated: bool) -> str:
    """Return the ETag; where a web server sends none, one of the date and the size."""
    if meta["e_tag"]:
        return str(meta["e_tag"])
    return f'"{int(meta["last_modified"].timestamp()):x}-{meta["size"]:x}"' if dated else ""
