"""Connections that only take up room: idle ones, and ones that send or take a few bytes at a time."""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

from soak.load.reads import Outcome, Verdict
from soak.material import DerivedObject
from soak.server.stage import PATIENCE_S

_EVERY_S = 0.5
# What a slow client takes at a time, and the most that its kernel takes for it.
_SIP = 1024
_BUFFER = 8192
# Clients that end at once, so that they are not refused as too many.
_ENDING = 16
_OPENING = 64
CUT_OFF = "(cut off)"
Way = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]


@dataclass(frozen=True)
class Crowd:
    """What the connections do.

    Parameters
    ----------
    url
        The server.
    wanted
        What they read.
    idle, slow
        The number of connections that read once and then stay, and of slow ones. Every other slow one
        sends its request byte by byte; the others take the answer little by little.
    """

    url: str
    wanted: DerivedObject
    idle: int
    slow: int


@dataclass
class Held:
    """A crowd that is there, and its outcomes once it has left."""

    outcomes: list[Outcome] = field(default_factory=list)


@contextmanager
def crowded(crowd: Crowd) -> Iterator[Held]:
    """Keep the connections in a process of their own while the block runs; then end them in order."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_keep, args=(crowd, there))
    process.start()
    held = Held()
    try:
        here.recv()
        yield held
        here.send("enough")
        held.outcomes += here.recv()
    finally:
        here.close()  # ends it, if it has not ended
        process.join()


def _keep(crowd: Crowd, owner: Connection) -> None:
    with suppress(EOFError):
        asyncio.run(_Keeper(crowd, owner).keep())


class _Keeper:
    """The connections, in their process."""

    def __init__(self, crowd: Crowd, owner: Connection) -> None:
        self._crowd, self._owner = crowd, owner
        self._enough = asyncio.Event()
        self._opening, self._ending = asyncio.Semaphore(_OPENING), asyncio.Semaphore(_ENDING)
        self._there = 0
        self._wanted = hashlib.sha256(crowd.wanted.body).hexdigest()
        self._request = (
            f"GET /{crowd.wanted.alias}/{crowd.wanted.key} HTTP/1.1\r\n"
            f"Host: {urlsplit(crowd.url).netloc}\r\n\r\n"
        ).encode()

    async def keep(self) -> None:
        ways = [self._idle] * self._crowd.idle + [self._sends, self._takes] * (
            self._crowd.slow // 2
        )
        tasks = [asyncio.ensure_future(self._come_and_go(way)) for way in ways]
        while self._there < len(ways):
            await asyncio.sleep(0.05)
        self._owner.send(self._there)
        await asyncio.to_thread(self._owner.recv)
        self._enough.set()
        self._owner.send(await asyncio.gather(*tasks))

    async def _come_and_go(self, way: Way) -> Outcome:
        kind = way.__name__.removeprefix("_")
        try:
            try:
                async with self._opening:
                    reader, writer = await self._connect(kind)
                    welcome = way != self._idle or await self._fetch(reader, writer)
            finally:
                self._there += 1
            with closing(writer):
                right = await way(reader, writer)
        except TimeoutError:
            return Outcome(kind, Verdict.HUNG)
        except (OSError, asyncio.IncompleteReadError) as error:
            return Outcome(kind, Verdict.REFUSED, CUT_OFF, detail=repr(error)[:300])
        return Outcome(kind, Verdict.RIGHT if welcome and right else Verdict.WRONG)

    async def _connect(self, kind: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        sock = socket.socket()
        sock.setblocking(False)
        if kind == "takes":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        at = urlsplit(self._crowd.url)
        await asyncio.get_running_loop().sock_connect(sock, (at.hostname, at.port))
        return await asyncio.open_connection(sock=sock, limit=_BUFFER)

    async def _idle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Stay after the first answer, and read once more at the end."""
        await self._enough.wait()
        async with self._ending:
            return await self._fetch(reader, writer)

    async def _sends(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Send the request byte by byte, all but its last ones, which come at the end."""
        sent = 0
        while not self._enough.is_set():
            if sent < len(self._request) - 4:
                writer.write(self._request[sent : sent + 1])
                sent += 1
            await self._pause()
        async with self._ending:
            writer.write(self._request[sent:])
            return await self._answered(reader)

    async def _takes(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Take the answer little by little, and the rest of it at the end."""
        writer.write(self._request)
        received = bytearray()
        while not self._enough.is_set():
            received += await reader.read(_SIP)
            await self._pause()
        return await self._answered(reader, received)

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._enough.wait(), _EVERY_S)

    async def _fetch(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(self._request)
        return await self._answered(reader)

    async def _answered(
        self, reader: asyncio.StreamReader, received: bytes | bytearray = b""
    ) -> bool:
        """Return whether the answer is right; a part of it may have come before."""
        answer = bytearray(received)
        async with asyncio.timeout(PATIENCE_S):
            while b"\r\n\r\n" not in answer:
                if not (piece := await reader.read(_BUFFER)):
                    raise asyncio.IncompleteReadError(bytes(answer), None)
                answer += piece
            head, _, body = bytes(answer).partition(b"\r\n\r\n")
            body += await reader.readexactly(len(self._crowd.wanted.body) - len(body))
        right = head.startswith(b"HTTP/1.1 200 ")
        return right and hashlib.sha256(body).hexdigest() == self._wanted
