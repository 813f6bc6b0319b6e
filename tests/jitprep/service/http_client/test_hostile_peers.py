"""Servers that lie, drip and answer too early: no answer is another's, and no failure is a success."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from jitprep.service.http_client.connection import tls_context
from jitprep.service.http_client.connection_pool import ConnectionPool
from jitprep.service.http_client.failures import HttpFailed
from jitprep.service.source.source_errors import s3_words
from preprocessing.cancellation import Cancelled, Signal, cancellable

from ...certificates import write_certificate

FIVE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
CHUNKS = {"host": "a", "transfer-encoding": "chunked"}

Talk = Callable[[socket.socket], object]


@pytest.fixture
def peer() -> Iterator[Callable[..., tuple[str, str, int]]]:
    """Start a server; each connection is given to ``talk``, and then closed."""
    listeners = []

    def start(talk: Talk, tls: ssl.SSLContext | None = None) -> tuple[str, str, int]:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def answer(connection: socket.socket) -> None:
            with suppress(OSError):
                if tls is not None:
                    connection = tls.wrap_socket(connection, server_side=True)
                talk(connection)
            connection.close()

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection = listener.accept()[0]
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        return "https" if tls else "http", "localhost", listener.getsockname()[1]

    yield start
    for listener in listeners:
        listener.close()


def ask(pool: ConnectionPool, server: tuple[str, str, int]):
    return pool.request("GET", server, "/", {"host": "a"}, connect_s=5, stall_s=5)


def post(pool: ConnectionPool, server: tuple[str, str, int], headers, pieces):
    return pool.request("POST", server, "/", headers, iter(pieces), connect_s=5, stall_s=5)


@pytest.fixture
def tls(tmp_path, monkeypatch) -> Iterator[ssl.SSLContext]:
    path = write_certificate(tmp_path / "both.pem")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(path))
    tls_context.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    yield context
    tls_context.cache_clear()


@pytest.mark.parametrize("encrypted", [False, True])
def test_bytes_behind_an_answer_are_not_the_next_answer(peer, tls, encrypted):
    """TLS decrypts whole records: then the operating system does not know that bytes are left."""
    rest = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.recv(2**16)
        connection.sendall(FIVE)
        rest.wait(20)
        connection.sendall(b"hello" + FIVE + b"wrong")
        if connection.recv(2**16):
            connection.sendall(FIVE + b"right")

    server, pool = peer(talk, tls if encrypted else None), ConnectionPool(1)
    answer = ask(pool, server)
    rest.set()
    assert answer.read(100) == b"hello"
    for (
        idle
    ) in pool._idle:  # in plain text, the operating system may still have to deliver the rest
        deadline = time.monotonic() + 5
        while not idle.dropped and time.monotonic() < deadline:
            time.sleep(0.001)
    assert ask(pool, server).read(100) == b"hello"


def test_a_connection_whose_server_will_close_is_not_kept(peer):
    head = FIVE.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive, Close\r\n\r\n")
    pool = ConnectionPool(1)
    answer = ask(pool, peer(lambda server: (server.recv(2**16), server.sendall(head + b"hello"))))
    assert answer.read(100) == b"hello"
    assert not pool._idle


def test_what_cannot_be_sent_again_is_not_sent_by_an_idle_connection(peer):
    """It may be closed without our knowledge, above all after Lambda has frozen the process."""
    connections = []

    def talk(connection: socket.socket) -> None:
        connections.append(connection)
        while connection.recv(2**16):
            connection.sendall(EMPTY)

    server, pool = peer(talk), ConnectionPool(2)
    for _ in range(2):
        ask(pool, server)
    assert len(connections) == 1
    assert post(pool, server, CHUNKS, [b"a"]).status == 200
    assert len(connections) == 2


def test_a_success_before_the_end_of_the_body_is_none(peer):
    answered = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.recv(10)
        connection.sendall(EMPTY)
        answered.set()

    def pieces() -> Iterator[bytes]:
        answered.wait(20)
        while True:  # until the server's reset arrives
            yield bytes(2**16)

    with pytest.raises(HttpFailed):
        post(ConnectionPool(1), peer(talk), CHUNKS, pieces())


def test_a_body_longer_than_announced_does_not_arrive_whole(peer):
    received = []

    def talk(connection: socket.socket) -> None:
        parts = list(iter(lambda: connection.recv(2**16), b""))
        received.append(b"".join(parts))
        ended.set()

    ended = threading.Event()
    with pytest.raises(HttpFailed, match="another length"):
        post(ConnectionPool(1), peer(talk), {"content-length": "5"}, [b"hel", b"lo and more"])
    assert ended.wait(20)
    assert received[0].endswith(b"\r\n\r\nhel")


@pytest.mark.parametrize(
    "begin", [b"", FIVE.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked")]
)
def test_a_server_that_drips_does_not_hold_a_thread(peer, begin):
    def talk(connection: socket.socket) -> None:
        connection.recv(2**16)
        connection.sendall(begin or b"HTTP/1.1 200 OK\r\nA: ")
        while True:
            connection.sendall(b"0")
            time.sleep(0.005)

    server = peer(talk)
    with pytest.raises(Cancelled), cancellable(Signal(time.monotonic() + 0.1)):
        ask(ConnectionPool(1), server).read(100)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"<Error><Code>SlowDown</Code><Message>a</Message></Error>", ("SlowDown", "a")),
        (b"<Error><Code>A&#13;&#10;B: c</Code><Message>a</Message></Error>", ("", "a")),
        ("<Error><Code>\u00e9</Code></Error>".encode(), ("", "")),
        (b'<?xml version="1.0" encoding="none"?><Error/>', ("", "")),
        (b'<?xml version="1.0" encoding="utf-7"?><Error/>', ("", "")),
    ],
)
def test_a_code_is_a_word(document, words):
    """It goes into headers."""
    assert s3_words(document) == words
