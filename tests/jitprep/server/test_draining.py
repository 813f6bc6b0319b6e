"""From the signal on a worker is not ready, and each of its answers is the last on its connection."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jitprep.server.app import Server
from jitprep.server.configuration.settings import ServerSettings
from jitprep.server.replies import _STALL_S
from jitprep.service.http.listening import listening_socket
from jitprep.service.settings import FILE_VARIABLE


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    path = tmp_path / "jitprep.toml"
    path.write_text('[mounts.files]\nsource = "."\npipeline = "resize:8,8/npy"\nanonymous = true\n')
    monkeypatch.setenv(FILE_VARIABLE, str(path))
    return Server(ServerSettings.read())


@pytest.fixture
def signals() -> Iterator[list[int]]:
    """The signals that reach what handled them before."""
    seen: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, lambda number, _: seen.append(number))
    yield seen
    for number, handler in before.items():
        signal.signal(number, handler)


async def ask(server: Server, path: str) -> tuple[int, dict[bytes, bytes]]:
    """Return the status and the headers of an answer."""
    sent: list[Any] = []
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
        "query_string": b"", "headers": [(b"host", b"here")],
    }  # fmt: skip
    messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    messages.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def send(message: Any) -> None:
        sent.append(message)

    await server(scope, messages.get, send)
    return sent[0]["status"], dict(sent[0]["headers"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_begins_the_end_of_each_connection(
    server: Server, signals: list[int], number: signal.Signals
) -> None:
    async def live() -> None:
        to_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        from_server: asyncio.Queue[Any] = asyncio.Queue()
        life = asyncio.ensure_future(server({"type": "lifespan"}, to_server.get, from_server.put))
        to_server.put_nowait({"type": "lifespan.startup"})
        await from_server.get()
        for path, status in (("/readyz", 200), ("/files/none.jpg", 404)):
            found, headers = await ask(server, path)
            assert (found, headers.get(b"connection")) == (status, None)
        os.kill(os.getpid(), number)
        for path, status in (("/readyz", 503), ("/healthz", 200), ("/files/none.jpg", 404)):
            found, headers = await ask(server, path)
            assert (found, headers[b"connection"]) == (status, b"close")
        to_server.put_nowait({"type": "lifespan.shutdown"})
        await life

    asyncio.run(live())
    assert signals == [number]


def test_the_kernel_ends_connections_whose_client_takes_nothing() -> None:
    """Else they would last as long as their client, and delay the end of the server."""
    with listening_socket("127.0.0.1", 0) as listening:
        listening.listen()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            found = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert found / 1000 > _STALL_S
