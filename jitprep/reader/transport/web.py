"""Plain HTTP: one pool of connections in each process that reads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from jitprep.reader.errors import Refused, Unavailable, read_error
from jitprep.reader.transport.aws import CONNECT_S, READ_S
from jitprep.reader.transport.xml_errors import error_fields

_TIMEOUT = urllib3.Timeout(connect=CONNECT_S, read=READ_S)


def http_get(
    url: str, headers: Mapping[str, str], key: str | None, connections: int
) -> urllib3.BaseHTTPResponse:
    """GET, and return an answer of status 200 or 307, its body read.

    Nothing is followed: a redirect's headers, signed for another host, would go along.

    Raises
    ------
    Unavailable, Refused, BadObject
        Their words say nothing of the URL, which may be presigned.
    """
    try:
        answer = _pool(connections, os.getpid()).request(
            *("GET", url), headers=headers, redirect=False, retries=False, timeout=_TIMEOUT
        )
    except HTTPError as error:
        host, kind = urlsplit(url).hostname, type(error).__name__
        raise Unavailable(f"{host} did not answer whole", key=key, code=kind) from None
    if answer.status in {200, 307}:
        return answer
    raise read_error(answer.status, *_error_of(answer), key)


def follow_redirect(url: str, key: str | None, connections: int, *, tls: bool) -> bytearray:
    """Fetch what a 307 leads to, and return its body.

    Parameters
    ----------
    url : str
        Presigned; secret.
    key : str, optional
        For errors.
    connections : int
    tls : bool
        Whether the answer that named the URL came over TLS: then this one must too.

    Raises
    ------
    Unavailable, Refused, BadObject
    """
    if not url.startswith("https://" if tls else ("http://", "https://")):
        raise Refused("the answer is elsewhere, at what is no https URL", key=key)
    answer = http_get(url, {}, key, connections)
    if answer.status != 200:
        raise Refused(
            "the answer is elsewhere, and from there elsewhere again", key=key, status=307
        )
    return bytearray(answer.data)


def _error_of(answer: urllib3.BaseHTTPResponse) -> tuple[str, str]:
    kind = answer.headers.get("x-amzn-errortype", "Unknown")
    return error_fields(answer.data, kind, answer.reason or "")


@lru_cache(maxsize=4)
def _pool(connections: int, pid: int) -> urllib3.PoolManager:  # noqa: ARG001  no socket passes a fork
    return urllib3.PoolManager(maxsize=connections)
