"""Idle connections, so that one request after another uses the same."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from threading import Lock

from jitprep.service.http_client.answer import HttpAnswer
from jitprep.service.http_client.connection import PooledConnection, ServerAddress
from jitprep.service.http_client.failures import ConnectionClosed, HttpFailed


class ConnectionPool:
    """The idle connections of a process, to any servers. Thread-safe.

    Parameters
    ----------
    most : int
        How many are kept; where there are more, the one that was idle longest is closed.
    """

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._idle: deque[PooledConnection] = deque()

    def request(
        self,
        method: str,
        server: ServerAddress,
        target: str,
        headers: Mapping[str, str],
        body: bytes | bytearray | Iterable[bytes] = b"",
        *,
        connect_s: float,
        stall_s: float,
    ) -> HttpAnswer:
        """Send a request, and return the answer, its body unread and not decoded.

        Parameters
        ----------
        method : str
        server : tuple of (str, str, int)
        target : str
            The path and the query, sent letter by letter.
        headers : mapping of str to str
            All of them, ``host`` and the one that frames the body included.
        body : bytes, bytearray or iterable of bytes
            Pieces are sent as chunks where ``transfer-encoding`` says so, and by a connection of their
            own: an idle one may have been closed unnoticed, and pieces cannot be sent again.
        connect_s : float
            Seconds that connecting may take.
        stall_s : float
            Seconds in which the server may take or send nothing.

        Raises
        ------
        HttpFailed
            Where no head of an answer arrives, or that of a success before all of the body was sent.
        ValueError
            For a header that HTTP cannot carry.
        """
        head = _head(method, target, headers)
        whole = isinstance(body, bytes | bytearray)
        idle = self._take(server) if whole else None
        connection = idle or PooledConnection(server, connect_s)
        try:
            connection.send(head, stall_s)
            if isinstance(body, bytes | bytearray):
                if body:
                    connection.send(body, stall_s)
            elif "transfer-encoding" in headers:
                _send_chunks(connection, body, stall_s)
            else:
                _send_pieces(connection, body, int(headers["content-length"]), stall_s)
        except ConnectionClosed:
            # A server may refuse, and close, before it has taken the body.
            answer = HttpAnswer(connection, method, PooledConnection.close)
            if answer.status < 400:
                answer.close()
                raise
            return answer
        except BaseException:
            connection.close()
            raise
        return HttpAnswer(connection, method, self._give_back)

    def __del__(self) -> None:
        for connection in self._idle:
            connection.close()

    def _take(self, server: ServerAddress) -> PooledConnection | None:
        """Return the connection to a server that was used last, if one is alive."""
        while True:
            with self._lock:
                found = next((one for one in reversed(self._idle) if one.server == server), None)
                if found is None:
                    return None
                self._idle.remove(found)
            if not found.dropped:
                return found
            found.close()

    def _give_back(self, connection: PooledConnection) -> None:
        with self._lock:
            self._idle.append(connection)
            oldest = self._idle.popleft() if len(self._idle) > self._most else None
        if oldest is not None:
            oldest.close()


def _send_chunks(connection: PooledConnection, pieces: Iterable[bytes], stall_s: float) -> None:
    for piece in pieces:
        if piece:  # an empty chunk would be the end
            connection.send(b"%x\r\n%b\r\n" % (len(piece), piece), stall_s)
    connection.send(b"0\r\n\r\n", stall_s)


def _send_pieces(
    connection: PooledConnection, pieces: Iterable[bytes], length: int, stall_s: float
) -> None:
    for piece in pieces:
        length -= len(piece)
        if length < 0:  # sent, the body would look whole
            break
        connection.send(piece, stall_s)
    if length:
        raise HttpFailed("the body has another length than was announced")


def _head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    text = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "\r\n"])
    ends = len(lines) + 2
    if text.count("\r") != ends or text.count("\n") != ends or "\0" in text:
        raise ValueError("a header has a line break")  # its value may be secret
    return text.encode("latin-1")
