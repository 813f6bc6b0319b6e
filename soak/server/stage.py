"""The running server: its configuration, its workers, its log, and what it says of itself."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import urllib3

from soak.stage import ROOT, WORKERS, FaultyS3, Log
from soak.workers import Workers

# Its value must not be in the log, which is searched for it.
KEY, SECRET = "soak", "SECRETOFTHESOAK"
# Seconds that the server gives a request, and that a client waits for an answer.
TIMEOUT_S = 30
PATIENCE_S = TIMEOUT_S + 10
_AT = re.compile(r"^serving .* at (http://\S+)$")
_START_S = 60.0
_SETTLE_S = TIMEOUT_S + 5
_EVERY_S = 0.1
_GAUGE = re.compile(r"^jitprep_requests_under_way (\S+)$", re.MULTILINE)
_WARNING = re.compile(r"^\S*(?:Error|Exception)\b|^Traceback|\"traceback\":|exception was never")


@dataclass(frozen=True)
class MountTable:
    """A mount of the configuration.

    Parameters
    ----------
    name, source, pipeline
        As in ``jitprep.toml``.
    """

    name: str
    source: str
    pipeline: str

    def lines(self, endpoint: str) -> Iterator[str]:
        """Yield its lines. A folder may be read without a key."""
        yield f"[mounts.{self.name}]"
        yield f"source = {json.dumps(self.source)}"  # JSON's strings are TOML's
        yield f"pipeline = {json.dumps(self.pipeline)}"
        if not self.source.startswith("s3://"):
            yield "anonymous = true"
            return
        yield f"endpoint = {json.dumps(endpoint)}"
        yield 'access_key_id = "env:SOAK_ID"'
        yield 'secret_access_key = "env:SOAK_SECRET"'


class ServerLog(Log):
    """The server's log, which is searched for secrets and for errors that nobody handled."""

    def __init__(self) -> None:
        super().__init__()
        self.tracebacks: list[str] = []

    def write(self, text: str) -> int:
        """Search some lines."""
        self.tracebacks += [line[:600] for line in text.splitlines() if _WARNING.search(line)]
        return super().write(text)


class ServerStage:
    """A server with its workers and the S3 behind it.

    Parameters
    ----------
    s3
        The S3.
    process
        The server's parent process, which was just started.
    log
        What it writes.
    """

    def __init__(self, s3: FaultyS3, process: subprocess.Popen[str], log: ServerLog) -> None:
        self.s3, self.log, self._process = s3, log, process
        self.url = watch(process, log)
        self.workers = Workers(b"spawn_main", process.pid)
        # One process of clients for all phases, since its imports take longer than a short phase.
        self.clients = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))

    @property
    def metrics(self) -> str:
        """The page of metrics."""
        return str(_get(f"{self.url}/metrics").data, "utf-8")

    def settled(self) -> int:
        """Wait until no request is under way, and return how many remain after the server's timeout."""
        end = time.monotonic() + _SETTLE_S
        while (number := _under_way(self.metrics)) and time.monotonic() < end:
            time.sleep(_EVERY_S)
        return number

    def wait_for_workers(self) -> None:
        """Wait until all workers answer."""
        end = time.monotonic() + _START_S
        while not self._is_up():
            if time.monotonic() > end:
                raise TimeoutError("the server's workers did not start")
            time.sleep(_EVERY_S)

    def _is_up(self) -> bool:
        try:
            if _get(f"{self.url}/readyz").status != 200:
                return False
        except urllib3.exceptions.HTTPError:
            return False
        # Each worker has a file of its own for the gauge once it has answered a request.
        return len(self.workers.descriptors()) >= WORKERS

    def end(self) -> tuple[int, float]:
        """Send SIGTERM, and return the exit status and how many seconds the end took."""
        start = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(TIMEOUT_S + PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        return status, time.monotonic() - start


@contextmanager
def server_stage(s3: FaultyS3, mounts: Sequence[MountTable]) -> Iterator[ServerStage]:
    """Start a server of these mounts, and end it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "jitprep.toml"
        path.write_text("\n".join(_configuration(s3, mounts)) + "\n")
        command = [sys.executable, "-m", "jitprep.server", "--config", str(path)]
        with subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", "0"],
            cwd=ROOT,
            env=os.environ | {"SOAK_ID": KEY, "SOAK_SECRET": SECRET, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                standing = ServerStage(s3, process, ServerLog())
                with standing.workers, standing.clients:
                    standing.wait_for_workers()
                    yield standing
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait()


def _configuration(s3: FaultyS3, mounts: Sequence[MountTable]) -> Iterator[str]:
    yield f"workers = {WORKERS}"
    yield f"timeout = {TIMEOUT_S}"
    for mount in mounts:
        yield from mount.lines(s3.url)
    yield "[keys.soak]"
    yield 'access_key_id = "env:SOAK_ID"'
    yield 'secret_access_key = "env:SOAK_SECRET"'
    yield 'mounts = ["*"]'


def watch(process: subprocess.Popen[str], log: ServerLog) -> str:
    """Return the URL that a server says, and write to the log what it says after that."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        if found := _AT.match(line):
            threading.Thread(target=_pump, args=(process.stdout, log), daemon=True).start()
            return found[1]
        said.append(line)
    raise RuntimeError(f"the server did not start: {''.join(said)}")


def _pump(lines: IO[str], log: ServerLog) -> None:
    with lines:
        for line in lines:
            log.write(line)


def _get(url: str) -> urllib3.BaseHTTPResponse:
    with urllib3.PoolManager() as pool:
        return pool.request("GET", url, retries=False, timeout=PATIENCE_S)


def _under_way(page: str) -> int:
    """Return the requests under way, without the one that asked."""
    found = _GAUGE.search(page)
    assert found is not None
    return int(float(found[1])) - 1
