"""POSTs over HTTP, whose answers are read as they arrive, straight into the caller's memory.

`http.client` receives into memory that is given to it, and urllib3 copies what it receives first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import SplitResult, urlsplit
from weakref import finalize

from urllib3.util import wait_for_read

from jitprep.reader.errors import no_answer
from jitprep.reader.transport.aws import CONNECT_S, READ_S

_JSON = {"Content-Type": "application/json"}


@contextmanager
def http_post(url: str, headers: dict[str, str], body: bytes) -> Iterator[HTTPResponse]:
    """Send a POST of JSON, and yield the answer, whatever its status, to be read in the block.

    Its connection is kept for the next one, if the block reads all of it.

    Raises
    ------
    Unavailable
        Where there is no connection, or it breaks in the block.
    """
    parts = urlsplit(url)
    idle = _idle(parts.scheme, parts.netloc, os.getpid())
    connection = idle.take() or _made(parts)
    keep = False
    try:
        if connection.sock is None:
            connection.connect()
            connection.sock.settimeout(READ_S)  # type: ignore[attr-defined]  # connected
        connection.request("POST", parts.path, body, _JSON | headers)
        with connection.getresponse() as answer:
            yield answer
            keep = answer.isclosed() and not answer.will_close
    except (OSError, HTTPException) as error:
        raise no_answer(url, error) from None
    finally:
        if keep:
            idle.give(connection)
        else:
            connection.close()


def read_into(answer: HTTPResponse, memory: memoryview) -> None:
    """Fill `memory` with the next bytes of an answer.

    Raises
    ------
    HTTPException
        Where fewer arrive.
    """
    if memory.nbytes and answer.readinto(memory) != memory.nbytes:
        raise HTTPException


class _Idle:
    """Connections to one host that wait for the next POST."""

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
            if not wait_for_read(connection.sock, 0):
                return connection
            connection.close()


@lru_cache(maxsize=4)
def _idle(scheme: str, netloc: str, pid: int) -> _Idle:  # noqa: ARG001  sockets are not shared across a fork
    return _Idle()


def _made(parts: SplitResult) -> HTTPConnection:
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.netloc, timeout=CONNECT_S)


def _close(connections: list[HTTPConnection]) -> None:
    for connection in connections:
        connection.close()
