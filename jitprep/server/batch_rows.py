"""The objects of one batch: threads make them side by side, and the loop takes them in order.

A thread makes one object after the other for a moment, and then gives its place to other requests. To
hand over each object by itself would cost as much as a small photograph's pixels.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from functools import partial
from threading import Lock

from jitprep.server.configuration.mounts import Mount
from jitprep.server.exchange import Exchange
from jitprep.server.work import ClientGone, Work
from jitprep.service.deadline import Deadline
from jitprep.service.dispatch import dispatch
from jitprep.service.messages import ObjectRequest, Response
from jitprep.service.request_metrics import RequestMetrics
from preprocessing.frozen import frozen

# Threads of one batch: while one of them transforms, the others fetch. Files need no waiting.
_THREADS, _THREADS_OF_FILES = 8, 2
# How long a thread makes objects before it gives its place to others.
_SLICE_S = 0.05
# What may be made before its turn to be sent: objects, and bytes after which no other is begun.
_AHEAD, _AHEAD_BYTES = 16, 16 * 2**20


@frozen
class BatchRow:
    """An object of a batch, and the answer to it."""

    request: ObjectRequest
    response: Response
    metrics: RequestMetrics


# A request, and its place in the batch.
_Taken = tuple[int, ObjectRequest]


class _Job:
    """A thread's slice of a batch, and the request that it is at."""

    def __init__(self, taken: _Taken, deadline: Deadline) -> None:
        self.taken, self.deadline = taken, deadline
        self.until = time.monotonic() + _SLICE_S


class BatchRows:
    """The rows of one batch.

    Parameters
    ----------
    requests : iterator of ObjectRequest
    mount : Mount
    work : Work
    exchange : Exchange
    """

    def __init__(
        self, requests: Iterator[ObjectRequest], mount: Mount, work: Work, exchange: Exchange
    ) -> None:
        self._requests = enumerate(requests)
        self._mount, self._work, self._exchange = mount, work, exchange
        self._loop = asyncio.get_running_loop()
        self._lock = Lock()
        self._made: dict[int, BatchRow] = {}
        self._held = self._sent = self._taken = 0
        self._ended = False  # whether every request was taken
        self._closed = False  # whether the rest is given up
        self._arrived, self._room = asyncio.Event(), asyncio.Event()

    async def in_order(self) -> AsyncGenerator[BatchRow]:
        """Yield the rows in order of the requests.

        Raises
        ------
        ClientGone
            Where the client left. What is under way is then given up, as it is where nobody iterates on.
        """
        number = _THREADS_OF_FILES if self._mount.url.scheme == "file" else _THREADS
        makers = [asyncio.ensure_future(self._make()) for _ in range(number)]
        for end in (*makers, self._exchange.gone):
            end.add_done_callback(lambda _: self._arrived.set())
        try:
            while not (self._ended and self._sent == self._taken):
                row = self._made.pop(self._sent, None)
                if row is not None:
                    with self._lock:
                        self._held -= row.response.body_bytes
                        self._sent += 1
                    try:
                        yield row
                    finally:
                        self._work.give(row.response.body_bytes)
                    self._room.set()
                    continue
                self._arrived.clear()
                if self._exchange.gone.done():  # also where the makers still wait for a thread
                    raise ClientGone
                if self._sent not in self._made:
                    await self._arrived.wait()
                for maker in makers:
                    if maker.done():
                        maker.result()
        finally:
            for maker in makers:
                maker.cancel()
            await asyncio.gather(*makers, return_exceptions=True)
            with self._lock:  # a thread that was given up may still make a row
                self._closed = True
                self._work.give(self._held)

    async def _make(self) -> None:
        """Make rows, a slice at a time, until all are taken."""
        while not self._ended:
            deadline = Deadline(time.monotonic() + self._mount.timeout_s)
            taken = self._take()
            if taken is None:
                self._room.clear()
                if not self._ended and not self._may_take():
                    await self._room.wait()
                continue
            job = _Job(taken, deadline)
            try:
                await self._work.run_when_free(partial(self._run, job), deadline, self._exchange)
            except ClientGone:
                raise
            except Exception as error:  # it fails this object only
                self._put(job, metrics := RequestMetrics(), metrics.refusal(error))

    def _run(self, job: _Job) -> None:
        """Make rows in this thread until its slice is over."""
        mount = self._mount
        while True:
            metrics = RequestMetrics()
            try:
                request = job.taken[1]
                response = dispatch(request, mount, mount.policy, job.deadline, metrics)
            except Exception as error:  # it fails this object only
                response = metrics.refusal(error)
            self._put(job, metrics, response)
            taken = self._take() if time.monotonic() < job.until else None
            if taken is None:
                return
            job.taken = taken

    def _may_take(self) -> bool:
        ahead = self._taken - self._sent
        return ahead == 0 or (
            ahead < _AHEAD and self._held <= _AHEAD_BYTES and self._work.may_go_ahead
        )

    def _take(self) -> _Taken | None:
        """Return the next request and its place; None where there is none, or no room for it."""
        with self._lock:
            if not self._may_take():
                return None
            for taken in self._requests:
                self._taken += 1
                return taken
            self._ended = True
            return None

    def _put(self, job: _Job, metrics: RequestMetrics, response: Response) -> None:
        """Hand a row over, unless it was given up and answered before."""
        place, request = job.taken
        with self._lock:
            if self._closed or place < self._sent or place in self._made:
                return
            self._work.take(response.body_bytes)
            self._made[place] = BatchRow(request, response, metrics)
            self._held += response.body_bytes
        if place == self._sent:
            self._loop.call_soon_threadsafe(self._arrived.set)
