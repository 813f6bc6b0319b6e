"""Plain HTTP, with one connection pool per process."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import lru_cache

import urllib3
from urllib3.exceptions import HTTPError

from jitprep.reader.errors import Refused, no_answer, read_error
from jitprep.reader.transport.aws import CONNECT_S, READ_S
from jitprep.reader.transport.xml_errors import error_fields

_TIMEOUT = urllib3.Timeout(connect=CONNECT_S, read=READ_S)


def http_get(
    url: str,
    headers: Mapping[str, str],
    key: str | None,
    connections: int,
    learn: Callable[[int, Mapping[str, str]], None] = lambda _status, _headers: None,
) -> urllib3.BaseHTTPResponse:
    """Send a GET, and return a response of status 200 or 307 with its body.

    Redirects are not followed, because headers signed for this host would be sent to another one.

    Parameters
    ----------
    url : str
    headers : mapping of str to str
    key : str, optional
        Key for error messages.
    connections : int
        Connections to each host that are kept open.
    learn : callable
        Called with the status and the headers of any answer.

    Raises
    ------
    Unavailable, Refused, BadObject
        Messages do not contain the URL, which may be presigned.
    """
    try:
        answer = _pool(connections, os.getpid()).request(
            *("GET", url), headers=headers, redirect=False, retries=False, timeout=_TIMEOUT
        )
    except HTTPError as error:
        raise no_answer(url, error, key) from None
    learn(answer.status, answer.headers)
    if answer.status in {200, 307}:
        return answer
    raise read_error(answer.status, *_error_of(answer), key)


def follow_redirect(url: str, key: str | None, connections: int, *, tls: bool) -> bytearray:
    """Fetch the target of a 307, and return its body.

    Parameters
    ----------
    url : str
        Presigned; secret.
    key : str, optional
        Key for error messages.
    connections : int
    tls : bool
        Whether the 307 came over TLS; then the target must use it too.

    Raises
    ------
    Unavailable, Refused, BadObject
    """
    if not url.startswith("https://" if tls else ("http://", "https://")):
        raise Refused("the redirect does not lead to an https URL", key=key)
    answer = http_get(url, {}, key, connections)
    if answer.status != 200:
        raise Refused("the redirect leads to another redirect", key=key, status=307)
    return bytearray(answer.data)


def _error_of(answer: urllib3.BaseHTTPResponse) -> tuple[str, str]:
    kind = answer.headers.get("x-amzn-errortype", "Unknown")
    return error_fields(answer.data, kind, answer.reason or "")


@lru_cache(maxsize=4)
def _pool(connections: int, pid: int) -> urllib3.PoolManager:  # noqa: ARG001  sockets are not shared across a fork
    return urllib3.PoolManager(maxsize=connections)
