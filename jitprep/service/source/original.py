"""An original object that is read whole: bounded, retried, verified; and the one of a signed URL."""

from __future__ import annotations

import random
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from jitprep.service.config import config
from jitprep.service.errors import RequestFailed, out_of_time
from jitprep.service.http import checksums, content_codings
from jitprep.service.http_client.failures import HttpFailed
from jitprep.service.source.connection import send_request
from jitprep.service.source.hosts import require_allowed
from jitprep.service.source.response_heads import ObjectHead
from jitprep.service.source.source_errors import (
    refused,
    replaced,
    source_too_large,
    unavailable,
)

if TYPE_CHECKING:
    from jitprep.service.deadline import Deadline
    from jitprep.service.http_client.answer import HttpAnswer
    from jitprep.service.messages import Presigned

_CHUNK = 2**20
# What AWS's SDKs retry, and how often: at most five tries, with pauses of 1.5 s in all.
TRANSIENT = frozenset({500, 502, 503, 504})
MOST_TRIES = 5
_PAUSE_S = 0.1
_WHOLE = frozenset({200})
# S3 lists at most a thousand keys at once, each of up to a thousand bytes, which XML may escape.
LARGEST_PAGE = 8 * 2**20


class Original(ABC):
    """An object whose headers have arrived, and whose body is still to be read.

    Parameters
    ----------
    object_head : ObjectHead
    """

    def __init__(self, object_head: ObjectHead) -> None:
        self._object_head = object_head

    @property
    def object_head(self) -> ObjectHead:
        """What the headers say."""
        return self._object_head

    @property
    def length(self) -> int | None:
        """The number of bytes as they are stored, by the headers."""
        return self._object_head.length

    def read(self, limit: int) -> bytes:
        """Return the body, with the length that the headers say, and the checksum where they say one.

        Where it has a Content-Encoding, the stored bytes are verified, and the decoded bytes returned.

        Raises
        ------
        RequestFailed
            ``ObjectTooLarge``, before anything is read where the length is known;
            ``SourceUnavailable`` where no try read all of it; ``DeadlineExceeded``.
        SourceError, LimitExceeded
            What `content_codings.decode` raises.
        """
        return self.decoded(self.stored(limit), limit)

    def stored(self, limit: int) -> bytes:
        """Return the body as it is stored. Raises RequestFailed, as `read` does."""
        if self.length is not None and self.length > limit:
            raise source_too_large(self.length, limit)
        return self._stored(limit)

    def decoded(self, stored: bytes, limit: int) -> bytes:
        """Return the body without its Content-Encoding, at most `limit` bytes. Raises as `read` does."""
        if not self.object_head.coded:
            return stored
        limits = replace(config().policy.limits, source_bytes=limit)
        return content_codings.decode(stored, self.object_head.coding, limits)

    @abstractmethod
    def pieces(self) -> Iterator[bytes]:
        """Yield the body as it is stored, as it arrives, once and without further tries.

        Raises
        ------
        RequestFailed
            ``SourceUnavailable`` where it breaks off; ``DeadlineExceeded``.
        """

    @abstractmethod
    def _stored(self, limit: int) -> bytes:
        """Return the bytes as they are stored, at most `limit`."""


class SignedOriginal(Original):
    """The object of a signed URL."""

    def __init__(self, source: Presigned, tries: Tries) -> None:
        self._source = source
        self._tries = tries
        self._response = open_response("GET", source, tries)
        super().__init__(ObjectHead.of(self._response.headers))

    def _stored(self, limit: int) -> bytes:
        while True:
            try:
                return self._read(limit)
            except (HttpFailed, checksums.ChecksumMismatch) as error:
                self.close()
                self._tries.again(unavailable(error, self._source))
            self._response = open_response("GET", self._source, self._tries)
            require_same(ObjectHead.of(self._response.headers), self.object_head)

    def pieces(self) -> Iterator[bytes]:
        """Yield the body as it arrives."""
        total = 0
        try:
            while chunk := self._response.read1(_CHUNK):
                require_time(self._tries.deadline)
                total += len(chunk)
                yield chunk
        except HttpFailed as error:
            raise unavailable(error, self._source) from None
        if total != (self.length if self.length is not None else total):
            raise unavailable(HttpFailed("the connection closed within the body"), self._source)

    def close(self) -> None:
        """Close the connection, unless the body was read to its end and the pool has it back.

        The rest of a body is not worth waiting for.
        """
        self._response.close()

    def _read(self, limit: int) -> bytes:
        chunks, total = [], 0
        # One receive at a time, so that the deadline is checked however slowly the body arrives.
        while chunk := self._response.read1(_CHUNK):
            require_time(self._tries.deadline)
            total += len(chunk)
            if total > limit:
                raise source_too_large(total, limit)
            chunks.append(chunk)
        body = b"".join(chunks)
        if any(name.startswith(checksums.HEADER) for name in self._response.headers):
            checksums.verify(self._response.headers, body)
        return body


