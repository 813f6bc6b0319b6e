"""Lambda's Runtime API as tests script it: it hands out events, and keeps what is posted."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

PREFIX = "/2018-06-01/runtime/"


@dataclass
class Posted:
    """A POST: its path below the prefix, headers by names in lower case, body, and trailers."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    raw: bytes
    trailers: Mapping[str, str] = field(default_factory=dict)


class ScriptedRuntimeApi:
    """The server. Events have the identifiers 0, 1 and so on; the client's waits are counted."""

    def __init__(self) -> None:
        self.events: Queue[bytes | None] = Queue()
        self.posts: Queue[Posted] = Queue()
        self.asked: list[str] = []
        # What answers a streamed response at its first chunk: a status, or None to hang up.
        self.cut_short: list[int | None] = []
        self.deadline_s = 60.0
        self.waiting = threading.Semaphore(0)
        self._handed_out = 0
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"api": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"127.0.0.1:{self._server.server_port}"

    def send(self, *events: Any) -> None:
        for event in events:
            self.events.put(event if isinstance(event, bytes) else json.dumps(event).encode())

    def posted(self) -> Posted:
        return self.posts.get(timeout=20)

    def wait_until_idle(self, clients: int = 1) -> None:
        """Return once so many clients have asked for their next event since the last call."""
        for _ in range(clients):
            assert self.waiting.acquire(timeout=20)

    def identifier(self) -> str:
        with self._lock:
            self._handed_out += 1
            return str(self._handed_out - 1)

    def close(self) -> None:
        self.events.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    api: ScriptedRuntimeApi

    def do_GET(self) -> None:
        path = self.path.removeprefix(PREFIX)
        self.api.asked.append(path)
        if path == "restore/next":
            return self._answer(200, b"")
        self.api.waiting.release()
        event = self.api.events.get()
        if event is None:
            self.api.events.put(None)
            self.close_connection = True
            return None
        deadline_ms = int((time.time() + self.api.deadline_s) * 1000)
        return self._answer(
            200,
            event,
            {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": self.api.identifier(),
                "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:1:function:f",
                "Lambda-Runtime-Trace-Id": "Root=1-0-0;Sampled=0",
                "Lambda-Runtime-Invocation-Id": "given-back",
            },
        )

    def do_POST(self) -> None:
        path = self.path.removeprefix(PREFIX)
        headers = {name.lower(): value for name, value in self.headers.items()}
        if headers.get("transfer-encoding") != "chunked":
            body = self.rfile.read(int(headers["content-length"]))
            self.api.posts.put(Posted(path, headers, body, body))
            return self._answer(202, b'{"status":"OK"}')
        if self.api.cut_short:
            self.rfile.readline()
            self.close_connection = True
            status = self.api.cut_short.pop()
            return None if status is None else self._answer(status, b"")
        self.api.posts.put(self._streamed(path, headers))
        return self._answer(202, b"")

    def _streamed(self, path: str, headers: Mapping[str, str]) -> Posted:
        raw, body, trailers = b"", b"", {}
        while True:
            line = self.rfile.readline()
            raw += line
            size = int(line, 16)
            if not size:
                break
            chunk = self.rfile.read(size + 2)
            raw, body = raw + chunk, body + chunk[:-2]
        while line := self.rfile.readline().rstrip(b"\r\n"):
            name, _, value = line.decode().partition(": ")
            trailers[name] = value
        return Posted(path, headers, body, raw, trailers)

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass
