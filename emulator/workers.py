"""Local workers: `python -m awslambdaric` processes, each behind a Runtime API of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emulator.functions import Died, Outcome, Raised, TimedOut

_TAIL_LINES = 20
_LONGEST_LINE = 64 * 1024
_GRACE_S = 1.0


@dataclass(frozen=True)
class WorkerCommand:
    """How a worker is started, and how long it may take over anything."""

    name: str
    arn: str
    handler: str
    task_root: Path
    env: Mapping[str, str] = field(repr=False)
    timeout: float


@dataclass(eq=False)
class Invocation:
    """One event on its way through a worker."""

    request_id: str
    payload: bytes
    outcome: asyncio.Future[Outcome]
    deadline_ms: int = 0

    def finish(self, outcome: Outcome) -> None:
        """Set the outcome, unless the reader has gone or the time was up before."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class Worker:
    """One process that runs the function, started again whenever it ends.

    The process takes its work through the Runtime API, which calls ``next`` and ``finish``. The
    socket that the API listens on belongs to this worker alone, so whoever calls is known.
    """

    def __init__(
        self, command: WorkerCommand, index: int, queue: asyncio.Queue[Invocation]
    ) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self.socket.getsockname()
        self.failure: Died | None = None
        self._command = command
        self._label = f"{command.name}[{index}]"
        self._queue = queue
        self._current: Invocation | None = None
        self._initialised = False
        self._process: Process | None = None
        self._exited = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._timed_out = False
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)

    async def run(self) -> None:
        """Keep a process running until cancelled."""
        failures = 0
        while True:
            await self._run_process()
            failures = 0 if self._initialised else failures + 1
            if not self._initialised:
                self.failure = self._died("could not start")
                self._refuse_waiting(self.failure)
            await asyncio.sleep(min(5.0, 0.1 * 2**failures) if failures else 0.0)

    async def next(self) -> Invocation | None:
        """Wait for the next invocation that somebody still wants; None once the process ended."""
        self._initialised, self.failure = True, None
        self._stop_timer()
        while not self._exited.is_set():
            invocation = await self._take()
            if invocation is not None and not invocation.outcome.done():
                self._begin(invocation)
                return invocation
        return None

    def finish(self, request_id: str, outcome: Outcome) -> bool:
        """Record how an invocation ended; False when it is not the one in hand."""
        if self._current is None or self._current.request_id != request_id:
            return False
        self._stop_timer()
        self._current.finish(outcome)
        self._current = None
        return True

    async def _take(self) -> Invocation | None:
        taken = asyncio.ensure_future(self._queue.get())
        exited = asyncio.ensure_future(self._exited.wait())
        try:
            await asyncio.wait({taken, exited}, return_when=asyncio.FIRST_COMPLETED)
            return taken.result() if taken.done() else None
        finally:
            taken.cancel()
            exited.cancel()

    def _begin(self, invocation: Invocation) -> None:
        self._current = invocation
        invocation.deadline_ms = int((time.time() + self._command.timeout) * 1000)
        self._start_timer()
        if self._exited.is_set():  # it ended in the very moment that it took the work
            self._lose_current()

    async def _run_process(self) -> None:
        self._initialised = self._timed_out = False
        self._exited.clear()
        self._tail.clear()
        self._process = await self._spawn()
        output = asyncio.create_task(self._pass_output(self._process))
        self._start_timer()
        try:
            await self._process.wait()
            # A child of the function may hold the pipe open for ever: do not wait for that.
            await asyncio.wait({output}, timeout=_GRACE_S)
        finally:
            self._stop_timer()
            await _end(self._process)
            output.cancel()
            self._exited.set()
        self._lose_current()

    async def _spawn(self) -> Process:
        host, port = self.address
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "awslambdaric",
            self._command.handler,
            env={**self._command.env, "AWS_LAMBDA_RUNTIME_API": f"{host}:{port}"},
            cwd=self._command.task_root,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,  # Ctrl-C is for the endpoint; it ends its workers itself
        )

    async def _pass_output(self, process: Process) -> None:
        assert process.stdout is not None
        rest = b""
        while chunk := await process.stdout.read(_LONGEST_LINE):
            # awslambdaric joins the lines of a traceback with carriage returns.
            *lines, rest = (rest + chunk).replace(b"\r", b"\n").split(b"\n")
            if len(rest) > _LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            self._show(lines)
        self._show([rest])

    def _show(self, lines: list[bytes]) -> None:
        texts = [line.decode(errors="replace") for line in lines if line.strip()]
        self._tail.extend(texts)
        sys.stdout.write("".join(f"{self._label} {text}\n" for text in texts))
        sys.stdout.flush()

    def _start_timer(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._command.timeout, self._time_out)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _time_out(self) -> None:
        self._timed_out = True
        if self._current is not None:
            self._current.finish(TimedOut(self._command.timeout))
            self._current = None
        if self._process is not None:
            _signal(self._process, signal.SIGKILL)

    def _lose_current(self) -> None:
        if self._current is not None:
            self._current.finish(self._died("ended while it ran"))
            self._current = None

    def _refuse_waiting(self, failure: Died) -> None:
        while not self._queue.empty():
            self._queue.get_nowait().finish(failure)

    def _died(self, what: str) -> Died:
        code = self._process.returncode if self._process else None
        reason = f"no answer within {self._command.timeout:g} s" if self._timed_out else _exit(code)
        tail = "\n".join(self._tail) or "(it wrote nothing)"
        return Died(
            f"Function {self._command.name} ({self._command.handler}) {what}: {reason}. "
            f"The last it wrote:\n{tail}"
        )

    def report_init_error(self, payload: bytes) -> None:
        """Record what the runtime says about an import that failed; the process ends next."""
        self._tail.append(str(Raised(payload).payload, errors="replace"))


def _exit(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit status {code}"


def _signal(process: Process, number: signal.Signals) -> None:
    # The process leads a session of its own, so this reaches its children too.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


async def _end(process: Process) -> None:
    """End a process and its children, gently first."""
    _signal(process, signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _GRACE_S)
    except TimeoutError:
        pass
    finally:
        _signal(process, signal.SIGKILL)
    await process.wait()
