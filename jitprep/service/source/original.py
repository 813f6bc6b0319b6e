"""The original object, read from its presigned URL: allowed, bounded, tried again, verified."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import urllib3

from jitprep.service.config import config
from jitprep.service.errors import RequestFailed, out_of_time
from jitprep.service.http import checksums, content_codings
from jitprep.service.http.conditions import date
from jitprep.service.results.copy_metadata import owners
from jitprep.service.source.connection import ask
from jitprep.service.source.hosts import require_allowed
from jitprep.service.source.source_errors import refused, replaced, too_large, unavailable

if TYPE_CHECKING:
    from jitprep.service.deadline import Deadline
    from jitprep.service.messages import Presigned

_CHUNK = 2**20
# What AWS's SDKs try again, and how often: at most five tries, and 1.5 s of pauses in all.
_TRANSIENT = frozenset({500, 502, 503, 504})
_TRIES = 5
_PAUSE_S = 0.1
# What S3 says of an object that is as true of the derived one. The owner's metadata goes along too.
_TRUE_OF_BOTH = frozenset(
    {
        "cache-control",
        "x-amz-missing-meta",
        "x-amz-request-charged",
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-server-side-encryption-bucket-key-enabled",
        "x-amz-version-id",
    }
)
_METADATA = "x-amz-meta-"
_WHOLE = frozenset({200})


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """What S3's headers tell of an original.

    Parameters
    ----------
    etag : str
        As S3 sent it, in quotes.
    last_modified, content_type : str, optional
        As S3 sent them; a date that is none is left out.
    length : int, optional
        In bytes, as it is stored.
    coding : str, optional
        Its Content-Encoding.
    headers : mapping of str to str
        Those that hold for the derived object too, metadata included.
    """

    etag: str
    last_modified: str | None
    content_type: str | None
    length: int | None
    coding: str | None
    headers: Mapping[str, str]

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> ObjectHead:
        """Read them from the headers of an answer."""
        length, modified = headers.get("Content-Length") or "", headers.get("Last-Modified")
        named = {name.lower(): value for name, value in headers.items()}
        metadata = {
            name.removeprefix(_METADATA): value
            for name, value in named.items()
            if name.startswith(_METADATA)
        }
        return cls(
            headers.get("ETag", ""),
            modified if date(modified) else None,
            headers.get("Content-Type"),
            int(length) if length.isdecimal() else None,
            headers.get("Content-Encoding"),
            {
                **{name: value for name, value in named.items() if name in _TRUE_OF_BOTH},
                **{f"{_METADATA}{name}": value for name, value in owners(metadata).items()},
            },
        )

    @property
    def coded(self) -> bool:
        """Whether what is stored must be decoded, and so its length says little."""
        return bool(content_codings.of(self.coding))


class Original:
    """An object whose headers have come, and whose body has not been read."""

    def __init__(self, source: Presigned, tries: Tries) -> None:
        self._source = source
        self._tries = tries
        self._response = open_response("GET", source, tries)
        self.object_head = ObjectHead.of(self._response.headers)

    def read(self, limit: int) -> bytes:
        """Return the body, as long as S3 said, and with S3's checksum where it gave one.

        What is stored under a Content-Encoding is compared as it is sent, and returned decoded.

        Raises
        ------
        RequestFailed
            ``ObjectTooLarge``, before anything is read where S3 tells the length;
            ``SourceUnavailable`` where no try brought it whole; ``DeadlineExceeded``.
        SourceError, LimitExceeded
            What `codings.decode` raises.
        """
        require_size(self.object_head, limit)
        stored = self._stored(limit)
        if not self.object_head.coded:
            return stored
        limits = replace(config().limits, source_bytes=limit)
        return content_codings.decode(stored, self.object_head.coding, limits)

    def _stored(self, limit: int) -> bytes:
        while True:
            try:
                return self._read(limit)
            except (urllib3.exceptions.HTTPError, checksums.ChecksumMismatch) as error:
                self.close()
                self._tries.again(unavailable(error, self._source.url))
            self._response = open_response("GET", self._source, self._tries)
            require_same(ObjectHead.of(self._response.headers), self.object_head)

    def close(self) -> None:
        """Give the connection back.

        Of a body that was read to its end that has happened already; of one that was not, the rest is
        not worth waiting for.
        """
        self._response.close()

    def _read(self, limit: int) -> bytes:
        chunks, total = [], 0
        # One receive at a time, so that the clock is looked at however slowly it trickles in.
        while chunk := self._response.read1(_CHUNK):
            require_time(self._tries.deadline)
            total += len(chunk)
            if total > limit:
                raise too_large(total, limit)
            chunks.append(chunk)
        body = b"".join(chunks)
        checksums.verify(body, self._response.headers)
        return body


@contextmanager
def fetch(source: Presigned, deadline: Deadline) -> Iterator[Original]:
    """Open the original.

    Raises
    ------
    RequestFailed
        With S3's own status, code and message where S3 refuses; ``SourceNotAllowed`` for a URL that is
        not S3's; ``SourceUnavailable`` where S3 cannot be reached; ``DeadlineExceeded``.
    """
    original = Original(source, Tries(deadline))
    try:
        yield original
    finally:
        original.close()


def head(source: Presigned, deadline: Deadline) -> ObjectHead:
    """Ask S3 for the headers alone. Raises what `fetch` does."""
    response = open_response("HEAD", source, Tries(deadline))
    response.close()
    return ObjectHead.of(response.headers)


def require_time(deadline: Deadline) -> None:
    """Raise RequestFailed, ``DeadlineExceeded``, unless there is time left."""
    if deadline.left <= 0:
        raise out_of_time()


def require_size(object_head: ObjectHead, limit: int) -> None:
    """Raise RequestFailed, ``ObjectTooLarge``, where S3 says that there are more bytes than `limit`."""
    if object_head.length is not None and object_head.length > limit:
        raise too_large(object_head.length, limit)


def require_same(object_head: ObjectHead, before: ObjectHead) -> None:
    """Raise RequestFailed, ``SourceUnavailable``, where another object has taken its place."""
    if object_head.etag != before.etag:
        raise replaced()


class Tries:
    """The tries that one read has, inside its deadline; opening and reading share them.

    Attributes
    ----------
    failed : int
        So far.
    """

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self.failed = 0

    def again(self, failure: RequestFailed) -> None:
        """Wait for the next try; raise `failure` where there is none left, or no time for it."""
        require_time(self.deadline)  # no socket waits longer: a try may fail for want of it
        self.failed += 1
        # Many workers fail together when S3 is busy, and must not come back together.
        pause = _PAUSE_S * 2 ** (self.failed - 1) * random.uniform(0.5, 1.0)  # noqa: S311
        if self.failed >= _TRIES or pause >= self.deadline.left:
            raise failure
        time.sleep(pause)


def open_response(
    method: Literal["GET", "HEAD"],
    source: Presigned,
    tries: Tries,
    statuses: frozenset[int] = _WHOLE,
) -> urllib3.BaseHTTPResponse:
    """Return S3's answer of one of these statuses, its body unread. Raises what `fetch` does."""
    address = require_allowed(source.url)
    while True:
        require_time(tries.deadline)
        try:
            response = ask(method, address, source.headers, tries.deadline.left)
            if response.status in statuses:
                return response
            failure = refused(response)
        except urllib3.exceptions.HTTPError as error:
            failure = unavailable(error, source.url)
        if failure.status not in _TRANSIENT:
            raise failure
        tries.again(failure)
