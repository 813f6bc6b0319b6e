"""The original object, read by ranges of its bytes: for pipelines that need no more than some of them.

The first request asks for a range already. It tells what a plain one would, and how large the object is,
and nothing is under way that would have to be broken off. All others ask for the same version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import urllib3

from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import Presigned
from jitprep.service.source.original import (
    ObjectHead,
    Original,
    Tries,
    fetch,
    open_response,
    require_same,
    require_time,
)
from jitprep.service.source.source_errors import replaced, unavailable

if TYPE_CHECKING:
    from jitprep.service.deadline import Deadline

# What every video is asked first: its kind, and where its index stands if that is not it already.
_FIRST = 64 * 2**10
_CHUNK = 2**20
# Requests that one read makes, tries included, before all that is left is asked for at once. A video of
# which some frames are wanted takes some dozen; one of thousands of boxes could ask for thousands.
MOST_REQUESTS = 256
_ANSWERS = frozenset({200, 206})
# RFC 9110, 14.4.
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class Ranges:
    """An object whose headers and first bytes have come.

    Parameters
    ----------
    source : Presigned
    deadline : Deadline
    object_head : ObjectHead
        Of the whole object.
    first : bytes

    Attributes
    ----------
    bytes_read : int
        So far.
    """

    def __init__(
        self, source: Presigned, deadline: Deadline, object_head: ObjectHead, first: bytes
    ) -> None:
        assert object_head.length is not None
        self._source, self._deadline = source, deadline
        self.object_head, self.size = object_head, object_head.length
        self._first = first
        self._requests = 1
        self.bytes_read = len(first)

    def read_at(self, start: int, length: int) -> bytes:
        """Return so many bytes from `start` on.

        Raises
        ------
        RequestFailed
            As `Original.read`; ``ObjectTooLarge`` where it takes more than `MOST_REQUESTS`, and cannot
            be read whole.
        """
        known = self._first[start : start + length]
        if len(known) == length:
            return known
        if self._requests >= MOST_REQUESTS:
            self._first += self._ask(len(self._first), self._require_whole())
            return self._first[start : start + length]
        return known + self._ask(start + len(known), start + length)

    def _ask(self, start: int, stop: int) -> bytes:
        tries = Tries(self._deadline)
        try:
            _, part = _part(self._source, start, stop, tries, self.object_head)
        finally:
            self._requests += 1 + tries.failed
        self.bytes_read += len(part)
        return part

    def _require_whole(self) -> int:
        limit = config().limits.source_bytes
        if self.size > limit:
            raise RequestFailed(
                400,
                "ObjectTooLarge",
                f"more than {MOST_REQUESTS} requests would read the object in pieces, and it has "
                f"{self.size} bytes, more than the {limit} that may be read whole; sample fewer frames, "
                "or raise JITPREP_MAX_BYTES",
            )
        return self.size


@contextmanager
def fetch_ranges(source: Presigned, deadline: Deadline) -> Iterator[Ranges | Original]:
    """Open the original, to be read by ranges; or whole, where it cannot be. Raises what `fetch` does.

    It cannot where the signature of its URL covers a range, where S3 answers with all of it, where there
    is nothing in it, and where it is stored under a Content-Encoding, of which no range can be decoded.
    """
    ranges = _begun(source, deadline)
    if ranges is not None:
        yield ranges
        return
    with fetch(source, deadline) as original:
        yield original


def _begun(source: Presigned, deadline: Deadline) -> Ranges | None:
    if "range" in _names(source):
        return None
    try:
        object_head, first = _part(source, 0, _FIRST, Tries(deadline), None)
    except _Whole:
        return None
    except RequestFailed as failure:
        if failure.status == 416:  # an empty object has no range
            return None
        raise
    return None if object_head.coded else Ranges(source, deadline, object_head, first)


class _Whole(Exception):
    """S3 answered with more than was asked for."""


def _part(
    source: Presigned, start: int, stop: int, tries: Tries, before: ObjectHead | None
) -> tuple[ObjectHead, bytes]:
    """Return what S3 says of the object, and these bytes, or as many of them as there are.

    Parameters
    ----------
    before : ObjectHead, optional
        What S3 said before: the bytes are of the same version.
    """
    asked = _asked(source, start, stop, before)
    while True:
        try:
            response = open_response("GET", asked, tries, _ANSWERS)
        except RequestFailed as failure:
            if before is not None and failure.status == 412:
                raise replaced() from None
            raise
        try:
            if response.status != 206:
                raise _Whole
            object_head = replace(ObjectHead.of(response.headers), length=_total(response, start))
            if before is not None:
                require_same(object_head, before)
            return object_head, _body(
                response, min(stop, object_head.length or 0) - start, tries.deadline
            )
        except urllib3.exceptions.HTTPError as error:
            failed = unavailable(error, source.url)
        finally:
            response.close()
        tries.again(failed)


def _asked(source: Presigned, start: int, stop: int, before: ObjectHead | None) -> Presigned:
    headers = {**source.headers, "Range": f"bytes={start}-{stop - 1}"}
    if before is not None and before.etag and "if-match" not in _names(source):
        headers["If-Match"] = before.etag
    return Presigned(source.url, headers)


def _names(source: Presigned) -> frozenset[str]:
    return frozenset(name.lower() for name in source.headers)


def _total(response: urllib3.BaseHTTPResponse, start: int) -> int:
    """Return how long the object is of which a part came, if it is the right one."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if found is None or int(found[1]) != start:
        raise urllib3.exceptions.ProtocolError("another part than was asked for")
    return int(found[3])


def _body(response: urllib3.BaseHTTPResponse, length: int, deadline: Deadline) -> bytes:
    chunks, total = [], 0
    while chunk := response.read1(_CHUNK):
        require_time(deadline)
        total += len(chunk)
        if total > length:
            break
        chunks.append(chunk)
    if total != length:
        raise urllib3.exceptions.ProtocolError("a part of another length than was asked for")
    return b"".join(chunks)
