"""Closed-loop readers in one process: each sends its next request once it has the last answer.

They share one thread over non-blocking sockets, so that they take little of the processors that
they measure. ``python -m bench.simulation.clients`` reads a `Load` as JSON, and prints a `Reading`.
"""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.environment import ROOT, clean
from bench.simulation.clocks import Clocks

_LARGEST = 2**20
_TRIES = 4000


@dataclass(frozen=True)
class Load:
    """What the readers do.

    Parameters
    ----------
    port : int
        Of the door, on this machine.
    targets : sequence of (str, str)
        Paths with their Host headers; each reader begins at another one, and goes around.
    readers : int
    seconds : float
        That are measured.
    warm_s : float
        Seconds before that.
    spread : sequence of int
        IDs of processes that accept connections themselves; each gets an equal number of readers.
        Empty where there is one process at the door.
    """

    port: int
    targets: Sequence[tuple[str, str]]
    readers: int
    seconds: float
    warm_s: float
    spread: Sequence[int] = ()


@dataclass(frozen=True)
class Reading:
    """What they measured.

    Parameters
    ----------
    latencies_s : sequence of float
        Of the requests that ended in the measured time.
    seconds : float
        The measured time.
    client_cpu_s : float
        CPU time of this process per request.
    """

    latencies_s: Sequence[float]
    seconds: float
    client_cpu_s: float


def read_under(load: Load) -> Reading:
    """Run the readers in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=json.dumps(asdict(load)),
        cwd=ROOT,
        env=clean(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Reading(**json.loads(done.stdout))


@dataclass
class Reader:
    """A reader with its connection.

    Parameters
    ----------
    link : socket
        Connected.
    requests : sequence of bytes
    at : int
        The next request.
    """

    link: socket.socket
    requests: Sequence[bytes]
    at: int = 0
    began: float = 0.0
    _buffer: bytearray | None = None
    _got: int = 0
    _size: int = 0

    def send(self) -> None:
        """Send the next request."""
        self._buffer = self._buffer or bytearray(_LARGEST)
        self._got = self._size = 0
        self.began = time.perf_counter()
        self.link.sendall(self.requests[self.at % len(self.requests)])
        self.at += 1

    def receive(self) -> bool:
        """Receive what there is; return whether the answer is whole."""
        assert self._buffer is not None
        view = memoryview(self._buffer)
        while True:
            try:
                got = self.link.recv_into(view[self._got :])
            except BlockingIOError:
                return False
            if not got:
                raise RuntimeError(f"the connection ended: {bytes(view[: self._got])[:300]!r}")
            self._got += got
            if not self._size:
                self._size = _size(bytes(view[: min(self._got, 8192)]))
            if self._size and self._got >= self._size:
                return True


def _size(begins: bytes) -> int:
    """Return the bytes of an answer with its head; 0 where its head is not whole."""
    head, end, _ = begins.partition(b"\r\n\r\n")
    if not end:
        return 0
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the door answers {begins[:600]!r}")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(head) + 4 + int(line[15:])
    raise RuntimeError(f"the answer has no length: {head!r}")


def requests_of(targets: Sequence[Sequence[str]]) -> list[bytes]:
    """Return the requests as they are sent."""
    return [f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode() for path, host in targets]


def connect(port: int) -> socket.socket:
    """Return a connection to a door on this machine."""
    link = socket.create_connection(("127.0.0.1", port), timeout=60)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link


def connections(port: int, number: int, spread: Sequence[int]) -> list[socket.socket]:
    """Return connections; with `spread`, as evenly divided as can be among these processes.

    Which process accepts a connection is chance, so some are made in vain.
    """
    if not spread:
        return [connect(port) for _ in range(number)]
    most = {pid: number // len(spread) + (n < number % len(spread)) for n, pid in enumerate(spread)}
    kept: dict[int, list[socket.socket]] = {pid: [] for pid in spread}
    spare = []
    for _ in range(_TRIES):
        if sum(map(len, kept.values())) == number:
            break
        link = connect(port)
        link.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        said = b""
        while not said.endswith(b"ok\n"):
            said += link.recv(4096)
        owner = _owner(link.getsockname()[1], port, spread)
        if len(kept[owner]) < most[owner]:
            kept[owner].append(link)
        else:
            spare.append(link)
    else:
        raise RuntimeError("the workers do not accept connections evenly")
    for link in spare:
        link.close()
    # Readers of different processes in turn.
    turns = max(map(len, kept.values()))
    return [links[n] for n in range(turns) for links in kept.values() if n < len(links)]


def _owner(client_port: int, port: int, pids: Sequence[int]) -> int:
    """Return the process that accepted the connection of a client's port."""
    ends = f":{port:04X}", f":{client_port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if (words[1][-5:], words[2][-5:]) == ends:
            inode = f"socket:[{words[9]}]"
            break
    else:
        raise RuntimeError("the connection is not there")
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                if link.readlink().name == inode:
                    return pid
            except OSError:  # closed meanwhile
                continue
    raise RuntimeError("none of the workers has the connection")


def run(load: Load) -> Reading:
    """Read in this process."""
    links = connections(load.port, load.readers, load.spread)
    try:
        return _run(load, links)
    finally:
        for link in links:
            link.close()


def _run(load: Load, links: Sequence[socket.socket]) -> Reading:
    requests, poll = requests_of(load.targets), select.epoll()
    readers = {link.fileno(): Reader(link, requests, n) for n, link in enumerate(links)}
    for number, reader in readers.items():
        reader.link.setblocking(False)
        poll.register(number, select.EPOLLIN)
        reader.send()
    begins = time.perf_counter() + load.warm_s
    ends, latencies, clock = begins + load.seconds, [], Clocks([0])
    before: float | None = None
    while (now := time.perf_counter()) < ends:
        if before is None and now >= begins:
            (before,) = clock.read()
        for number, _ in poll.poll(ends - now):
            reader = readers[number]
            if reader.receive():
                late = time.perf_counter()
                if late >= begins:
                    latencies.append(late - reader.began)
                reader.send()
    if before is None or not latencies:
        raise RuntimeError(f"no request ended within {load.seconds} s")
    spent = clock.read()[0] - before
    return Reading(latencies, load.seconds, spent / len(latencies))


def _main() -> None:
    told: dict[str, Any] = json.load(sys.stdin)
    json.dump(asdict(run(Load(**told))), sys.stdout)


if __name__ == "__main__":
    _main()
