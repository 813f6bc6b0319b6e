"""A running `jitprep serve`, its CPU clock, and lean clients that keep their connections alive."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bench.doors.cpu_time import cpu_s, peak_bytes

_URL = re.compile(r"at http://127\.0\.0\.1:(\d+)")
_MOUNT = """\
[mounts.{}]
source = "{}"
pipeline = "{}"
overrides = ["seed"]
anonymous = true
"""
_S3 = """\
endpoint = "{}"
region = "us-east-1"
access_key_id = "env:AWS_ACCESS_KEY_ID"
secret_access_key = "env:AWS_SECRET_ACCESS_KEY"
"""


def mount_toml(name: str, source: object, pipeline: str, endpoint: str | None = None) -> str:
    """Return the configuration of a mount that anyone may read; of an S3 store with its endpoint."""
    mount = _MOUNT.format(name, source, pipeline)
    return mount if endpoint is None else mount + _S3.format(endpoint)


@dataclass(frozen=True)
class Serving:
    """A server that runs.

    Parameters
    ----------
    port : int
    workers : tuple of int
        The process IDs of its workers.
    """

    port: int
    workers: tuple[int, ...]

    def cpu_s(self) -> float:
        """Return the CPU seconds of the workers so far."""
        return sum(map(cpu_s, self.workers))

    def peak_bytes(self) -> int:
        """Return the largest peak of a worker's resident memory."""
        return max(map(peak_bytes, self.workers))


@contextmanager
def serving(
    folder: Path, toml: str, workers: int, variables: Mapping[str, str] | None = None
) -> Iterator[Serving]:
    """Run a server with a configuration."""
    config = folder / "jitprep.toml"
    config.write_text(f"workers = {workers}\n{toml}")
    command = [sys.executable, "-m", "jitprep.server", "--config", str(config), "--port", "0"]
    child = subprocess.Popen(
        [*command, "--host", "127.0.0.1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(variables or {})},
    )
    assert child.stderr is not None
    try:
        yield Serving(port := _port(child.stderr), _workers(child.pid, port, workers))
    finally:
        child.terminate()
        child.wait(30)
        child.stderr.close()


def _port(stderr: IO[str]) -> int:
    said = ""
    for line in stderr:
        said += line
        if found := _URL.search(line):
            return int(found[1])
    raise RuntimeError(f"the server did not start: {said}")


def _workers(parent: int, port: int, number: int) -> tuple[int, ...]:
    """Return the workers, once they answer."""
    for _ in range(600):
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        found = [
            int(pid)
            for pid in children
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        if len(found) == number and _is_ready(port):
            return tuple(found)
        time.sleep(0.1)
    raise RuntimeError("the workers do not answer")


def _is_ready(port: int) -> bool:
    client = http.client.HTTPConnection("127.0.0.1", port)
    try:
        return read(client, "/readyz") == b"ok\n"
    except OSError:
        return False
    finally:
        client.close()


def read(client: http.client.HTTPConnection, path: str) -> bytes:
    """Read a path."""
    client.request("GET", path)
    response = client.getresponse()
    body = response.read()
    if response.status != 200:
        raise RuntimeError(f"{path}: {response.status} {body[:300]!r}")
    return body


def read_batch(client: http.client.HTTPConnection, mount: str, keys: Sequence[str]) -> list[bytes]:
    """Read many objects of a mount by one request."""
    client.request("POST", f"/_batch/{mount}", json.dumps({"keys": list(keys)}))
    response, rows = client.getresponse(), []
    for _ in keys:
        line = json.loads(response.readline())
        if line["statusCode"] != 200:
            raise RuntimeError(str(line))
        rows.append(response.read(line["bytes"]))
    if json.loads(response.readline()) != {"rows": len(keys), "failed": 0}:
        raise RuntimeError("the batch ended early")
    response.read()
    return rows
