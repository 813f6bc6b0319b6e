"""`UnderWay`: the batches that are being made, their tasks, and the slots that these may write to."""

from __future__ import annotations

from itertools import count

from jitprep.reader.loading.assembly import LoadedBatch, PendingBatch
from jitprep.reader.loading.ring import SlotRing
from jitprep.reader.loading.tasks import LoadTask, RingPlace, TaskResult, task_rows
from jitprep.reader.loading.workers import TaskRunners


class UnderWay:
    """Batches by number, in the order in which the consumer takes them.

    Parameters
    ----------
    runners : TaskRunners
        What runs the tasks.
    together : bool
        Whether a task is a whole batch.

    Attributes
    ----------
    ring : SlotRing, optional
        Where rows are written; None where results bring them.
    """

    def __init__(self, runners: TaskRunners, *, together: bool) -> None:
        self._runners = runners
        self._together = together
        self.ring: SlotRing | None = None
        self._numbers, self._task_numbers = count(), count()
        self._batches: dict[int, PendingBatch] = {}
        # What the consumer does not wait for, while tasks may still write to the slots.
        self._left: dict[int, PendingBatch] = {}
        self._tasks: dict[int, LoadTask] = {}  # that have no result yet
        self._late: set[int] = set()  # of these, what the overflow is late with

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self._batches)

    @property
    def first(self) -> PendingBatch:
        """The batch that the consumer takes next."""
        return next(iter(self._batches.values()))

    @property
    def identities(self) -> list[tuple[int, int, int]]:
        """Epoch, start and number of each batch."""
        return [batch.identity for batch in self._batches.values()]

    @property
    def complete(self) -> int:
        """Number of complete batches before the first that is not."""
        found = 0
        for batch in self._batches.values():
            if batch.missing:
                break
            found += 1
        return found

    @property
    def slots_held(self) -> int:
        """Number of slots that nothing but late tasks holds."""
        return len(self._left)

    def start(self, batch: PendingBatch, slot: int | None) -> None:
        """Put the tasks of a batch, whose rows go to a slot of the ring."""
        number = next(self._numbers)
        batch.slot = slot
        self._batches[number] = batch
        for rows in task_rows(batch.keys, together=self._together):
            self._runners.put(self._task(number, rows, slot))

    def add(self, result: TaskResult) -> tuple[LoadTask, Exception | None]:
        """Add the result of a task; return the task, and the error where the overflow failed.

        What it failed to make is made here.
        """
        task = self._tasks.pop(result.number)
        batch = self._batches.get(task.batch)
        if batch is None:
            self._end(task)
            return task, None
        batch.writers -= task.place is not None
        failed = batch.add(task, result)
        if task.number in self._late:  # it is being made here
            self._late.remove(task.number)
        else:
            for row in failed:
                batch.redone += 1
                self._runners.put_again(self._task(task.batch, range(row, row + 1), batch.slot))
        error = result.apart[failed[0]] if failed else None
        return task, error if isinstance(error, Exception) else None

    def make_here_too(self, number: int) -> None:
        """Let a worker run a task that the overflow is late with.

        The rows do not go to the slot, where the overflow may write at any time.
        """
        task = self._tasks[number]
        batch = self._batches.get(task.batch)
        if batch is not None:
            self._late.add(number)
            batch.redone += len(task.keys)
            rows = range(task.row, task.row + len(task.keys))
            self._runners.put_again(self._task(task.batch, rows, None))

    def take(self, *, skips: bool) -> LoadedBatch:
        """Return the first batch, which is complete.

        Raises
        ------
        ReadError, or what else a worker raised
        """
        number = next(iter(self._batches))
        batch = self._batches.pop(number)
        if batch.writers:
            self._left[number] = batch
        return batch.finish(self.ring, skips=skips)

    def drop(self) -> None:
        """Drop all batches; slots that workers still write to stay taken."""
        self._left |= self._batches
        self._batches = {}
        for task in self._runners.withdraw():
            self._end(self._tasks.pop(task.number))
        for number in [number for number, batch in self._left.items() if not batch.writers]:
            self._left.pop(number).give_back(self.ring)

    def _task(self, number: int, rows: range, slot: int | None) -> LoadTask:
        """Return a new task for some rows of a batch, which go to its slot."""
        batch = self._batches[number]
        place: RingPlace | None = None
        if self.ring is not None and slot is not None:
            place = self.ring.place(slot, rows.start)
            batch.writers += 1
        keys, epoch = batch.keys[rows.start : rows.stop], batch.identity[0]
        task = LoadTask(next(self._task_numbers), number, rows.start, keys, epoch, place)
        self._tasks[task.number] = task
        return task

    def _end(self, task: LoadTask) -> None:
        """Record that a task, whose batch the consumer does not wait for, writes no more."""
        self._late.discard(task.number)
        batch = self._left.get(task.batch)
        if batch is not None and task.place is not None:
            batch.writers -= 1
            if not batch.writers:
                self._left.pop(task.batch).give_back(self.ring)
