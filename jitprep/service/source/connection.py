"""One HTTP request to S3, sent exactly as it was signed.

urllib3 removes ``.`` and ``..`` from a URL's path, as browsers do, and rewrites its escapes: for the key
``a/../b`` it would request another object than the one that was signed. Here urllib3 makes the
connections, and the request target is the URL's own text.
"""

from __future__ import annotations

import errno
import logging
import os
from functools import cache
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from jitprep.service.config import config
from jitprep.service.http.checksums import ChecksumMismatch
from jitprep.service.source.hosts import ParsedUrl
from jitprep.service.source.response_heads import take_whole_heads
from jitprep.service.thread_pools import readers

if TYPE_CHECKING:
    from jitprep.service.messages import Presigned

_CONNECT_S = 3.0
# A connection that receives nothing for this long is replaced by another.
_STALL_S = 10.0
# Every answer must have one of them, which says where its body ends; also the answer to a HEAD.
_LENGTHS = frozenset({"content-length", "transfer-encoding"})
# The header that carries the target through urllib3 to the connection. It is never sent.
_TARGET = "jitprep target"
_REASONS = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.ENETUNREACH: "its network is unreachable",
    errno.EHOSTUNREACH: "it is unreachable",
    errno.ECONNRESET: "the connection was reset",
}
# Most specific first.
_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (urllib3.exceptions.NameResolutionError, "its name cannot be resolved"),
    (urllib3.exceptions.ConnectTimeoutError, f"no connection within {_CONNECT_S:.0f} s"),
    (urllib3.exceptions.ReadTimeoutError, f"nothing arrived for {_STALL_S:.0f} s"),
    (urllib3.exceptions.SSLError, "its certificate or TLS was rejected"),
    (ChecksumMismatch, "its bytes do not match its checksum"),
)


take_whole_heads()  # before the first connection


class _Verbatim:
    """A mixin for connections that request the target that the headers name."""

    def request(
        self,
        method: str,
        url: str,  # noqa: ARG002  as urllib3 normalised it
        body: Any = None,
        headers: Any = None,
        **options: Any,
    ) -> None:
        given = dict(headers)
        super().request(method, given.pop(_TARGET), body, given, **options)  # type: ignore[misc]


class _Http(_Verbatim, HTTPConnection):
    pass


class _Https(_Verbatim, HTTPSConnection):
    pass


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Https


@cache
def pool() -> urllib3.PoolManager:
    """Return this process's connection pool."""
    # urllib3's warnings may contain the whole URL with its signature, and Lambda logs them.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    made = urllib3.PoolManager(maxsize=readers())
    made.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
    return made


# A forked process must not read answers from its parent's connections.
os.register_at_fork(after_in_child=pool.cache_clear)


def send_request(
    method: str, address: ParsedUrl, source: Presigned, left: float
) -> urllib3.BaseHTTPResponse:
    """Send a request, and return the answer, its body unread and not decoded.

    Where an endpoint is configured, every request goes to it, and the header ``Host`` has the URL's own
    host: so a URL that was signed for another name of the endpoint still works.

    Parameters
    ----------
    method : str
    address : ParsedUrl
    source : Presigned
    left : float
        Seconds that are left.

    Raises
    ------
    urllib3.exceptions.HTTPError
    """
    host = connected(address, source)
    response = (
        pool()
        .connection_from_host(host.host, host.port, host.scheme)
        .urlopen(
            method,
            "/",
            headers={**source.headers, "Host": address.authority, _TARGET: address.target},
            timeout=urllib3.Timeout(connect=min(_CONNECT_S, left), read=min(_STALL_S, left)),
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )
    )
    # Without a length the body ends with the connection, and truncation cannot be detected.
    named = {name.lower() for name in response.headers}
    if response.status in {200, 206} and not _LENGTHS & named:
        response.close()
        raise urllib3.exceptions.ProtocolError("the answer has no length")
    return response


def connected(address: ParsedUrl, source: Presigned) -> ParsedUrl:
    """Return the address to connect to: the source's own, or the configured endpoint.

    Raises
    ------
    ValueError
        For an endpoint that is not a URL: no other host may be contacted instead.
    """
    endpoint = config().endpoint
    if source.endpoint is not None or not endpoint:
        return address
    found = ParsedUrl.of(endpoint)
    if found is None:
        raise ValueError(f"AWS_ENDPOINT_URL must be the URL of a host, got {endpoint!r}")
    return found


def reason(error: Exception) -> str:
    """Return why a request failed, without quoting the URL."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _REASONS:
            return _REASONS[cause.errno]
        cause = cause.__cause__ or cause.__context__
    for kind, words in _KINDS:
        if isinstance(error, kind):
            return words
    return type(error).__name__