@contextmanager
def open_signed(
    source: Presigned, deadline: Deadline, tries: int = MOST_TRIES
) -> Iterator[Original]:
    """Open the object of a signed URL. Opening and reading it have so many `tries` in all.

    Raises
    ------
    RequestFailed
        With S3's own status, code and message where S3 refuses; ``SourceNotAllowed`` for a URL that is
        not S3's; ``SourceUnavailable`` where S3 cannot be reached; ``DeadlineExceeded``.
    """
    original = SignedOriginal(source, Tries(deadline, tries))
    try:
        yield original
    finally:
        original.close()


def read_signed_page(source: Presigned, deadline: Deadline, tries: int = MOST_TRIES) -> bytes:
    """Return S3's XML of a page of a listing. Raises what `open_signed` raises."""
    with open_signed(source, deadline, tries) as original:
        return original.read(LARGEST_PAGE)


def head_signed(source: Presigned, deadline: Deadline, tries: int = MOST_TRIES) -> ObjectHead:
    """Ask S3 for only the headers. Raises what `open_signed` raises."""
    response = open_response("HEAD", source, Tries(deadline, tries))
    response.close()
    return ObjectHead.of(response.headers)


def require_time(deadline: Deadline) -> None:
    """Raise RequestFailed, ``DeadlineExceeded``, unless there is time left."""
    if deadline.left <= 0:
        raise out_of_time()


def require_size(object_head: ObjectHead, limit: int) -> None:
    """Raise RequestFailed, ``ObjectTooLarge``, where the object exceeds `limit` bytes."""
    if object_head.length is not None and object_head.length > limit:
        raise source_too_large(object_head.length, limit)


def require_same(object_head: ObjectHead, before: ObjectHead) -> None:
    """Raise RequestFailed, ``SourceUnavailable``, where the object was replaced meanwhile."""
    if object_head.etag != before.etag:
        raise replaced()


class Tries:
    """The tries that one read has within its deadline; opening and reading share them.

    Parameters
    ----------
    deadline : Deadline
    most : int
        1 for a caller that tries again itself.

    Attributes
    ----------
    failed : int
        So far.
    """

    def __init__(self, deadline: Deadline, most: int = MOST_TRIES) -> None:
        self.deadline = deadline
        self.failed = 0
        self._most = most

    def again(self, failure: RequestFailed) -> None:
        """Wait before the next try; raise `failure` where no try, or no time, is left."""
        require_time(self.deadline)  # sockets time out at the deadline, which is then the reason
        self.failed += 1
        # Jitter: many workers fail together when S3 is busy, and must not retry together.
        pause = _PAUSE_S * 2 ** (self.failed - 1) * random.uniform(0.5, 1.0)  # noqa: S311
        if self.failed >= self._most or pause >= self.deadline.left:
            raise failure
        time.sleep(pause)


def open_response(
    method: Literal["GET", "HEAD"],
    source: Presigned,
    tries: Tries,
    statuses: frozenset[int] = _WHOLE,
) -> HttpAnswer:
    """Return S3's answer with one of `statuses`, its body unread. Raises as `open_signed` does."""
    address = require_allowed(source.url, source.endpoint)
    while True:
        require_time(tries.deadline)
        try:
            response = send_request(method, address, source, tries.deadline.left)
            if response.status in statuses:
                return response
            failure = refused(response, source)
        except HttpFailed as error:
            failure = unavailable(error, source)
        if failure.status not in TRANSIENT:
            raise failure
        tries.again(failure)
