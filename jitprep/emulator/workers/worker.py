"""A local worker, which takes invocations through the Runtime API and restarts its process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from jitprep.emulator.http_protocol import ClientConnection
from jitprep.emulator.sockets import open_socket
from jitprep.emulator.workers.function import Died, FunctionOutcome, TimedOut
from jitprep.emulator.workers.invocation import Invocation
from jitprep.emulator.workers.worker_process import WorkerCommand, WorkerProcess

_LONGEST_PAUSE_S = 5.0


class Worker:
    """A process that runs the function: Lambda's execution environment.

    Its Runtime API listens on ``socket``, which only this worker uses. The endpoint therefore knows
    which worker calls, and can fail the invocation of a worker that dies.

    Without ``command.concurrency`` the process runs one invocation at a time, and is killed when
    that exceeds its timeout. With it, the process has that many children, which ask for events at
    the same time. Each takes its events and posts its responses on one connection, so the end of
    that connection means that the child has ended. A timeout then fails only its own invocation, as
    on Lambda Managed Instances.

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
        self._stuck = False
        self._waiting = 0
        self._taken: dict[ClientConnection | None, Invocation] = {}
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

    async def next(self, connection: ClientConnection) -> Invocation | None:
        """Wait for an invocation; return None once the process that asked for it has ended."""
        process = self._process
        caller = connection if self.command.concurrency else None
        self._initialised = True
        self.failure = None
        self._end(caller, "asked for the next event without a response to the last one.")
        self._waiting += 1
        self._watch()
        try:
            while process is not None and not _gone(process, connection):
                invocation = await self._take(process, connection)
                if invocation is not None and invocation.wanted:
                    return self._begin(invocation, caller)
        finally:
            self._waiting -= 1
            self._watch()
        return None

    async def restore(self) -> None:
        """Wait until the process is to be restored from its snapshot, or has ended."""
        process, snapshot = self._process, self.command.snapshot
        if process is None or snapshot is None:
            return
        self._waiting += 1
        self._watch()
        ends = {asyncio.create_task(event.wait()) for event in (snapshot.needed, process.exited)}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            snapshot.restored = snapshot.restored or snapshot.needed.is_set()
        finally:
            for end in ends:
                end.cancel()
            self._waiting -= 1
            self._watch()

    def invocation(self, request_id: str) -> Invocation | None:
        """Return the invocation of that ID that the process has taken and not finished."""
        found = (one for one in self._taken.values() if one.request_id == request_id)
        return next(found, None)

    def finish(self, invocation: Invocation, outcome: FunctionOutcome) -> None:
        """Record the outcome of an invocation that the process has taken."""
        invocation.finish(outcome)
        self._taken = {by: one for by, one in self._taken.items() if one is not invocation}
        self._watch()

    def abandon(self, reason: str) -> None:
        """Fail the invocations that run."""
        for invocation in self._taken.values():
            invocation.finish(Died(reason))

    async def _run_process(self) -> bool:
        """Run one process to its end; return whether it ever asked for an event."""
        host, port = self.address
        self._initialised = self._stuck = False
        try:
            process = await WorkerProcess.start(self._label, self.command, f"{host}:{port}")
        except OSError as error:
            self.failure = self._died(f"could not start: {error}")
            return False
        self._process = process
        self._watch()
        try:
            await process.run()
        finally:
            self._process = None
            for caller in list(self._taken):
                self._end(caller, f"ended while it ran: {process.last_words}")
            self._watch()
        if not self._initialised:
            late = f" within {self.command.timeout:g} s" if self._stuck else ""
            self.failure = self._died(f"could not start{late}: {process.last_words}")
        return self._initialised

    async def _take(
        self, process: WorkerProcess, connection: ClientConnection
    ) -> Invocation | None:
        taken = asyncio.ensure_future(self._queue.get())
        exited = asyncio.ensure_future(process.exited.wait())
        try:
            ends: list[asyncio.Future[Any]] = [taken, exited, connection.closed]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            exited.cancel()
            if not taken.done():
                taken.cancel()
            elif _gone(process, connection):  # leave the invocation to another worker
                self._queue.put_nowait(taken.result())
        return None if _gone(process, connection) or not taken.done() else taken.result()

    def _begin(self, invocation: Invocation, caller: ClientConnection | None) -> Invocation:
        timeout = self.command.timeout
        invocation.deadline_ms = int((time.time() + timeout) * 1000)
        loop = asyncio.get_running_loop()
        invocation.timer = loop.call_later(timeout, self._time_out, invocation)
        self._taken[caller] = invocation
        if caller is not None:
            caller.closed.remove_done_callback(self._lose)  # there is one for each connection
            caller.closed.add_done_callback(self._lose)
        return invocation

    def _lose(self, closed: asyncio.Future[None]) -> None:
        """Fail the invocation of a connection that was closed, unless it streams on another."""
        for caller, invocation in list(self._taken.items()):
            if caller is not None and caller.closed is closed and invocation.stream is None:
                self._end(
                    caller, "lost the process that ran it, without an answer. Its log may say why."
                )

    def _end(self, caller: ClientConnection | None, what: str) -> None:
        """Fail the invocation that a caller has not finished."""
        if caller in self._taken:
            self.finish(self._taken[caller], self._died(what))

    def _time_out(self, invocation: Invocation) -> None:
        invocation.finish(TimedOut(self.command.timeout))
        if self.command.concurrency:
            self._watch()  # Lambda Managed Instances lets the code run on
        elif self._process is not None:
            self._process.kill()

    def _watch(self) -> None:
        """Give the process ``timeout`` seconds to ask for an event, unless it does or works."""
        busy = self._waiting or any(not one.overdue for one in self._taken.values())
        if self._process is None or busy:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self.command.timeout, self._kill_stuck)

    def _kill_stuck(self) -> None:
        self._stuck = True
        self._timer = None
        if self._process is not None:
            self._process.kill()

    def _died(self, what: str) -> Died:
        return Died(f"Function {self.command.function_name} ({self.command.handler}) {what}")


def _gone(process: WorkerProcess, connection: ClientConnection) -> bool:
    return process.exited.is_set() or connection.closed.done()
