"""HTTP requests, whose answers are read as they arrive, straight into the caller's memory.

`http.client` receives into memory that is given to it. It also costs half of the CPU time of urllib3,
which copies what it receives first, and a fifth of boto3's. Names of headers are in lower case.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import cast
from urllib.parse import SplitResult, urlsplit
from weakref import finalize

from jitprep.reader.errors import no_answer
from jitprep.reader.transport.answer import Answer
from jitprep.reader.transport.aws import CONNECT_S, READ_S
from jitprep.service.http_client.idle import is_idle

# A body whose length is larger than this is read in pieces: a wrong length must not take all memory.
_AT_ONCE, _PIECE = 2**28, 2**24
# As the SDKs call it.
_NO_CONNECTION = "EndpointConnectionError"


@contextmanager
def http_request(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    *,
    key: str | None = None,
    ca_bundle: str | None = None,
) -> Iterator[Answer]:
    """Send a request, and yield the answer, whatever its status, to be read in the block.

    Redirects are not followed, because headers signed for this host would be sent to another one. The
    connection is kept for the next request, if the block reads all of the answer.

    Parameters
    ----------
    method, url : str
        The path and the query are sent as they are.
    headers : mapping of str to str
    body : bytes, optional
    key : str, optional
        Key for error messages.
    ca_bundle : str, optional
        File of the certificates that are trusted; None for the system's.

    Raises
    ------
    Unavailable
        Where the host cannot be reached, or the connection breaks. Messages do not contain the URL,
        which may be presigned.
    """
    parts = urlsplit(url)
    idle = _idle(parts.scheme, parts.netloc, ca_bundle, os.getpid())
    connection = idle.take() or _connected(parts, ca_bundle, url, key)
    keep = False
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        connection.request(method, target, body, headers)
        with cast("Answer", connection.getresponse()) as answer:
            yield answer
            keep = answer.isclosed() and not answer.will_close
    except (OSError, HTTPException) as error:
        raise no_answer(url, error, key) from None
    finally:
        if keep:
            idle.give(connection)
        else:
            connection.close()


def read_into(answer: Answer, memory: memoryview) -> None:
    """Fill `memory` with the next bytes of an answer.

    Raises
    ------
    HTTPException
        Where fewer arrive.
    """
    if memory.nbytes and answer.readinto(memory) != memory.nbytes:
        raise HTTPException


def read_rest(answer: Answer, nbytes: int | None, head: bytes | bytearray = b"") -> bytearray:
    """Return `nbytes` of an answer that begin with `head`, which was read; None for all that is left.

    Raises
    ------
    HTTPException
        Where fewer arrive.
    """
    if nbytes is None:
        return bytearray(head) + answer.read()
    if nbytes <= _AT_ONCE:
        body = bytearray(nbytes)
        body[: len(head)] = head
        with memoryview(body) as view:
            read_into(answer, view[len(head) :])
        return body
    body = bytearray(head)
    while left := nbytes - len(body):
        if not (piece := answer.read(min(left, _PIECE))):
            raise HTTPException
        body += piece
    return body


class _Idle:
    """Connections to one host that wait for the next request."""

    def __init__(self) -> None:
        self._connections: list[HTTPConnection] = []
        finalize(self, _close, self._connections)

    def give(self, connection: HTTPConnection) -> None:
        self._connections.append(connection)

    def take(self) -> HTTPConnection | None:
        """Return a connection that the server has not closed meanwhile."""
        while True:
            try:
                connection = self._connections.pop()
            except IndexError:
                return None
            if is_idle(connection.sock):
                return connection
            connection.close()


@lru_cache(maxsize=8)
def _idle(scheme: str, netloc: str, ca_bundle: str | None, process: int) -> _Idle:  # noqa: ARG001  sockets are not shared across a fork
    return _Idle()


def _connected(
    parts: SplitResult, ca_bundle: str | None, url: str, key: str | None
) -> HTTPConnection:
    connection = (
        HTTPSConnection(parts.netloc, timeout=CONNECT_S, context=_tls(ca_bundle))
        if parts.scheme == "https"
        else HTTPConnection(parts.netloc, timeout=CONNECT_S)
    )
    try:
        connection.connect()
    except (OSError, HTTPException) as error:
        connection.close()
        raise no_answer(url, error, key, code=_NO_CONNECTION) from None
    connection.sock.settimeout(READ_S)
    connection.response_class = Answer
    return connection


@lru_cache(maxsize=4)
def _tls(ca_bundle: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_bundle)


def _close(connections: list[HTTPConnection]) -> None:
    for connection in connections:
        connection.close()
