"""Clients that wait with a body until the server asks for it, as AWS's SDKs do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from .running import Running, serving


@pytest.fixture
def server(photographs: Path, tmp_path: Path) -> Iterator[Running]:
    config = tmp_path / "jitprep.toml"
    config.write_text(
        f'workers = 1\n[mounts.photos]\nsource = "{photographs}"\npipeline = "npy"\nanonymous = true\n'
    )
    with serving(tmp_path, "--config", config) as running:
        yield running


def test_a_connection_ends_whose_body_nobody_asked_for(server):
    """The client does not send it, and the server would take its next request for it."""
    with _ask(server, "PUT /photos/new.jpg") as connection:
        answer = _read_to_the_end(connection)
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"connection: close" in answer


def test_a_body_that_is_wanted_is_asked_for(server):
    body = b'{"keys": ["rocket.jpg"]}'
    with _ask(server, "POST /_batch/photos", len(body), "Connection: close") as connection:
        assert connection.recv(2**16).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        answer = _read_to_the_end(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'{"rows": 1, "failed": 0}' in answer


def _ask(server: Running, request: str, length: int = 4, *headers: str) -> socket.socket:
    """Send the head of a request, and keep its body."""
    lines = (f"{request} HTTP/1.1", "Host: a", f"Content-Length: {length}", *headers)
    connection = socket.create_connection(("127.0.0.1", server.port), 60)
    connection.sendall("\r\n".join((*lines, "Expect: 100-continue", "", "")).encode())
    return connection


def _read_to_the_end(connection: socket.socket) -> bytes:
    chunks = []
    while chunk := connection.recv(2**16):
        chunks.append(chunk)
    return b"".join(chunks)
