"""HTTP server with scripted responses, and credentials to sign with."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from jitprep.reader.transport import retry
from tests.photos import photo


@dataclass
class Says:
    """Scripted response."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0  # bytes of the body that are not sent


@dataclass
class Asked:
    """Recorded request."""

    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass
class Web:
    """Server that sends its responses in order, repeats the last, and records requests."""

    url: str
    server: ThreadingHTTPServer
    answers: list[Says] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)


@pytest.fixture
def web() -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            made.asked.append(Asked(self.path, headers, body))
            says = made.answers.pop(0) if len(made.answers) > 1 else made.answers[0]
            self.send_response(says.status)
            length = len(says.body) + says.cut
            for name, value in {"Content-Length": str(length), **says.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(says.body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Web(f"http://127.0.0.1:{server.server_address[1]}", server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def of_this_machine_nothing(monkeypatch, tmp_path):
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    """Pauses between tries, which are recorded and not slept."""
    made: list[float] = []
    monkeypatch.setattr(retry.time, "sleep", made.append)
    return made


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "photos/deeper").mkdir(parents=True)
    (tmp_path / "photos/rocket.jpg").write_bytes(photo("rocket"))
    (tmp_path / "photos/deeper/coffee & crème +1%.jpg").write_bytes(photo("coffee"))
    return tmp_path / "photos"
