"""The head of an HTTP answer: read whole or refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jitprep.service.http_client.failures import HttpFailed

if TYPE_CHECKING:
    from jitprep.service.http_client.connection import PooledConnection

# S3's longest heads have 2 KB of metadata, and each of its names may be one letter long.
_LARGEST_HEAD = 64 * 2**10
_RECEIVED = 64 * 2**10
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: [^\r\n]*)?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00\r\n]*)")


class Headers(dict[str, str]):
    """Headers by their names in lower case; looked up by any case."""

    def __getitem__(self, name: str) -> str:
        """Return the value of a header. Raises KeyError."""
        return dict.__getitem__(self, name.lower())

    def __contains__(self, name: object) -> bool:
        """Return whether the header is there."""
        return isinstance(name, str) and dict.__contains__(self, name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a header, or the default."""
        return dict.get(self, name.lower(), default)


def read_head(connection: PooledConnection) -> tuple[int, int, Headers, bytes]:
    """Return the minor version of HTTP, the status, the headers, and what came behind the head.

    Answers with 1xx, which announce another answer, are skipped, and count as part of the head. A header
    that comes more than once has its values joined, as RFC 9110, 5.3, allows.

    Raises
    ------
    HttpFailed
        Also where the connection closes before the empty line: the headers so far are not all of them.
    """
    received, skipped = b"", 0
    while True:
        end = received.find(b"\r\n\r\n")
        while end < 0:
            if skipped + len(received) > _LARGEST_HEAD:
                raise HttpFailed("the head of its answer is too long")
            more = connection.receive(_RECEIVED)
            if not more:
                raise HttpFailed("the connection closed before the end of the headers")
            received += more
            end = received.find(b"\r\n\r\n")
        head, received = received[:end], received[end + 4 :]
        version, status, headers = _parsed(head.split(b"\r\n"))
        if status >= 200:
            return version, status, headers, received
        skipped += end


def _parsed(lines: list[bytes]) -> tuple[int, int, Headers]:
    first = _STATUS.fullmatch(lines[0])
    if first is None:
        raise HttpFailed("its answer is not HTTP/1.1")
    headers = Headers()
    for line in lines[1:]:
        found = _HEADER.fullmatch(line)
        if found is None:
            raise HttpFailed("its answer has a malformed header")
        name, value = found[1].decode("ascii").lower(), found[2].rstrip(b" \t").decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return int(first[1]), int(first[2]), headers
