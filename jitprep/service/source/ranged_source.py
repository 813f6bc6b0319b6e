"""The original object, read by byte ranges: for pipelines that need only some of its bytes.

The first request already asks for a range. Its answer has the headers of a plain GET and the object's
size, and leaves no transfer to abort. All later requests ask for the same version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.http_client.failures import HttpFailed
from jitprep.service.messages import Presigned
from jitprep.service.source.original import (
    Original,
    Tries,
    open_response,
    open_signed,
    require_same,
    require_time,
)
from jitprep.service.source.response_heads import ObjectHead
from jitprep.service.source.source_errors import replaced, unavailable

if TYPE_CHECKING:
    from jitprep.service.deadline import Deadline
    from jitprep.service.http_client.answer import HttpAnswer

# The first bytes of a video say its container, and hold its index or where the index is.
FIRST_BYTES = 64 * 2**10
_CHUNK = 2**20
# After this many requests, retries included, a read asks for the rest of the object at once. Sampling
# frames of a video takes a few dozen; a file of thousands of boxes could take thousands.
MOST_REQUESTS = 256
_ANSWERS = frozenset({200, 206})
# RFC 9110, 14.4.
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")


# Returns the bytes from a start to a stop, of the version that was opened.
FetchPart = Callable[[int, int, Tries], bytes]
# Returns the object's head too; given the head of an earlier answer, of the same version only.
ReadPart = Callable[[int, int, Tries, ObjectHead | None], tuple[ObjectHead, bytes]]


class Ranges:
    """An object whose headers and first bytes have arrived.

    Parameters
    ----------
    fetch_part : FetchPart
    deadline : Deadline
    object_head : ObjectHead
        Of the whole object.
    first : bytes
    most_requests : int
        After these, the rest of the object is read at once.

    Attributes
    ----------
    bytes_read : int
        So far.
    """

    def __init__(
        self,
        fetch_part: FetchPart,
        deadline: Deadline,
        object_head: ObjectHead,
        first: bytes,
        most_requests: int = MOST_REQUESTS,
    ) -> None:
        assert object_head.length is not None
        self._fetch_part, self._deadline = fetch_part, deadline
        self.object_head, self.size = object_head, object_head.length
        self._first = first
        self._requests, self._most_requests = 1, most_requests
        self.bytes_read = len(first)

    def read_at(self, start: int, length: int) -> bytes:
        """Return `length` bytes from `start`.

        Raises
        ------
        RequestFailed
            As `Original.read`; ``ObjectTooLarge`` where more requests would be needed than may be sent,
            and the object is too large to be read whole.
        """
        known = self._first[start : start + length]
        if len(known) == length:
            return known
        if self._requests >= self._most_requests:
            self._first += self._ask(len(self._first), self._require_whole())
            return self._first[start : start + length]
        return known + self._ask(start + len(known), start + length)

    def _ask(self, start: int, stop: int) -> bytes:
        tries = Tries(self._deadline)
        try:
            part = self._fetch_part(start, stop, tries)
        finally:
            self._requests += 1 + tries.failed
        self.bytes_read += len(part)
        return part

    def _require_whole(self) -> int:
        limit = config().policy.limits.source_bytes
        if self.size > limit:
            raise RequestFailed(
                400,
                "ObjectTooLarge",
                f"reading the object in ranges takes more than {self._most_requests} requests, and its "
                f"{self.size} bytes exceed the {limit} that may be read whole; sample fewer frames, "
                "or raise JITPREP_MAX_BYTES",
            )
        return self.size


@contextmanager
def open_signed_ranges(source: Presigned, deadline: Deadline) -> Iterator[Ranges | Original]:
    """Open the object of a signed URL, to be read by ranges, or whole where it must be.

    It must be where the URL's signature covers a range, where S3 answers with all of the object, where
    the object is empty, and where it has a Content-Encoding, since a range of it cannot be decoded.
    Raises what `open_signed` raises.
    """
    signed_whole = "range" in _names(source)
    ranges = None if signed_whole else begin_ranges(partial(read_signed_part, source), deadline)
    if ranges is not None:
        yield ranges
        return
    with open_signed(source, deadline) as original:
        yield original


def peek_signed(source: Presigned, deadline: Deadline) -> ObjectHead:
    """Return the headers of a URL that is signed for GET, by asking once for the first byte.

    Raises
    ------
    RequestFailed
        As `open_signed` does; 416 for an empty object.
    AnsweredWhole
        Where the object can only be read whole.
    """
    if "range" in _names(source):
        raise AnsweredWhole
    return read_signed_part(source, 0, 1, Tries(deadline, 1), None)[0]


class AnsweredWhole(Exception):
    """The store answers with the whole object instead of a range."""


def begin_ranges(read_part: ReadPart, deadline: Deadline) -> Ranges | None:
    """Read the first bytes of an object; None where it must be read whole.

    Parameters
    ----------
    read_part : callable
        Takes where a part begins and ends, the tries, and the object's head, None for the first part.
        Returns the head of the whole object, and the bytes. Raises AnsweredWhole.
    deadline : Deadline
    """
    try:
        object_head, first = read_part(0, FIRST_BYTES, Tries(deadline), None)
    except AnsweredWhole:
        return None
    except RequestFailed as failure:
        if failure.status == 416:  # an empty object has no range
            return None
        raise
    if object_head.coded:
        return None

    def fetch_part(start: int, stop: int, tries: Tries) -> bytes:
        return read_part(start, stop, tries, object_head)[1]

    return Ranges(fetch_part, deadline, object_head, first)


def read_signed_part(
    source: Presigned, start: int, stop: int, tries: Tries, before: ObjectHead | None
) -> tuple[ObjectHead, bytes]:
    """Return the object's head, and these bytes, or those of them that exist.

    Parameters
    ----------
    before : ObjectHead, optional
        The head of an earlier answer; the bytes must be of the same version.

    Raises
    ------
    RequestFailed
        As `open_signed` does; 416 where there are no such bytes.
    AnsweredWhole
        Where the object can only be read whole.
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
                raise AnsweredWhole
            object_head = replace(ObjectHead.of(response.headers), length=_total(response, start))
            if before is not None:
                require_same(object_head, before)
            return object_head, _body(
                response, min(stop, object_head.length or 0) - start, tries.deadline
            )
        except HttpFailed as error:
            failed = unavailable(error, source)
        finally:
            response.close()
        tries.again(failed)


def _asked(source: Presigned, start: int, stop: int, before: ObjectHead | None) -> Presigned:
    headers = {**source.headers, "Range": f"bytes={start}-{stop - 1}"}
    if before is not None and before.etag and "if-match" not in _names(source):
        headers["If-Match"] = before.etag
    return replace(source, headers=headers)


def _names(source: Presigned) -> frozenset[str]:
    return frozenset(name.lower() for name in source.headers)


def _total(response: HttpAnswer, start: int) -> int:
    """Return the length of the whole object, from the answer to a request for a range from `start`."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if found is None or int(found[1]) != start:
        raise HttpFailed("the answer has another range than the request")
    return int(found[3])


def _body(response: HttpAnswer, length: int, deadline: Deadline) -> bytes:
    chunks, total = [], 0
    while chunk := response.read1(_CHUNK):
        require_time(deadline)
        total += len(chunk)
        if total > length:
            break
        chunks.append(chunk)
    if total != length:
        raise HttpFailed("the range has another length than the request")
    return b"".join(chunks)
