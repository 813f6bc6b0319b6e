"""A scripted Runtime API, and runtime clients that run a handler of these tests against it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest

from handler.runtime_client.connection import RuntimeApi
from handler.runtime_client.invocations import run_invocations

from ...paths import ROOT
from .runtime_api import ScriptedRuntimeApi


@pytest.fixture
def api() -> Iterator[ScriptedRuntimeApi]:
    made = ScriptedRuntimeApi()
    yield made
    made.close()


@pytest.fixture
def in_thread(api: ScriptedRuntimeApi) -> Iterator[Callable[[Any], None]]:
    """Run the loop with a handler, in a thread of this process, until the test ends."""
    readable, writable = os.pipe()
    threads = []

    def start(handler: Any) -> None:
        client = RuntimeApi(api.address)
        thread = threading.Thread(target=run_invocations, args=(client, handler, readable))
        threads.append((thread, client))
        thread.start()

    yield start
    os.write(writable, b"end")
    for thread, client in threads:
        thread.join(timeout=20)
        assert not thread.is_alive()
        client.close()
    os.close(readable)
    os.close(writable)


@pytest.fixture
def process(api: ScriptedRuntimeApi) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python code in a process of its own, with the environment of a function."""
    started = []

    def start(code: str, env: Mapping[str, str] = {}) -> subprocess.Popen[str]:
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_REGION": "us-east-1",
            "PYTHONPATH": str(ROOT),
            **env,
        }
        made = subprocess.Popen(
            [sys.executable, "-c", code],
            env=env,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(made)
        return made

    yield start
    for made in started:
        with suppress(ProcessLookupError):
            os.killpg(made.pid, signal.SIGKILL)
        made.communicate()
