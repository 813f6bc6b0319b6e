"""Clients that disconnect early, as training jobs do when they are stopped."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlsplit

from soak.load.clients import PATIENCE_S, Door, at_once
from soak.load.reads import Outcome, Read, Verdict, perform

_LONGEST_S = 0.5
_MOST_BYTES = 100_000


@dataclass(frozen=True)
class Leaving:
    """A GET whose client disconnects before the end.

    Parameters
    ----------
    read
        The request.
    after_s
        The time in seconds before the client disconnects.
    taken
        The number of bytes that the client reads before it disconnects; 0 if it goes by time.
    """

    read: Read
    after_s: float = 0.0
    taken: int = 0


def stay_or_leave_all(door: Door, jobs: Sequence[Read | Leaving], clients: int) -> list[Outcome]:
    """Do all jobs with several clients at once."""
    return at_once([door.client() for _ in range(clients)], jobs, stay_or_leave)


def some_leave(reads: Sequence[Read], seed: int) -> list[Read | Leaving]:
    """Make two clients of three disconnect: one after a time, one after some bytes."""
    random = Random(seed)
    jobs: list[Read | Leaving] = []
    for read in reads:
        by_clock = Leaving(read, after_s=random.uniform(0, _LONGEST_S))
        by_count = Leaving(read, taken=random.randrange(1, _MOST_BYTES))
        jobs.append(random.choice((read, by_clock, by_count)))
    return jobs


def stay_or_leave(s3: Any, job: Read | Leaving) -> Outcome:
    """Read and judge, or send the request and disconnect."""
    return perform(s3, job) if isinstance(job, Read) else _leave(s3, job)


def _leave(s3: Any, job: Leaving) -> Outcome:
    url = urlsplit(s3.generate_presigned_url("get_object", Params=dict(job.read.parameters)))
    head = f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((url.hostname, url.port), PATIENCE_S) as connection:
        connection.sendall(head.encode())
        time.sleep(job.after_s)
        left = job.taken
        try:
            while left > 0 and (chunk := connection.recv(min(left, 4096))):
                left -= len(chunk)
        except TimeoutError:
            return Outcome("left", Verdict.HUNG)
    # With unread bytes in the buffer the kernel resets the connection; otherwise it closes it in order.
    return Outcome("left", Verdict.RIGHT)
