"""Answers of `http.client` whose headers are parsed as HTTP's, and not as those of a mail."""

from __future__ import annotations

from http.client import HTTPException, HTTPResponse, UnknownProtocol

from jitprep.service.http_client.content_length import content_length

_LONGEST_LINE, _MOST_HEADERS = 2**16, 100
_NO_BODY = frozenset({204, 304})
# Answers with 1xx, which announce another.
_MOST_ANNOUNCEMENTS = 16
# No server sends a chunk that large.
_LARGEST_CHUNK = 2**30


class AnswerHeaders(dict[str, str]):
    """Headers by their names in lower case; the values of repeated ones are joined by commas."""

    def add(self, line: bytes) -> None:
        """Add a line. Raises HTTPException for one that is cut off, or not a header."""
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not name or name[0] in " \t" or value[-1:] != "\n":
            raise HTTPException("a header of the answer is malformed")
        name, value = name.strip().lower(), value.strip()
        self[name] = f"{self[name]}, {value}" if name in self else value


class Answer(HTTPResponse):
    """An answer; the parser of `email` would take a third of the CPU time of a GET of 150 kB."""

    headers: AnswerHeaders  # type: ignore[assignment]  # all that is asked of them here

    def begin(self) -> None:
        """Read the status and the headers, as `HTTPResponse` does.

        Raises
        ------
        HTTPException
            Also for framing on which parsers disagree.
        """
        if self.headers is not None:
            return
        self._status()
        found = self._headers()
        self.headers = self.msg = found
        self.chunked, self.length = _framing(found)
        self.chunk_left = None
        self.will_close = self._check_close()
        if self.status in _NO_BODY or self._method == "HEAD":
            self.length = 0
        if self.length is None and not self.chunked:
            self.will_close = True

    def _status(self) -> None:
        for _ in range(_MOST_ANNOUNCEMENTS):
            version, status, reason = self._read_status()  # type: ignore[attr-defined]
            if status >= 200:
                break
            self._headers()
        else:
            raise HTTPException("the answer is announced again and again")
        self.code = self.status = status
        self.reason = reason.strip()
        if not version.startswith("HTTP/1."):
            raise UnknownProtocol(version)
        self.version = 10 if version == "HTTP/1.0" else 11

    def _read_next_chunk_size(self) -> int:
        """Return the size of the next chunk. Raises HTTPException for one that is not a size."""
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if not 0 <= size <= _LARGEST_CHUNK:
            raise HTTPException("a chunk of the answer is malformed")
        return size

    def _headers(self) -> AnswerHeaders:
        found = AnswerHeaders()
        for _ in range(_MOST_HEADERS):
            line = self.fp.readline(_LONGEST_LINE)
            if line in {b"\r\n", b"\n"}:
                return found
            found.add(line)
        raise HTTPException("the answer has more than 100 headers")


def _framing(headers: AnswerHeaders) -> tuple[bool, int | None]:
    """Return whether the body is chunked, and its length where the head says it."""
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if coding.lower() != "chunked":
            raise HTTPException("the answer has an unknown Transfer-Encoding")
        return True, None
    if length is None:
        return False, None
    try:
        return False, content_length(length)
    except ValueError:
        raise HTTPException("the answer has a malformed Content-Length") from None
