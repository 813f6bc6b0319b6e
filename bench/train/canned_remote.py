"""``python -m bench.train.canned_remote FOLDER SPEC SLOTS``: a remote of any size on this machine.

It answers reads and batches as the server does, with results that it made before it started. A sample
waits 60 ± 25 ms in one of the slots, and takes next to no CPU, which a remote would not take from this
machine either. It prints its address, and ends when standard input ends.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from random import Random
from urllib.parse import unquote

from jitprep import Pipeline

_SECONDS, _DEVIATION_S, _LEAST_S = 0.060, 0.025, 0.005
_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\nx-jitprep-batch: 1\r\n\r\n"
_BATCH = "application/vnd.jitprep.batch"


class CannedRemote:
    """Results of all files in a folder.

    Parameters
    ----------
    folder : Path
    pipeline : Pipeline
    slots : int
        Samples that are under way at once.
    """

    def __init__(self, folder: Path, pipeline: Pipeline, slots: int) -> None:
        self._slots = asyncio.Semaphore(slots)
        self._chance = Random(1)  # noqa: S311  not a secret
        self._type = pipeline.output.content_type
        made: dict[Path, bytes] = {}
        self._bodies: dict[str, bytes] = {}
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            same = path.resolve()
            if same not in made:
                made[same] = bytes(pipeline.encode(same).body)
            self._bodies[path.relative_to(folder).as_posix()] = made[same]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection."""
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, target, _ = head.split(" ", 2)
                if method == "GET":
                    key = unquote(target.partition("?")[0].removeprefix("/photos/"))
                    await self._wait()
                    body = self._bodies[key]
                    writer.write(_HEAD.format(self._type, len(body)).encode() + body)
                else:
                    length = next(
                        int(line.partition(":")[2])
                        for line in head.lower().splitlines()
                        if line.startswith("content-length:")
                    )
                    asked = json.loads(await reader.readexactly(length))
                    await self._send_batch(asked["keys"], writer)
                await writer.drain()

    async def _send_batch(self, keys: list[str], writer: asyncio.StreamWriter) -> None:
        waits = [asyncio.ensure_future(self._wait()) for _ in keys]
        lines = [self._line(key) for key in keys]
        end = json.dumps({"rows": len(keys), "failed": 0}).encode() + b"\n"
        sizes = (len(line) + len(self._bodies[key]) for key, line in zip(keys, lines, strict=True))
        writer.write(_HEAD.format(_BATCH, sum(sizes) + len(end)).encode())
        for key, line, waited in zip(keys, lines, waits, strict=True):
            await waited
            writer.write(line + self._bodies[key])
        writer.write(end)

    def _line(self, key: str) -> bytes:
        body = self._bodies[key]
        crc = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
        about = {"key": key, "statusCode": 200, "etag": '"canned"', "contentType": self._type}
        return json.dumps({**about, "crc32": crc, "bytes": len(body)}).encode() + b"\n"

    async def _wait(self) -> None:
        async with self._slots:
            await asyncio.sleep(max(_LEAST_S, self._chance.gauss(_SECONDS, _DEVIATION_S)))


async def main() -> None:
    """Serve until standard input ends."""
    folder, spec, slots = sys.argv[1:]
    remote = CannedRemote(Path(folder), Pipeline.parse(spec), int(slots))
    server = await asyncio.start_server(remote.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    sys.stdout.write(f"http://127.0.0.1:{port}/photos\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(main())
