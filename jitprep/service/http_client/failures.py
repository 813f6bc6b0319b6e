"""Why an HTTP request had no answer, or only part of one; never with the URL, which may be signed."""

from __future__ import annotations

import errno

_REASONS = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.ENETUNREACH: "its network is unreachable",
    errno.EHOSTUNREACH: "it is unreachable",
    errno.ECONNRESET: "the connection was reset",
    errno.EPIPE: "the connection was reset",
}


class HttpFailed(Exception):
    """A request without a whole answer; its text says why, without quoting the URL or a header."""

    @classmethod
    def of(cls, error: OSError) -> HttpFailed:
        """Return the failure of a socket."""
        closed = isinstance(error, BrokenPipeError | ConnectionResetError)
        words = _REASONS.get(error.errno or 0, type(error).__name__)
        return ConnectionClosed(words) if closed else cls(words)


class ConnectionClosed(HttpFailed):
    """The server closed the connection while bytes were sent; it may have answered before."""
