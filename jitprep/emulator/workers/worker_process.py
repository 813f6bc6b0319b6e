"""A process that runs the function, and its output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from jitprep.emulator.workers.child import child_command
from jitprep.emulator.workers.snapshot import CREDENTIALS_PATH, Snapshot

_TAIL_LINES = 20
_LONGEST_LINE = 64 * 1024
_GRACE_S = 1.0


@dataclass(frozen=True)
class WorkerCommand:
    """How a worker is started, and how long it may take to start or to answer.

    Parameters
    ----------
    function_name, function_arn, handler
        The function, and its entry point as ``module.function``.
    runtime_client
        The module of the client of the Runtime API, which is run with the handler as argument.
    task_root, folder
        The folder that ``handler`` is imported from, and the process's current folder.
    timeout
        Seconds that it may take to start, and to answer one event.
    env, output
        Its environment, and where the lines go that it writes; None is standard output.
    concurrency
        The number of children that take events at the same time; None if it takes them itself.
    stream_rate
        Bytes per second of a streamed response after its first 6 MB; unlimited if None.
    snapshot
        What SnapStart adds; None without it.
    """

    function_name: str
    function_arn: str
    handler: str
    runtime_client: str
    task_root: Path
    folder: Path
    timeout: float
    env: Mapping[str, str] = field(repr=False)
    output: TextIO | None = None
    concurrency: int | None = None
    stream_rate: float | None = None
    snapshot: Snapshot | None = field(default=None, repr=False)


class WorkerProcess:
    """One process of a client of the Runtime API, from its start to its end.

    Its output goes to the command's ``output``, each line prefixed with ``label``.
    """

    def __init__(self, label: str, process: Process, output: TextIO | None) -> None:
        self.exited = asyncio.Event()
        self._label = label
        self._process = process
        self._output = output
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)

    @classmethod
    async def start(cls, label: str, command: WorkerCommand, runtime_api: str) -> WorkerProcess:
        """Start the function's process, which takes its events from ``runtime_api``, host:port."""
        process = await asyncio.create_subprocess_exec(
            *child_command(command.task_root, command.runtime_client, command.handler),
            env={**command.env, **_addresses(command, runtime_api)},
            cwd=command.folder,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,  # Ctrl-C must reach the endpoint only, which ends its workers
        )
        return cls(label, process, command.output)

    async def run(self) -> None:
        """Forward the output until the process ends; cancelling this ends the process."""
        output = asyncio.create_task(self._pass_output())
        try:
            await self._process.wait()
            self.exited.set()
            # A child of the function may keep the pipe open, so the wait is limited.
            await asyncio.wait({output}, timeout=_GRACE_S)
        finally:
            await self._end()
            output.cancel()
            self.exited.set()

    def kill(self) -> None:
        """Kill the process and its children."""
        self._signal(signal.SIGKILL)

    @property
    def last_words(self) -> str:
        """How the process ended, and the last lines that it wrote."""
        code = self._process.returncode
        killed = code is not None and code < 0
        how = f"killed by {signal.Signals(-code).name}" if code and killed else f"status {code}"
        tail = "\n".join(self._tail) or "nothing"
        return f"the process ended ({how}). Its last output was:\n{tail}"

    async def _pass_output(self) -> None:
        stdout = self._process.stdout
        rest = b""
        while stdout is not None and (chunk := await stdout.read(_LONGEST_LINE)):
            # awslambdaric joins the lines of a traceback with carriage returns.
            *lines, rest = (rest + chunk).replace(b"\r", b"\n").split(b"\n")
            if len(rest) > _LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            self._show(lines)
        self._show([rest])

    def _show(self, lines: list[bytes]) -> None:
        texts = [line.decode(errors="replace") for line in lines if line.strip()]
        self._tail.extend(texts)
        output = self._output or sys.stdout  # looked up late, because a test may have replaced it
        # If the stream is closed, the function must keep running.
        with contextlib.suppress(OSError, ValueError):
            output.write("".join(f"{self._label} {text}\n" for text in texts))
            output.flush()

    def _signal(self, number: signal.Signals) -> None:
        # The process leads its own session, so this reaches its children too.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    async def _end(self) -> None:
        if self._process.returncode is None:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _GRACE_S)
        self._signal(signal.SIGKILL)
        await self._process.wait()


def _addresses(command: WorkerCommand, runtime_api: str) -> dict[str, str]:
    addresses = {"AWS_LAMBDA_RUNTIME_API": runtime_api}
    if command.snapshot is not None:
        url = f"http://{runtime_api}{CREDENTIALS_PATH}"
        addresses["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url
    return addresses
