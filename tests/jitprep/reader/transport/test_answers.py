"""Heads of answers, as servers send them, and threads that a batch is divided among."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress

import pytest

from jitprep.reader import Unavailable
from jitprep.reader.threads import in_threads
from jitprep.reader.transport import stream
from jitprep.reader.transport.stream import http_request, read_rest

from ...certificates import write_certificate

BODY = b"x" * 40
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def asked(head: bytes, body: bytes = BODY, method: str = "GET"):
    """Return the status, the headers and the body of an answer, and whether the connection is kept."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(2**16)
                connection.sendall(head + body)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a?b=1"
        try:
            with http_request(method, url, {}) as answer:
                return (
                    answer.status,
                    dict(answer.headers),
                    bytes(read_rest(answer, answer.length)),
                    not answer.will_close,
                )
        finally:
            thread.join()


def test_headers_are_known_by_their_names_in_lower_case():
    status, headers, body, kept = asked(
        b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
        b"HTTP/1.1 203 Well\r\nContent-LENGTH: 40\r\nA:  b c \r\nE:\r\na: d:e\r\n\r\n"
    )
    assert (status, body, kept) == (203, BODY, True)
    assert headers == {"content-length": "40", "a": "b c, d:e", "e": ""}


@pytest.mark.parametrize(
    ("head", "body", "read", "kept"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n",
            b"2\r\nab\r\n0\r\n\r\n",
            b"ab",
            True,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\nConnection: close\r\n\r\n", BODY, BODY, False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 40\r\n\r\n", BODY, BODY, False),
        (b"HTTP/1.1 200 OK\n\n", BODY, BODY, False),
        (b"HTTP/1.1 204 No\r\n\r\n", b"", b"", True),
    ],
)
def test_a_body_ends_where_the_head_says(head, body, read, kept):
    assert asked(head, body)[2:] == (read, kept)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"SSH-2.0-words\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Len",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 2**17,
        b"HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\nContent-Length: 9\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        CHUNKED + b"-5\r\nabcde\r\n0\r\n\r\n",
        CHUNKED + b"fffffffffffffff\r\nabc",
        CHUNKED + b"2\r\nab\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 17 + b"HTTP/1.1 204 No\r\n\r\n",
    ],
)
def test_what_is_no_whole_answer_is_unavailable(head):
    with pytest.raises(Unavailable, match="no complete response from 127"):
        asked(head, b"")


def test_bytes_behind_an_answer_are_not_the_next_answer(tmp_path):
    """TLS decrypts whole records: then the operating system does not know that bytes are left."""
    certificate = write_certificate(tmp_path / "both.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    long, rest = bytes(200_000), threading.Event()

    def serve() -> None:
        for _ in range(2):
            connection, _ = server.accept()
            with context.wrap_socket(connection, server_side=True) as encrypted:
                encrypted.recv(2**16)
                encrypted.sendall(head % (len(long) + 5))
                rest.wait(20)
                encrypted.sendall(long)
                encrypted.sendall(b"right" + bytes(10_000))  # `http.client` takes 8 KiB of them
                with suppress(OSError):  # the client closes on what it did not ask for
                    encrypted.recv(2**16)

    def ask() -> bytes:
        with http_request("GET", url, {}, ca_bundle=str(certificate)) as answer:
            rest.set()
            return bytes(read_rest(answer, answer.length))[-5:]

    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://localhost:{server.getsockname()[1]}/"
        server.settimeout(20)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert [ask(), ask()] == [b"right", b"right"]
        stream._idle.cache_clear()
        thread.join()


@pytest.mark.parametrize("threads", [1, 3, 20])
def test_work_is_divided_and_its_results_are_in_order(threads):
    names: set[str] = set()

    def work(number: int) -> int:
        names.add(threading.current_thread().name)
        return number * 2

    assert in_threads(work, range(10), threads) == list(range(0, 20, 2))
    assert len(names) <= threads
    assert in_threads(work, [], threads) == []


@pytest.mark.parametrize("allowed", [0, 2])
def test_work_is_done_by_fewer_threads_where_the_system_allows_no_more(monkeypatch, allowed):
    starts, start = iter(range(allowed)), threading.Thread.start

    def limited(self):
        if next(starts, None) is None:
            raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", limited)
    assert in_threads(str, range(10), 8) == [str(number) for number in range(10)]


@pytest.mark.parametrize("threads", [1, 4])
def test_the_first_error_ends_the_work(threads):
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        raise KeyError(number)

    with pytest.raises(KeyError):
        in_threads(work, range(100), threads)
    assert len(begun) <= threads
