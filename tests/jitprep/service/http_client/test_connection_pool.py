"""Requests and answers over real sockets: whole or failed, however the bytes arrive."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jitprep.service.http_client.connection_pool import ConnectionPool
from jitprep.service.http_client.failures import HttpFailed

HEAD = b"HTTP/1.1 200 OK\r\nX-Two: a\r\nx-two:  b \r\nContent-Length: 5\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WHOLE = {
    "length": HEAD + b"hello",
    "chunks": CHUNKED + b"3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n",
    "announced": b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"hello",
}
TO_THE_END = b"HTTP/1.0 200 OK\r\n\r\nhello"
MALFORMED = {
    "no HTTP": b"SSH-2.0-x\r\n\r\n",
    "another version": HEAD.replace(b"1.1", b"2.0") + b"hello",
    "a folded header": b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "no name": b"HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 0\r\n\r\n",
    "a space before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    "a length and chunks": CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n"),
    "another coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "a negative chunk": CHUNKED + b"-1\r\n\r\n",
    "a chunk too long": CHUNKED + b"3\r\nhello\r\n0\r\n\r\n",
    "a length of too many digits": HEAD.replace(b": 5", b": " + b"5" * 5000),
    "endless announcements": b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
    "endless trailers": CHUNKED + b"0\r\n" + b"a: b\r\n" * 20_000,
    "an endless head": b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000,
}


class Peer:
    """A server that answers each request with the next of ``answers``, in pieces."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = ("http", "127.0.0.1", self._listener.getsockname()[1])
        self.answers: list[tuple[bytes, ...]] = []
        self.received: list[bytes] = []
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while received := connection.recv(65536):
                self.received.append(received)
                if not received.startswith(b"GET"):  # the beginning of TLS
                    connection.sendall(MALFORMED["no HTTP"])
                    return
                *pieces, close = self.answers.pop(0)
                for piece in pieces:
                    connection.sendall(piece)
                if close:
                    return

    def close(self) -> None:
        self._listener.close()


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.close()


def ask(peer: Peer, pool: ConnectionPool, answer: bytes, *cuts: int, close: bool = False):
    """Send a request that is answered with these bytes, cut into pieces."""
    ends = sorted({0, len(answer), *(cut for cut in cuts if cut < len(answer))})
    pieces = [answer[start:stop] for start, stop in pairwise(ends)]
    peer.answers.append((*pieces, b"close" if close else b""))
    return pool.request("GET", peer.address, "/", {"host": "a"}, connect_s=5, stall_s=5)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(WHOLE)), cuts=st.lists(st.integers(0, 120), max_size=5))
def test_an_answer_is_whole_however_it_is_cut(peer, name, cuts):
    pool = ConnectionPool(1)
    for _ in range(2):  # the second time on the same connection
        answer = ask(peer, pool, WHOLE[name], *cuts)
        assert (answer.status, answer.read(100)) == (200, b"hello")
        if name == "length":
            assert answer.headers.get("X-TWO") == "a, b"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(WHOLE)), end=st.integers(0, 120))
def test_an_answer_that_breaks_off_fails(peer, name, end):
    cut = WHOLE[name][: min(end, len(WHOLE[name]) - 1)]
    with pytest.raises(HttpFailed):
        ask(peer, ConnectionPool(1), cut, close=True).read(100)


@pytest.mark.parametrize("name", MALFORMED)
def test_what_parsers_disagree_on_fails(peer, name):
    with pytest.raises(HttpFailed):
        ask(peer, ConnectionPool(1), MALFORMED[name], close=True).read(100)


def test_a_connection_is_used_again_unless_it_may_have_more_to_send(peer):
    pool, before = ConnectionPool(1), peer.connections
    for _ in range(3):
        ask(peer, pool, WHOLE["length"]).read(100)
    assert peer.connections == before + 1
    ask(peer, pool, WHOLE["length"]).close()  # its body was not read
    ask(peer, pool, HEAD + b"hello and more").read(100)
    assert ask(peer, pool, TO_THE_END, close=True).read(100) == b"hello"
    ask(peer, pool, WHOLE["length"]).read(100)
    assert peer.connections == before + 4


def test_an_idle_connection_that_was_closed_is_not_used(peer):
    pool = ConnectionPool(1)
    answer = ask(peer, pool, WHOLE["length"], close=True)
    assert answer.read(100) == b"hello"
    (idle,) = pool._idle
    while not idle.dropped:
        pass
    assert ask(peer, pool, WHOLE["length"]).read(100) == b"hello"


def test_no_more_are_kept_than_may_be(peer):
    pool = ConnectionPool(2)
    answers = [ask(peer, pool, WHOLE["length"]) for _ in range(4)]
    for answer in answers:
        answer.read(100)
    assert len(pool._idle) == 2


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "\x00", "\N{SNOWMAN}"])
def test_no_header_adds_another(peer, value):
    received = len(peer.received)
    with pytest.raises(ValueError, match=r"line break|latin-1"):
        ConnectionPool(1).request("GET", peer.address, "/", {"a": value}, connect_s=5, stall_s=5)
    assert len(peer.received) == received


def test_nothing_hangs(peer):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = ("http", "127.0.0.1", silent.getsockname()[1])
        with pytest.raises(HttpFailed, match="nothing arrived"):
            ConnectionPool(1).request("GET", address, "/", {}, connect_s=5, stall_s=0.05)
    with pytest.raises(HttpFailed, match="refused"):
        ConnectionPool(1).request("GET", address, "/", {}, connect_s=5, stall_s=5)
    with pytest.raises(HttpFailed, match="TLS was rejected"):
        ConnectionPool(1).request(
            "GET", ("https", *peer.address[1:]), "/", {}, connect_s=5, stall_s=5
        )
