"""An S3 that fails on request: moto's server behind a proxy that corrupts its answers.

``python -m soak.faulty_s3`` prints the URLs of the proxy and of moto as JSON, and ends when its standard
input closes. ``POST /_plan`` sets the proxy's `Plan` and resets the counts; ``GET /_plan`` returns how
often each fault was applied. A function that has this as its only endpoint also writes its responses
here; the proxy passes them unchanged to the endpoint that ``POST /_plan`` named.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from jitprep.emulator.store_process import StoreProcess
from soak.faults import Dose, Fault, Plan

_CONTROL = "/_plan"
_WRITE = "/WriteGetObjectResponse"
_BUSY = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_DROPS = 8


@dataclass(frozen=True)
class Message:
    """An HTTP request or response: its first line and headers as received, and its body."""

    head: bytes
    body: bytes = b""

    @property
    def method(self) -> str:
        """The method of a request."""
        return self.head.split(b" ", 1)[0].decode("latin-1")

    @property
    def target(self) -> str:
        """The target of a request."""
        return self.head.split(b" ", 2)[1].decode("latin-1")

    @property
    def checked(self) -> bool:
        """Whether a response includes a checksum of its body."""
        return b"\r\nx-amz-checksum-" in self.head.lower()

    def closing(self) -> Message:
        """Return the request for an origin server, with `Connection: close`."""
        head = re.sub(rb"(?i)\r\n(proxy-)?connection:[^\r]*", b"", self.head)
        head = re.sub(rb"^(\w+) http://[^/]+", rb"\1 ", head)
        return Message(head.removesuffix(b"\r\n\r\n") + b"\r\nConnection: close\r\n\r\n", self.body)

    def forged(self, at: float) -> Message:
        """Return the same message with one bit of the body flipped."""
        body = bytearray(self.body)
        if body:
            body[min(int(at * len(body)), len(body) - 1)] ^= 0x10
        return Message(self.head, bytes(body))


@dataclass
class Proxy:
    """The proxy in front of moto, or of another server.

    Parameters
    ----------
    port
        The server's port.
    """

    port: int
    writers: int | None = None
    plan: Plan = field(default_factory=Plan)
    done: Counter[Fault] = field(default_factory=Counter)
    _number: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection, which carries one request."""
        with suppress(OSError, asyncio.IncompleteReadError):  # the client has gone
            request = await _read(reader)
            if request.target == _CONTROL:
                writer.write(self._control(request))
            elif request.target.endswith(_WRITE) and self.writers is not None:
                answer = await _ask(self.writers, request)
                writer.write(answer.head + answer.body)
            else:
                answer = await _ask(self.port, request)
                if await self._send(writer, request, answer) is Fault.SILENT:
                    await reader.read()  # until the client gives up
            await writer.drain()
        writer.close()

    def _control(self, request: Message) -> bytes:
        if request.method == "POST":
            told = json.loads(request.body)
            shares = {Fault(name): share for name, share in told["shares"].items()}
            self.plan, self._number = Plan(told["seed"], shares, told["forges_all"]), 0
            self.writers = told["writers"]
            self.done.clear()
        return _plain(b"200 OK", json.dumps(self.done).encode())

    async def _send(self, writer: asyncio.StreamWriter, request: Message, answer: Message) -> Fault:
        dose = self.plan.dose(self._number)
        self._number += 1
        marked = answer.checked or self.plan.forges_all
        if dose.fault is Fault.FORGED and not (marked and answer.body):
            dose = Dose(Fault.NONE)  # no client could detect it
        self.done[dose.fault] += 1
        whole = answer.head + answer.body
        part = whole[: int(dose.at * len(whole))]
        match dose.fault:
            case Fault.NONE:
                writer.write(whole)
            case Fault.SLOW:
                await _drip(writer, answer, dose.delay_s)
            case Fault.RESET:
                writer.write(part)
                await writer.drain()
                writer.transport.abort()
            case Fault.TRUNCATED:
                writer.write(part)
            case Fault.FORGED:
                forged = answer.forged(dose.at)
                writer.write(forged.head + forged.body)
            case Fault.BUSY:
                body = b"" if request.method == "HEAD" else _BUSY
                writer.write(_plain(b"503 Slow Down", body, b"application/xml"))
            case Fault.SILENT:
                pass
        return dose.fault


async def _ask(port: int, request: Message) -> Message:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        last = request.closing()
        writer.write(last.head + last.body)
        head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
    finally:
        writer.close()
    return Message(head + b"\r\n\r\n", body)


async def _read(reader: asyncio.StreamReader) -> Message:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return Message(head, await reader.readexactly(int(length[1]) if length else 0))


async def _drip(writer: asyncio.StreamWriter, answer: Message, seconds: float) -> None:
    await asyncio.sleep(seconds / 2)
    writer.write(answer.head)
    size = len(answer.body) // _DROPS + 1
    for start in range(0, len(answer.body), size):
        writer.write(answer.body[start : start + size])
        await writer.drain()
        await asyncio.sleep(seconds / 2 / _DROPS)


def _plain(status: bytes, body: bytes, kind: bytes = b"application/json") -> bytes:
    head = b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    return head % (status, kind, len(body)) + body


async def serve_until_end(port: int, **more: str) -> None:
    """Run a proxy in front of a port until standard input ends; print its URL, and more, as JSON."""
    server = await asyncio.start_server(Proxy(port).serve, "127.0.0.1", 0)
    own = server.sockets[0].getsockname()[1]
    sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{own}", **more}) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.buffer.read)


async def main() -> None:
    """Serve until standard input ends."""
    moto = await StoreProcess.start("123456789012", "us-east-1")
    try:
        await serve_until_end(int(moto.url.rpartition(":")[2]), store=moto.url)
    finally:
        await moto.stop()


if __name__ == "__main__":
    asyncio.run(main())
