"""`Balance`: what a loader learns of its workers and its overflow, and what it wants of the overflow."""

from __future__ import annotations

from jitprep.reader.loading.overflow.demand import Demand
from jitprep.reader.loading.tasks import LoadTask, TaskBegun, TaskResult


class Balance:
    """Measurements of a running loader with an overflow.

    Parameters
    ----------
    batch_size : int
    threads : int
        Threads of this machine that run tasks.
    """

    def __init__(self, batch_size: int, threads: int) -> None:
        self._demand = Demand(batch_size, threads)
        self._begun: dict[int, float] = {}  # by task, in the order of the times
        self._left_at: float | None = None

    def start(self) -> None:
        """Begin an epoch: the time before it is not a step of the consumer."""
        self._left_at = None

    def asked(self, now: float) -> None:
        """Record that the consumer asks for a batch."""
        if self._left_at is not None:
            self._demand.computed(now - self._left_at)

    def gave(self, asked_at: float, now: float) -> None:
        """Record that the consumer has its batch."""
        self._demand.waited(now - asked_at)
        self._left_at = now

    def begun(self, report: TaskBegun) -> None:
        """Record that the overflow has taken a task."""
        self._begun[report.number] = report.at

    def ended(self, task: LoadTask, result: TaskResult) -> None:
        """Record the result of a task. A failure says nothing about how long answers take."""
        self._begun.pop(task.number, None)
        if not result.remote:
            self._demand.made_here(len(task.keys), result.seconds)
        elif not any(isinstance(what, Exception) for what in result.apart.values()):
            self._demand.latency.add(result.seconds)

    def late(self, now: float) -> list[int]:
        """Return the tasks that the overflow is late with, each once."""
        limit = now - self._demand.latency.late_after
        late = [number for number, at in self._begun.items() if at < limit]
        for number in late:
            del self._begun[number]
        return late

    def patience(self, now: float) -> float | None:
        """Return the seconds after which `late` may return a task; None if none is under way."""
        first = next(iter(self._begun.values()), None)
        return None if first is None else max(0.0, first + self._demand.latency.late_after - now)

    def wanted(self, ready: int, ahead: int) -> float:
        """Return how many samples the overflow should have under way.

        Parameters
        ----------
        ready : int
            Complete batches that wait for the consumer.
        ahead : int
            Batches that are made ahead at most.
        """
        return self._demand.samples(ready, ahead)
