"""A web server of one process, over real HTTP: with ranges, conditions, versions and faults."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

MODIFIED = "Wed, 21 Oct 2015 07:28:00 GMT"


@dataclass
class Page:
    """What is served under one path."""

    body: bytes = b""
    headers: Mapping[str, str] = field(
        default_factory=lambda: {"ETag": '"e1"', "Last-Modified": MODIFIED}
    )
    ranged: bool = True


@dataclass
class Fault:
    """An answer that takes the place of one page."""

    status: int = 0
    body: bytes = b""
    keeps: int | None = None
    delay_s: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class WebServer:
    """The pages, the faults that come first, and the requests so far."""

    url: str = ""
    pages: dict[str, Page] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)


@contextmanager
def served() -> Iterator[WebServer]:
    """Serve until the end of the block."""
    web = WebServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(web))
    server.daemon_threads = True
    web.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(web: WebServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            target = self.requestline.split(" ")[1]
            asked = {name.lower(): value for name, value in self.headers.items()}
            web.requests.append((self.command, target, asked))
            fault = web.faults.pop(0) if web.faults else Fault()
            time.sleep(fault.delay_s)
            if fault.status:
                return self.send(fault.status, fault.headers, fault.body)
            page = web.pages.get(unquote(target.partition("?")[0]))
            if page is None:
                return self.send(404, {}, b"<Error><Code>NoSuchKey</Code></Error>")
            if asked.get("if-match", page.headers.get("ETag")) != page.headers.get("ETag"):
                return self.send(412, {}, b"")
            if not page.ranged or "range" not in asked:
                return self.send(200, page.headers, page.body, fault.keeps)
            first, _, last = asked["range"].removeprefix("bytes=").partition("-")
            if int(first) >= len(page.body):
                return self.send(416, {}, b"")
            part = page.body[int(first) : int(last or len(page.body)) + 1]
            told = f"bytes {first}-{int(first) + len(part) - 1}/{len(page.body)}"
            return self.send(206, {**page.headers, "Content-Range": told}, part, fault.keeps)

        def do_HEAD(self) -> None:
            self.do_GET()

        def send(
            self, status: int, headers: Mapping[str, str], body: bytes, keeps: int | None = None
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Transfer-Encoding" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if keeps is not None:
                self.close_connection = True
            with suppress(BrokenPipeError, ConnectionResetError):  # the client may be gone
                if self.command == "GET":
                    self.wfile.write(body[:keeps])

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
