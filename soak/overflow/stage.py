"""The server of an overflow, which may be killed, behind a proxy that fails on request."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from soak.server.stage import ServerLog, watch
from soak.stage import ROOT, FaultyProxy, faulty_proxy

_MOUNT = "photos"


class OverflowStage:
    """A server of one folder, and the proxy in front of it.

    Parameters
    ----------
    config
        Path of the server's configuration.
    port
        Where it listens.
    proxy
        The proxy.
    """

    def __init__(self, config: Path, port: int, proxy: FaultyProxy) -> None:
        self.proxy = proxy
        self.address = f"{proxy.url}/{_MOUNT}"
        self._config, self._port = config, port
        self._server = self._started()

    def restart(self) -> None:
        """Kill the server and start another one."""
        self.end(signal.SIGKILL)
        self._server = self._started()

    def end(self, number: int = signal.SIGTERM) -> None:
        """End the server with all of its processes."""
        os.killpg(self._server.pid, number)
        self._server.wait()

    def _started(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "jitprep.server", "--config", str(self._config)]
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(self._port)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        watch(process, ServerLog())
        return process


@contextmanager
def overflow_stage(folder: Path, photographs: Path, pipeline: str) -> Iterator[OverflowStage]:
    """Start a server of the photographs and its proxy, and end them; `folder` has the configuration."""
    config = folder / "jitprep.toml"
    config.write_text(
        f"workers = 1\n[mounts.{_MOUNT}]\nsource = {json.dumps(str(photographs))}\n"
        f'pipeline = {json.dumps(pipeline)}\noverrides = ["seed"]\nanonymous = true\n'
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    with faulty_proxy(port) as proxy:
        stage = OverflowStage(config, port, proxy)
        try:
            yield stage
        finally:
            stage.end()
