"""What a client without a key can make a worker keep: little, however much it sends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .running import Running, eventually, serving

# Far more than a head may have, and a body as large as a batch's may be.
HEAD_BYTES, BODY_BYTES = 20 * 2**20, 8 * 2**20


@pytest.fixture
def server(photographs: Path, tmp_path: Path) -> Iterator[Running]:
    config = tmp_path / "jitprep.toml"
    config.write_text(
        f'workers = 1\n[mounts.photos]\nsource = "{photographs}"\npipeline = "resize:8,8/npy"\n'
        '[keys.k]\naccess_key_id = "env:ID"\nsecret_access_key = "env:SECRET"\nmounts = ["*"]\n'
    )
    with serving(tmp_path, "--config", config, ID="key", SECRET="secret") as running:
        eventually(lambda: running.ready_workers)
        assert running.client().get_object(Bucket="photos", Key="rocket.jpg")
        yield running


def memory(server: Running) -> int:
    """Return the most memory that the worker had, in bytes."""
    (pid,) = server.workers
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.mark.parametrize("begin", [b"GET /", b"GET / HTTP/1.1\r\nX: "], ids=["path", "header"])
def test_a_head_is_refused_once_it_is_too_large(server, begin):
    client = socket.create_connection(("127.0.0.1", server.port), 60)
    with client, pytest.raises(ConnectionError):
        client.sendall(begin + b"a" * HEAD_BYTES)
    assert server.ask("/healthz").status == 200


def test_a_head_of_sixty_thousand_bytes_is_read_in_any_pieces(server):
    head = b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 60_000 + b"\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), 60) as client:
        for _ in range(3):
            for start in range(0, len(head), 7_000):
                client.sendall(head[start : start + 7_000])
            answer = client.recv(2**16)
            while not answer.endswith(b"ok\n"):
                answer += client.recv(2**16)
            assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_body_is_kept_only_for_a_key_that_is_valid(server):
    before = memory(server)
    head = b"POST /_batch/photos HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % BODY_BYTES
    with ExitStack() as stack:
        for _ in range(20):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 60))
            client.sendall(head + b" " * (BODY_BYTES - 1))
            assert client.recv(2**16).startswith(b"HTTP/1.1 403 ")
        assert memory(server) - before < 5 * BODY_BYTES
