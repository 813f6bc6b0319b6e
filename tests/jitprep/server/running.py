"""A server in a process of its own, as an operator starts it, and what clients ask of it."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import boto3
from botocore.config import Config

from tests.paths import ROOT

# Without the settings of the user who runs the tests.
PLAIN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("AWS_", "JITPREP_", "PROMETHEUS_"))
}
_PATIENCE_S = 60


@dataclass(frozen=True)
class Answer:
    """What a client reads; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def error(self) -> tuple[int, str | None]:
        """The status, and the code of S3's error document, None without one."""
        failed = self.headers.get("content-type") == "application/xml" and b"<Error>" in self.body
        return self.status, ET.fromstring(self.body).findtext("Code") if failed else None


@dataclass(frozen=True)
class Running:
    """A server that runs."""

    process: subprocess.Popen[bytes]
    port: int
    log_file: Path
    errors_file: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_S)

    def ask(
        self,
        target: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send a request, byte for byte as it is given."""
        connection = self.connection()
        try:
            connection.putrequest(
                method,
                target,
                skip_host="Host" in (headers or {}),
                skip_accept_encoding=True,
            )
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            return read_answer(connection)
        finally:
            connection.close()

    def client(self, access_key: str = "key", secret_key: str = "secret", **changed: Any) -> Any:
        """Return an S3 client; `changed` is for botocore's configuration."""
        return _client(self.url, access_key, secret_key, tuple(changed.items()))

    def metric(self, name: str, **labels: str) -> float:
        """Return the sum of a metric of all workers over the labels that are not given."""
        total = 0.0
        for line in self.ask("/metrics").body.decode().splitlines():
            found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if found and found[1] == name:
                has = dict(re.findall(r'(\w+)="([^"]*)"', found[2] or ""))
                if labels.items() <= has.items():
                    total += float(found[3])
        return total

    @property
    def workers(self) -> list[int]:
        """The process IDs of the workers. All of them listen on the port."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [
            int(pid)
            for pid in listed.split()
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]

    @property
    def ready_workers(self) -> list[int]:
        """The process IDs of the workers that have read the configuration."""
        maps = {pid: Path(f"/proc/{pid}/maps").read_text() for pid in self.workers}
        return [pid for pid, text in maps.items() if f"_{pid}.db" in text]

    def stop(self) -> int:
        """Ask it to end, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_PATIENCE_S)


@cache  # making one takes longer than most of what is asked of it
def _client(
    url: str, access_key: str, secret_key: str, changed: tuple[tuple[str, Any], ...]
) -> Any:
    settings: dict[str, Any] = {
        "region_name": "us-east-1",
        "signature_version": "s3v4",
        "s3": {"addressing_style": "path"},
        "retries": {"total_max_attempts": 1},
    }
    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(**{**settings, **dict(changed)}),
    )


def read_answer(connection: http.client.HTTPConnection) -> Answer:
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())


def eventually(condition: Callable[[], Any]) -> Any:
    """Wait until a condition holds, and return what it returns."""
    end = time.monotonic() + _PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < end, "it does not come about"
        time.sleep(0.05)
    return found


@contextmanager
def serving(folder: Path, *arguments: str | Path, **environment: str) -> Iterator[Running]:
    """Run ``jitprep serve`` with these arguments on a free port; `folder` is for its log."""
    command = [sys.executable, "-m", "jitprep.server", *map(str, arguments), "--port", "0"]
    log, errors = folder / "server.log", folder / "server.errors"
    with log.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=out, stderr=err, env={**PLAIN, **environment}
        )
    try:
        yield Running(process, _port(process, errors), log, errors)
    finally:
        process.terminate()
        process.wait(_PATIENCE_S)


def _port(process: subprocess.Popen[bytes], errors: Path) -> int:
    def said() -> re.Match[str] | None:
        text = errors.read_text()
        assert process.poll() is None, text
        return re.search(r"^serving .* at http://\S+:(\d+)$", text, re.MULTILINE)

    return int(eventually(said)[1])
