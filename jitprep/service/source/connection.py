"""One HTTP request of S3, sent just as it was signed.

urllib3 takes ``.`` and ``..`` out of a URL's path, as browsers do, and writes its escapes anew: of the
key ``a/../b`` it would ask for another object than the signature names. Here it makes the connections,
and what is sent is the URL's own text.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from jitprep.service.config import config
from jitprep.service.http.checksums import ChecksumMismatch
from jitprep.service.source.hosts import ParsedUrl
from jitprep.service.source.response_heads import take_whole_heads
from jitprep.service.thread_pools import readers

_CONNECT_S = 3.0
# A connection that brings nothing for so long is given up for another.
_STALL_S = 10.0
# One of them says where a body ends, also that of an answer to HEAD.
_LENGTHS = frozenset({"content-length", "transfer-encoding"})
# How a connection is given the target beside urllib3's idea of it. It is never sent.
_TARGET = "jitprep target"
_REASONS = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.ENETUNREACH: "there is no way to its network",
    errno.EHOSTUNREACH: "there is no way to it",
    errno.ECONNRESET: "the connection was reset",
}
# Most specific first.
_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (urllib3.exceptions.NameResolutionError, "its name is not known"),
    (urllib3.exceptions.ConnectTimeoutError, f"no connection in {_CONNECT_S:.0f} s"),
    (urllib3.exceptions.ReadTimeoutError, f"nothing came for {_STALL_S:.0f} s"),
    (urllib3.exceptions.SSLError, "its certificate or TLS was refused"),
    (ChecksumMismatch, "its bytes are not those of its checksum"),
)


take_whole_heads()


class _Verbatim:
    """A connection's way to ask: for the target that the headers name."""

    def request(
        self,
        method: str,
        url: str,  # noqa: ARG002  urllib3's idea of it
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
    """Return the pooled connections, made once a process."""
    # urllib3 may warn with the whole URL, signature and all, and Lambda keeps what it says.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    made = urllib3.PoolManager(maxsize=readers())
    made.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
    return made


def ask(
    method: str, address: ParsedUrl, headers: Mapping[str, str], left: float
) -> urllib3.BaseHTTPResponse:
    """Send a request, and return the answer, its body unread and as it is sent.

    Where an endpoint is configured it is asked in place of every other host, which the header ``Host``
    names: so a URL that was signed for another name of it still works.

    Parameters
    ----------
    method : str
    address : ParsedUrl
    headers : mapping of str to str
    left : float
        Seconds that there are.

    Raises
    ------
    urllib3.exceptions.HTTPError
    """
    host = connected(address)
    response = (
        pool()
        .connection_from_host(host.host, host.port, host.scheme)
        .urlopen(
            method,
            "/",
            headers={**headers, "Host": address.authority, _TARGET: address.target},
            timeout=urllib3.Timeout(connect=min(_CONNECT_S, left), read=min(_STALL_S, left)),
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )
    )
    # Where the length is not said, the body ends with the connection, cut off or not.
    named = {name.lower() for name in response.headers}
    if response.status in {200, 206} and not _LENGTHS & named:
        response.close()
        raise urllib3.exceptions.ProtocolError("the answer has no length")
    return response


def connected(address: ParsedUrl) -> ParsedUrl:
    """Return what is connected to for an address: itself, or the endpoint.

    Raises
    ------
    ValueError
        For an endpoint that is not a URL: nothing else may be asked in its place.
    """
    endpoint = config().endpoint
    if not endpoint:
        return address
    found = ParsedUrl.of(endpoint)
    if found is None:
        raise ValueError(f"AWS_ENDPOINT_URL must be the URL of a host, got {endpoint!r}")
    return found


def reason(error: Exception) -> str:
    """Return why a request failed, in words that quote nothing of the URL."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _REASONS:
            return _REASONS[cause.errno]
        cause = cause.__cause__ or cause.__context__
    for kind, words in _KINDS:
        if isinstance(error, kind):
            return words
    return type(error).__name__
