"""The parent process: it makes the workers, replaces those that die, and ends them in order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from math import ceil
from pathlib import Path
from urllib.parse import quote

import uvicorn
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from jitprep.server.access import Access
from jitprep.server.configuration.page import page_of, share_token
from jitprep.server.configuration.settings import ServerSettings
from jitprep.server.metrics import FOLDER_VARIABLE
from jitprep.service.http.listening import url_at
from jitprep.service.settings import Settings
from preprocessing.available_memory import PROCESS_BYTES, memory

_BACKLOG = 2048
_KEEP_ALIVE_S = 75
# A worker that answers no ping for this long is replaced; a transform may hold the interpreter a while.
_HUNG_S = 30
# For the last answers to be sent, while the server drains.
_REPLY_S = 5


class _Worker(Process):
    """A worker that is asked whether it lives, and not waited for: a signal would wait too."""

    _asked_at: float | None = None

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, in the process of the worker, until a signal or the parent's end."""
        threading.Thread(target=_end_with_parent, daemon=True).start()
        super().target(sockets)

    def is_alive(self, timeout: float = _HUNG_S) -> bool:
        """Whether it runs, and answers within `timeout` seconds."""
        if not self.process.is_alive():
            return False
        try:
            if self._asked_at is None:
                self.parent_conn.send(b"ping")
                self._asked_at = time.monotonic()
            elif self.parent_conn.poll():
                self.parent_conn.recv()
                self._asked_at = None
        except (OSError, EOFError):
            return False
        return self._asked_at is None or time.monotonic() - self._asked_at < timeout


class _Workers(Multiprocess):
    """The workers, and this process's copy of their socket."""

    def init_processes(self) -> None:
        self.processes = [self._started() for _ in range(self.processes_num)]

    def keep_subprocess_alive(self) -> None:
        for number, process in enumerate(self.processes):
            if not process.is_alive():
                process.kill()
                process.join()
                self.processes[number] = self._started()

    def _started(self) -> Process:
        process = _Worker(self.config, self.sockets)
        process.start()
        return process

    def terminate_all(self) -> None:
        # While one copy is open, clients connect, and wait for workers that take no more.
        for sock in self.sockets:
            sock.close()
        super().terminate_all()

    def join_all(self) -> None:
        """Wait until the workers have answered what is under way, and end those that hang."""
        ends = time.monotonic() + (self.config.timeout_graceful_shutdown or 0) + _REPLY_S
        for worker in self.processes:
            worker.process.join(max(ends - time.monotonic(), 0))
            if worker.process.is_alive():
                worker.kill()
                worker.join()

    def handle_hup(self) -> None:
        """End, as the terminal does: uvicorn's new workers would be waited for."""
        self.handle_term()


def _end_with_parent() -> None:
    """Drain this worker once its parent has ended, however it did: nobody would replace or end it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def check() -> int:
    """Check the configuration, and print its mounts."""
    settings = ServerSettings.read()
    access = Access(settings.mounts)
    for name, mount in sorted(settings.mounts.items()):
        keyed = "with a key" if access.opens(name) else "which no key of [keys] may read"
        who = "anonymous" if mount.anonymous else keyed
        sys.stdout.write(f"{name}: {mount.url.place}/{mount.url.prefix}, {who}\n")
    return 0


def run_workers(sock: socket.socket, folder: Path) -> int:
    """Serve until SIGTERM or SIGINT.

    Parameters
    ----------
    sock : socket
        Bound, not yet listening.
    folder : Path
        For files that the workers share.

    Raises
    ------
    ValueError
        Where the configuration is wrong.
    """
    settings = ServerSettings.read()
    Access(settings.mounts)  # each worker reads the keys for itself
    _share(settings.workers, folder)
    if settings.play:
        share_token()
    sock.listen(_BACKLOG)
    _say(settings, sock)
    _Workers(
        uvicorn.Config(
            "jitprep.server.app:create_app",
            factory=True,
            workers=settings.workers,
            http="jitprep.server.exchange:BoundedHttp",
            ws="none",
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=_BACKLOG,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_longest(settings) + _REPLY_S,
        ),
        sockets=[sock],
    ).run()
    return 0


def _longest(settings: ServerSettings) -> int:
    """Return the seconds within which every request under way has its answer."""
    return ceil(max([mount.timeout_s for mount in settings.mounts.values()], default=0))


def _share(workers: int, folder: Path) -> None:
    """Give each worker one processor, and an equal share of the memory."""
    metrics = folder / "metrics"
    metrics.mkdir()
    os.environ[FOLDER_VARIABLE] = str(metrics)
    os.environ["JITPREP_CPUS"] = "1"
    if not Settings.read().text("memory"):
        # Half of a share is the transform's. The rest is for originals and answers on their way.
        share = (memory() + PROCESS_BYTES) // workers - PROCESS_BYTES
        os.environ["JITPREP_MEMORY"] = str(max(share, PROCESS_BYTES) // 2)


def _say(settings: ServerSettings, sock: socket.socket) -> None:
    """Print where the server listens, and a line to try for a folder."""
    url = url_at(sock)
    sys.stderr.write(f"serving {', '.join(sorted(settings.mounts))} at {url}\n")
    for name, mount in settings.mounts.items():
        if mount.url.scheme == "file" and mount.anonymous:
            keys = mount.first_keys(1)
            key = quote(keys[0]) if keys else "KEY"
            sys.stderr.write(f"try: curl -fo result {url}/{name}/{key}\n")
            break
    page = page_of(settings)
    if page is not None:
        sys.stderr.write(f"page: {page.url(url)}\n")
    sys.stderr.flush()
