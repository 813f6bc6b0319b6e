"""A web server whose objects arrive when the test says so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Semaphore, Thread

from tests.photos import photo


class SlowSource:
    """Paths that begin with ``/slow`` wait for `gate`; each of them releases `arrived` before."""

    def __init__(self) -> None:
        self.gate, self.arrived = Event(), Semaphore(0)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def wait(self, requests: int = 1) -> None:
        """Wait until so many requests have arrived."""
        for _ in range(requests):
            assert self.arrived.acquire(timeout=60)

    @contextmanager
    def running(self) -> Iterator[SlowSource]:
        thread = Thread(target=self._server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self.gate.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        source, changed = self, time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(0))

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.startswith("/slow"):
                    source.arrived.release()
                    assert source.gate.wait(120)
                body = photo("rocket")
                with suppress(ConnectionError):  # the server has given it up
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.send_header("ETag", '"rocket"')
                    self.send_header("Last-Modified", changed)
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Write nothing."""

        return Handler
