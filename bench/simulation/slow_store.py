"""An S3 stand-in that answers every GET after a fixed delay, in a process of its own.

It lists nothing, checks no signature, and knows an object by the last part of its path. It can also note
CPU clocks: a GET is the moment when a worker begins to wait, so the clocks of then and of the end of
the delay split a request's CPU time into phases.

``python -m bench.simulation.slow_store FOLDER DELAY_S`` prints its port, and ends when its input closes.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from bench.environment import ROOT, clean
from bench.simulation.clocks import Clocks

_PIDS, _NOTED, _DELAY = b"/_pids/", b"/_noted", b"/_delay/"
_HEAD = (
    "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {size}\r\nAccept-Ranges: bytes\r\n"
    'ETag: "{number:032x}"\r\nLast-Modified: Tue, 01 Sep 2026 00:00:00 GMT\r\n\r\n'
)


@dataclass(frozen=True)
class Noted:
    """What was noted of a GET.

    Parameters
    ----------
    asked, answered : sequence of float
        CPU clocks in seconds, when it came and when it was answered.
    wait_s : float
        Seconds between.
    """

    asked: Sequence[float]
    answered: Sequence[float]
    wait_s: float


@dataclass
class _Shelf:
    """The objects, the delay, and the clocks that are noted."""

    objects: dict[bytes, bytes]
    delay_s: float
    clocks: Clocks = field(default_factory=lambda: Clocks(()))
    noted: list[Noted] = field(default_factory=list)


class _Connection(asyncio.Protocol):
    """A connection that is kept alive; one request at a time."""

    def __init__(self, shelf: _Shelf) -> None:
        self._shelf, self._received = shelf, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer a request once its head is whole. None has a body."""
        self._received += data
        if self._received.endswith(b"\r\n\r\n"):
            path = self._received.split(b" ", 2)[1].partition(b"?")[0]
            self._received = b""
            self._answer(path)

    def _answer(self, path: bytes) -> None:
        shelf = self._shelf
        if path.startswith(_PIDS):
            pids = path.removeprefix(_PIDS).split(b",")
            shelf.clocks, shelf.noted = Clocks(int(pid) for pid in pids if pid), []
            self._send(b"[]")
        elif path.startswith(_DELAY):
            shelf.delay_s = float(path.removeprefix(_DELAY))
            self._send(b"[]")
        elif path == _NOTED:
            self._send(json.dumps([asdict(noted) for noted in shelf.noted]).encode())
        else:
            asked, loop = shelf.clocks.read(), asyncio.get_running_loop()
            loop.call_later(shelf.delay_s, self._send_object, path, asked, time.perf_counter())

    def _send_object(self, path: bytes, asked: Sequence[float], began: float) -> None:
        if asked:
            wait_s = time.perf_counter() - began
            self._shelf.noted.append(Noted(asked, self._shelf.clocks.read(), wait_s))
        body = self._shelf.objects.get(path.rpartition(b"/")[2])
        if body is None:
            self._transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        else:
            self._transport.write(body)

    def _send(self, body: bytes) -> None:
        self._transport.write(_HEAD.format(size=len(body), number=0).encode() + body)


@dataclass(frozen=True)
class SlowStore:
    """A stand-in that runs.

    Parameters
    ----------
    port, pid : int
    """

    port: int
    pid: int

    @property
    def url(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self.port}"

    def note(self, pids: Sequence[int]) -> None:
        """Note the CPU clocks of these processes at each GET from now on."""
        self._get(_PIDS.decode() + ",".join(map(str, pids)))

    def delay(self, seconds: float) -> None:
        """Answer GETs after so many seconds from now on."""
        self._get(f"{_DELAY.decode()}{seconds}")

    def noted(self) -> list[Noted]:
        """Return what was noted of each GET, in their order."""
        return [Noted(**one) for one in json.loads(self._get(_NOTED.decode()))]

    def _get(self, path: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()


@contextmanager
def slow_store(folder: Path, delay_s: float) -> Iterator[SlowStore]:
    """Run a stand-in that holds the files of a folder.

    Parameters
    ----------
    folder : Path
    delay_s : float
        Seconds between a request and its answer.
    """
    command = [sys.executable, "-m", __name__, str(folder), str(delay_s)]
    with subprocess.Popen(
        command, cwd=ROOT, env=clean(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None and child.stdout is not None
        try:
            yield SlowStore(int(child.stdout.readline()), child.pid)
        finally:
            child.stdin.close()


async def _serve(folder: Path, delay_s: float, ends: IO[bytes]) -> None:
    objects = {}
    for number, path in enumerate(sorted(folder.iterdir()), 1):
        body = path.read_bytes()
        head = _HEAD.format(size=len(body), number=number).encode()
        objects[path.name.encode()] = head + body
    shelf = _Shelf(objects, delay_s)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(shelf), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(ends.read)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), float(sys.argv[2]), sys.stdin.buffer))
