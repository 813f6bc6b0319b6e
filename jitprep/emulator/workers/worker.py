"""A local worker, which takes invocations through the Runtime API and restarts its process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from jitprep.emulator.sockets import open_socket
from jitprep.emulator.workers.function import Died, InvocationOutcome, TimedOut
from jitprep.emulator.workers.worker_process import WorkerCommand, WorkerProcess

_LONGEST_PAUSE_S = 5.0


@dataclass(eq=False)
class Invocation:
    """One event on its way through a worker."""

    request_id: str
    payload: bytes
    outcome: asyncio.Future[InvocationOutcome]
    deadline_ms: int = 0

    @property
    def wanted(self) -> bool:
        """Whether the caller still waits for the outcome."""
        return not self.outcome.done()

    def finish(self, outcome: InvocationOutcome) -> None:
        """Set the outcome, if it is still wanted."""
        if self.wanted:
            self.outcome.set_result(outcome)


class Worker:
    """A worker that runs the function, one invocation at a time.

    Its Runtime API listens on ``socket``, which only this worker uses. The endpoint therefore knows
    which worker calls, and can fail the invocation of a worker that dies.

    Parameters
    ----------
    command
        The command to run.
    index
        The worker's number among those of its function.
    queue
        The queue of invocations, which all workers share.
    on_failure
        Called when the process ended before it asked for an event.
    """

    def __init__(
        self,
        command: WorkerCommand,
        index: int,
        queue: asyncio.Queue[Invocation],
        on_failure: Callable[[], None],
    ) -> None:
        self.command = command
        self.socket = open_socket("127.0.0.1", 0)
        self.failure: Died | None = None
        self._label = f"{command.function_name}[{index}]"
        self._queue = queue
        self._on_failure = on_failure
        self._process: WorkerProcess | None = None
        self._initialised = False
        self._overdue = False
        self._current: Invocation | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def address(self) -> tuple[str, int]:
        """The host and port of this worker's Runtime API."""
        host, port = self.socket.getsockname()
        return host, port

    async def run(self) -> None:
        """Keep a process running until this is cancelled."""
        failures = 0
        while True:
            started = await self._run_process()
            failures = 0 if started else failures + 1
            if failures:
                self._on_failure()
                await asyncio.sleep(min(_LONGEST_PAUSE_S, 0.1 * 2**failures))

    async def next(self) -> Invocation | None:
        """Wait for an invocation; return None once the process that asked for it has ended."""
        process = self._process
        self._initialised = True
        self.failure = None
        self._finish_current(
            self._died("asked for the next event without a response to the last one.")
        )
        while process is not None and not process.exited.is_set():
            invocation = await self._take(process)
            if invocation is not None and invocation.wanted:
                return self._begin(invocation)
        return None

    def finish(self, request_id: str, outcome: InvocationOutcome) -> bool:
        """Record the outcome of an invocation; return False if it is not the current one."""
        if self._current is None or self._current.request_id != request_id:
            return False
        self._finish_current(outcome)
        return True

    def abandon(self, reason: str) -> None:
        """Fail the current invocation."""
        if self._current is not None:
            self._current.finish(Died(reason))

    async def _run_process(self) -> bool:
        """Run one process to its end; return whether it ever asked for an event."""
        host, port = self.address
        self._initialised = self._overdue = False
        try:
            process = await WorkerProcess.start(self._label, self.command, f"{host}:{port}")
        except OSError as error:
            self.failure = self._died(f"could not start: {error}")
            return False
        self._process = process
        self._start_timer()
        try:
            await process.run()
        finally:
            self._finish_current(self._died(f"ended while it ran: {process.last_words}"))
        if not self._initialised:
            late = f" within {self.command.timeout:g} s" if self._overdue else ""
            self.failure = self._died(f"could not start{late}: {process.last_words}")
        return self._initialised

    async def _take(self, process: WorkerProcess) -> Invocation | None:
        taken = asyncio.ensure_future(self._queue.get())
        exited = asyncio.ensure_future(process.exited.wait())
        try:
            await asyncio.wait({taken, exited}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            exited.cancel()
            if not taken.done():
                taken.cancel()
            elif process.exited.is_set():  # leave the invocation to another worker
                self._queue.put_nowait(taken.result())
        return None if process.exited.is_set() or not taken.done() else taken.result()

    def _begin(self, invocation: Invocation) -> Invocation:
        invocation.deadline_ms = int((time.time() + self.command.timeout) * 1000)
        self._current = invocation
        self._start_timer()
        return invocation

    def _finish_current(self, outcome: InvocationOutcome) -> None:
        self._stop_timer()
        if self._current is not None:
            self._current.finish(outcome)
            self._current = None

    def _start_timer(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.command.timeout, self._time_out)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _time_out(self) -> None:
        self._overdue = True
        self._finish_current(TimedOut(self.command.timeout))
        if self._process is not None:
            self._process.kill()

    def _died(self, what: str) -> Died:
        return Died(f"Function {self.command.function_name} ({self.command.handler}) {what}")
