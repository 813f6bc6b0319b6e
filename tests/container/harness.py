"""Docker and `jitprep up` as the container tests use them."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
JITPREP = str(Path(sys.executable).with_name("jitprep"))
INVOKE = "/2015-03-31/functions/function/invocations"


def command(*arguments: str, timeout: float = 60, env: Mapping[str, str] | None = None) -> str:
    """Run a command in the checkout and return its output; fail the test if the command fails."""
    done = subprocess.run(
        arguments, check=False, capture_output=True, text=True, timeout=timeout, cwd=ROOT, env=env
    )
    if done.returncode:
        pytest.fail(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def docker(*arguments: str, timeout: float = 60) -> str:
    return command("docker", *arguments, timeout=timeout)


def answers(url: str) -> bool:
    """Return whether an HTTP server answers at this URL."""
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError as error:
        error.close()
    except OSError:
        return False
    return True


def wait_until(true: Callable[[], bool], say: Callable[[], str], seconds: float = 60) -> None:
    """Wait until a condition is true; fail with the output of ``say`` after a timeout."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"Timed out after {seconds:g} s. The log:\n{say()}")
        time.sleep(0.05)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@dataclass(frozen=True)
class Container:
    id: str

    @property
    def url(self) -> str:
        """The URL of the published port 8080 on this machine."""
        return f"http://127.0.0.1:{docker('port', self.id, '8080').splitlines()[0].split(':')[-1]}"

    def logs(self) -> str:
        return subprocess.run(
            ["docker", "logs", self.id],
            check=True,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ).stdout

    def processes(self) -> str:
        return docker("top", self.id, "-o", "pid,args")

    def state(self, field: str) -> str:
        return docker("inspect", "--format", "{{.State." + field + "}}", self.id)

    def wait_until_it_listens(self) -> None:
        url = self.url
        wait_until(lambda: answers(url), self.logs)

    def invoke(self, payload: bytes) -> bytes:
        request = urllib.request.Request(self.url + INVOKE, data=payload)
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.read()


@contextmanager
def container(image: str, *options: str, arguments: Sequence[str] = ()) -> Iterator[Container]:
    """``docker run --detach OPTIONS IMAGE ARGUMENTS``, removed at the end."""
    identifier = docker("run", "--detach", *options, image, *arguments)
    try:
        yield Container(identifier)
    finally:
        docker("rm", "--force", identifier)


@contextmanager
def jitprep_up(log: Path, port: int, *options: str) -> Iterator[str]:
    """``jitprep up --port PORT OPTIONS`` until the block ends; yields its URL."""
    url = f"http://127.0.0.1:{port}"
    if answers(url):
        pytest.fail(f"{url} is in use; stop that server and run the tests again.")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [JITPREP, "up", "--port", str(port), *options], stdout=output, stderr=output, cwd=ROOT
        )
    try:
        wait_until(lambda: process.poll() is not None or answers(url), log.read_text)
        if process.poll() is not None:
            pytest.fail(f"jitprep up ended at once. It said:\n{log.read_text()}")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def python_image() -> str:
    """The Python base that the Dockerfile names."""
    default = re.search(r"^ARG PYTHON_IMAGE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.M)
    assert default
    return default[1]
