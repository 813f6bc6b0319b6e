"""The connection to Lambda's Runtime API, which is HTTP/1.1 on the loopback interface.

It is on the way of each invocation, and `http.client` would take three times as long: it parses the
headers of an answer as an e-mail's.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Iterable, Mapping
from io import BufferedReader
from urllib.parse import urlsplit

from preprocessing.frozen import frozen

_ROOT = "/2018-06-01/runtime/"
# What a connection, and an answer to a POST, may take: the Runtime API is in the same environment.
_CONNECT_S, _ANSWER_S = 10.0, 60.0
_LONGEST_LINE = 2**17
# Shorter bodies are sent together with their head.
_SHORT = 2**16


class RuntimeApiFailed(Exception):
    """The Runtime API gave no answer, or another one than expected."""


@frozen
class RuntimeApiAnswer:
    """An answer of the Runtime API.

    Parameters
    ----------
    status : int
    headers : mapping of str to str
        By their names in lower case.
    body : bytes
    whole : bool
        Whether it came after all of the request was sent.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool = True


class RuntimeApi:
    """The Runtime API, by one connection that is kept.

    Parameters
    ----------
    address : str
        ``AWS_LAMBDA_RUNTIME_API``: a host and a port.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(f"//{address}")
        self._address = (parts.hostname or "", parts.port or 80)
        self._host = address
        self._socket: socket.socket | None = None
        self._reader: BufferedReader | None = None

    def get(self, path: str, interrupt: int | None = None) -> RuntimeApiAnswer | None:
        """Return the answer to a GET, which may take any time.

        Parameters
        ----------
        path : str
        interrupt : int, optional
            A descriptor. Once it can be read, the answer is not waited for any longer.

        Returns
        -------
        RuntimeApiAnswer or None
            None where the wait was interrupted.

        Raises
        ------
        RuntimeApiFailed
        """
        return self._exchange(f"GET {path}", [self._head("GET", path, {})], None, interrupt)

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> RuntimeApiAnswer:
        """Return the answer to a POST. Raises RuntimeApiFailed."""
        head = self._head("POST", path, {**headers, "Content-Length": str(len(body))})
        parts = [head + body] if len(body) < _SHORT else [head, body]
        answer = self._exchange(f"POST {path}", parts, _ANSWER_S, None)
        assert answer is not None
        return answer

    def stream(
        self,
        path: str,
        headers: Mapping[str, str],
        parts: Iterable[bytes | bytearray],
        timeout_s: float,
    ) -> RuntimeApiAnswer:
        """Send a POST while its body is made, and close the connection, as AWS requires.

        Parameters
        ----------
        path : str
        headers : mapping of str to str
        parts : iterable of bytes or bytearray
            The body, chunked, with its trailers.
        timeout_s : float
            How long sending one part, and the answer, may take.

        Returns
        -------
        RuntimeApiAnswer
            Where it comes early, no further part is sent.

        Raises
        ------
        RuntimeApiFailed
        """
        head = self._head("POST", path, {**headers, "Transfer-Encoding": "chunked"})
        whole = True
        try:
            connection, _ = self._connection()
            connection.settimeout(timeout_s)
            connection.sendall(head)
            for part in parts:
                if _is_readable(connection):
                    whole = False
                    break
                connection.sendall(part)
            return self._read_answer(whole)
        except OSError as error:
            raise RuntimeApiFailed(f"POST {path}: {_reason(error)}") from None
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection. The next request makes another."""
        if self._socket is not None and self._reader is not None:
            self._reader.close()
            self._socket.close()
        self._socket = self._reader = None

    def _head(self, method: str, path: str, headers: Mapping[str, str]) -> bytes:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{method} {_ROOT}{path} HTTP/1.1\r\nHost: {self._host}\r\n{lines}\r\n".encode(
            "ascii"
        )

    def _exchange(
        self, what: str, parts: list[bytes], timeout_s: float | None, interrupt: int | None
    ) -> RuntimeApiAnswer | None:
        # Once an event is asked for it may be on its way, and would be lost with the connection.
        if interrupt is not None and _is_readable(interrupt):
            return None
        while True:
            kept = False
            try:
                connection, kept = self._connection()
                connection.settimeout(timeout_s)
                for part in parts:
                    connection.sendall(part)
                waits = () if interrupt is None else (connection, interrupt)
                if waits and connection.fileno() not in _readable(waits, None):
                    self.close()
                    return None
                return self._read_answer(whole=True)
            except OSError as error:
                self.close()
                # A kept connection may have been closed just now. A new one is tried once.
                if not kept or isinstance(error, TimeoutError):
                    raise RuntimeApiFailed(f"{what}: {_reason(error)}") from None

    def _connection(self) -> tuple[socket.socket, bool]:
        """Return the connection, and whether it was used before."""
        if self._socket is not None:
            if not _is_readable(self._socket):
                return self._socket, True
            self.close()  # the other side closed it
        made = socket.create_connection(self._address, _CONNECT_S)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket, self._reader = made, made.makefile("rb")
        return made, False

    def _read_answer(self, whole: bool) -> RuntimeApiAnswer:
        """Read an answer. Raises OSError where there is none."""
        try:
            version, status, *_ = self._line().split(b" ", 2)
            headers = {}
            while line := self._line():
                name, _, value = line.partition(b":")
                headers[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
            body = self._body(headers)
            answer = RuntimeApiAnswer(int(status), headers, body, whole)
        except ValueError:
            raise ConnectionError("its answer is not HTTP") from None
        if version != b"HTTP/1.1" or headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self._read(int(headers.get("content-length", "0")))
        chunks = []
        while size := int(self._line().partition(b";")[0], 16):
            chunks.append(self._read(size))
            self._line()
        while self._line():  # trailers
            pass
        return b"".join(chunks)

    def _line(self) -> bytes:
        assert self._reader is not None
        line = self._reader.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise ConnectionError("the connection ended, or a header is too long")
        return line.rstrip(b"\r\n")

    def _read(self, size: int) -> bytes:
        assert self._reader is not None
        read = self._reader.read(size)
        if len(read) < size:
            raise ConnectionError("the connection ended")
        return read


def _is_readable(descriptor: socket.socket | int) -> bool:
    return bool(_readable((descriptor,), 0))


def _readable(descriptors: Iterable[socket.socket | int], timeout: int | None) -> set[int]:
    """Return which can be read; `select` would refuse numbers from 1024 on."""
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return {number for number, _ in poll.poll(timeout)}


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
