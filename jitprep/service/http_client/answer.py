"""The answer to an HTTP request, whose body is still to be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from jitprep.service.http_client.answer_head import Headers, read_head
from jitprep.service.http_client.content_length import content_length
from jitprep.service.http_client.failures import HttpFailed

if TYPE_CHECKING:
    from jitprep.service.http_client.connection import PooledConnection

_LONGEST_LINE = 8 * 2**10
_RECEIVED = 64 * 2**10
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")
_LARGEST_TRAILERS = 64 * 2**10


class HttpAnswer:
    """The answer to a request, whose head has arrived.

    Parameters
    ----------
    connection : PooledConnection
        That the request was sent by.
    method : str
    give_back : callable
        Takes the connection once the body was read to its end and another request may follow.

    Attributes
    ----------
    status : int
    headers : Headers

    Raises
    ------
    HttpFailed
        Where no whole head arrives.
    """

    def __init__(
        self,
        connection: PooledConnection,
        method: str,
        give_back: Callable[[PooledConnection], None],
    ) -> None:
        self._connection, self._give_back = connection, give_back
        self._ended = False
        try:
            version, self.status, self.headers, self._rest = read_head(connection)
            self._chunked, self._left = _framing(self.headers)
        except BaseException:
            connection.close()
            raise
        options = self.headers.get("connection", "").lower().split(",")
        keeps = "close" not in map(str.strip, options) and version == 1
        self._kept = keeps and (self._chunked or self._left is not None)
        if method == "HEAD" or self.status in {204, 304}:
            self._chunked, self._left = False, 0
        if not self._chunked and self._left == 0:
            self._end()

    def read1(self, most: int) -> bytes:
        """Return the next part of the body, as it is sent, after at most one wait; empty at the end.

        Raises
        ------
        HttpFailed
            Where the connection breaks off before the end.
        """
        if self._ended:
            return b""
        try:
            if self._chunked and not self._left and not self._begin_chunk():
                self._end()
                return b""
            part = self._received(most if self._left is None else min(most, self._left))
            if self._left is None:
                if not part:  # the end of the connection is the end of the body
                    self._end()
                return part
            self._left -= _some(part)
            if self._left == 0:
                if self._chunked:
                    self._require_line_end()
                else:
                    self._end()
        except BaseException:
            self.close()
            raise
        return part

    def read(self, most: int) -> bytes:
        """Return the rest of the body, or the first bytes of it. Raises HttpFailed."""
        parts, total = [], 0
        while total < most and (part := self.read1(most - total)):
            parts.append(part)
            total += len(part)
        return b"".join(parts)

    def close(self) -> None:
        """Close the connection, unless the body was read to its end and another may use it."""
        if not self._ended:
            self._ended = True
            self._connection.close()

    def _end(self) -> None:
        self._ended = True
        if self._kept and not self._rest:
            self._give_back(self._connection)
        else:
            self._connection.close()

    def _received(self, most: int) -> bytes:
        if not self._rest:
            return self._connection.receive(most)
        part, self._rest = self._rest[:most], self._rest[most:]
        return part

    def _begin_chunk(self) -> bool:
        """Read the size of the next chunk; return False at the end, behind the trailers."""
        found = _SIZE.fullmatch(self._line())
        if found is None:
            raise HttpFailed("its answer has a malformed chunk")
        self._left = int(found[1], 16)
        if self._left:
            return True
        trailers = 0
        while line := self._line():
            trailers += len(line)
            if trailers > _LARGEST_TRAILERS:
                raise HttpFailed("the trailers of its answer are too long")
        return False

    def _require_line_end(self) -> None:
        if self._line():
            raise HttpFailed("its answer has a malformed chunk")

    def _line(self) -> bytes:
        while (end := self._rest.find(b"\r\n")) < 0:
            if len(self._rest) > _LONGEST_LINE:
                raise HttpFailed("its answer has a malformed chunk")
            more = self._connection.receive(_RECEIVED)
            if not more:
                raise HttpFailed("the connection closed within the body")
            self._rest += more
        line, self._rest = self._rest[:end], self._rest[end + 2 :]
        return line


def _some(part: bytes) -> int:
    """Return the number of bytes. Raises HttpFailed where there are none."""
    if not part:
        raise HttpFailed("the connection closed within the body")
    return len(part)


def _framing(headers: Headers) -> tuple[bool, int | None]:
    """Return whether the body is chunked, and its length where the head says it.

    Raises
    ------
    HttpFailed
        For framing on which parsers disagree.
    """
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if coding.lower() != "chunked" or length is not None:
            raise HttpFailed("its answer has an unknown Transfer-Encoding")
        return True, 0
    if length is None:
        return False, None
    try:
        return False, content_length(length)
    except ValueError:
        raise HttpFailed("its answer has a malformed Content-Length") from None
