"""Workers of a function that Lambda sends several invocations at once, as on Managed Instances.

Each worker is a process with one invocation at a time. They are forked once the handler is loaded, so
that they share the memory of all that it has imported. This process only watches them: it replaces those
that end, and ends with them.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from handler.runtime import restore
from handler.runtime.log import write_log_line
from handler.runtime_client.connection import RuntimeApi
from handler.runtime_client.failures import describe_error
from handler.runtime_client.invocations import StreamHandler
from handler.runtime_client.process import (
    FAILED,
    INIT_FAILED,
    load_handler,
    report_init_failure,
    run_process,
)
from jitprep.service.settings import Settings
from preprocessing.own_steps.loading import steps_are_declared

# Between the ends of a worker that answered nothing, and how often in a row each may end so.
_PAUSE_S, _LONGEST_PAUSE_S, _MOST_FAILURES = 0.1, 10.0, 5
# Where Lambda collects the log lines of each worker; AWS's own client reads the same variable.
_LOG_SOCKET = "_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET"
_ENDS = frozenset({signal.SIGTERM, signal.SIGINT})
_SIGNALS = _ENDS | {signal.SIGCHLD}
_PR_SET_PDEATHSIG = 1


def supervise_workers(
    address: str, number: int, load: Callable[[], StreamHandler] = load_handler
) -> int:
    """Run workers until SIGTERM, which lets each answer its invocation; return the exit status.

    Parameters
    ----------
    address : str
        Of the Runtime API.
    number : int
        Of workers.
    load : callable
        Returns the handler.
    """
    api = RuntimeApi(address)
    try:
        if _may_load_before_fork():
            load()
    except Exception as error:  # whatever it is, Lambda is to show it
        report_init_failure(api, error)
        return INIT_FAILED
    api.close()
    return _Workers(address, number, load).run()


def _may_load_before_fork() -> bool:
    """Return whether all that is loaded is ours, and safe to fork: no threads and no connections.

    Modules of the operator's own steps may have both. Each worker then loads them by itself.
    """
    return not Settings.read().words("steps") and not steps_are_declared()


class _Workers:
    """The worker processes, by their numbers."""

    def __init__(self, address: str, number: int, load: Callable[[], StreamHandler]) -> None:
        self._address, self._load = address, load
        self._parent = os.getpid()
        self._running: dict[int, int] = {}
        self._due = dict.fromkeys(range(number), 0.0)
        self._failures = [0] * number
        # A byte per worker, in memory that it shares with this process: whether it answered anything.
        self._answered = mmap.mmap(-1, number)
        self._status: int | None = None

    def run(self) -> int:
        """Watch the workers until all have ended; return the exit status."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        while self._status is None or self._running:
            self._start_due()
            pause = min(self._due.values(), default=time.monotonic() + 3600) - time.monotonic()
            came = signal.sigtimedwait(_SIGNALS, max(pause, 0))
            if came is not None and came.si_signo in _ENDS:
                self._end(0)
            self._reap()
        return self._status

    def _start_due(self) -> None:
        for number in [n for n, at in self._due.items() if at <= time.monotonic()]:
            del self._due[number]
            self._answered[number] = 0
            pid = os.fork()
            if pid == 0:
                self._work(number)
            self._running[pid] = number

    def _end(self, status: int) -> None:
        """Ask all workers to end, and start no others."""
        if self._status is None:
            self._status = status
            self._due.clear()
        for pid in self._running:
            os.kill(pid, signal.SIGTERM)

    def _reap(self) -> None:
        while self._running:
            pid, waited = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            if pid in self._running:
                self._ended(pid, self._running.pop(pid), os.waitstatus_to_exitcode(waited))

    def _ended(self, pid: int, number: int, code: int) -> None:
        if self._status is not None:
            return
        failures = 0 if self._answered[number] else self._failures[number] + 1
        self._failures[number] = failures
        pause = min(_PAUSE_S * 2**failures, _LONGEST_PAUSE_S) if failures else 0.0
        lost = code == INIT_FAILED or min(self._failures) >= _MOST_FAILURES
        next_step = "the function ends" if lost else f"another starts in {pause:g} s"
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        members = {"worker": number, "errorMessage": f"worker {pid} {how}; {next_step}"}
        write_log_line("ERROR", members)
        if lost:
            self._end(FAILED)
        else:
            self._due[number] = time.monotonic() + pause

    def _work(self, number: int) -> NoReturn:
        """Be a worker, in a process of its own."""
        status = FAILED
        try:
            _end_with(self._parent)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            if path := os.environ.get(_LOG_SOCKET):
                _log_to(path)
            restore.reseed()
            answered = lambda: self._answered.__setitem__(number, 1)  # noqa: E731
            status = run_process(RuntimeApi(self._address), self._load, answered)
        except BaseException as error:
            write_log_line("ERROR", {"worker": number, **describe_error(error)})
        finally:
            with suppress(Exception):
                sys.stdout.flush()
            os._exit(status)  # what its parent registered to run at its end is not for this process


def _end_with(parent: int) -> None:
    """Let the system kill this process once its parent has ended, however that came."""
    prctl = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before
        os._exit(FAILED)


def _log_to(path: str) -> None:
    """Write standard output and standard error to a stream that Lambda's socket gives."""
    for descriptor in (1, 2):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
            stream.connect(path)
            os.dup2(stream.fileno(), descriptor)
