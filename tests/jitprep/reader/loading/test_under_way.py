"""Batches under way: right, and each slot given back once, in whatever order tasks end."""

from __future__ import annotations

import gc
from collections import Counter, deque
from functools import partial
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jitprep.reader import BadObject, Unavailable
from jitprep.reader.base import RowLayout
from jitprep.reader.loading.assembly import PendingBatch
from jitprep.reader.loading.ring import RingView, SharedFile, SlotRing
from jitprep.reader.loading.tasks import LoadTask, TaskResult
from jitprep.reader.loading.under_way import UnderWay

LAYOUT = RowLayout((2,), "int64")
# More rows than a task has, so that a batch is two tasks.
SIZE = 10


class Machines:
    """Workers and an overflow that do nothing by themselves, in the place of `WorkerPool`."""

    def __init__(self, file: SharedFile) -> None:
        self.view = RingView(file)
        self.first: deque[LoadTask] = deque()
        self.again: deque[LoadTask] = deque()
        self.here: list[LoadTask] = []
        self.there: list[LoadTask] = []

    def put(self, task):
        self.first.append(task)

    def put_again(self, task):
        self.again.append(task)

    def withdraw(self):
        found = [*self.again, *self.first]
        self.again.clear()
        self.first.clear()
        return found

    def begin_here(self):
        for lane in (self.again, self.first):
            if lane:
                self.here.append(lane.popleft())
                return

    def begin_there(self):
        if self.first:
            self.there.append(self.first.popleft())


class Training:
    """A consumer, what makes its batches, and what must hold of them."""

    def __init__(self) -> None:
        file = SharedFile()
        self.machines = Machines(file)
        self.ring = SlotRing(file, LAYOUT, SIZE, 0, 32)
        self.under_way = UnderWay(self.machines, together=False)
        self.under_way.ring = self.ring
        self.kept: list[tuple[np.ndarray, int]] = []
        self.late: set[int] = set()
        self.number = 0
        self.owned = Counter()  # of slots that were taken and not given back
        release, take = self.ring._release, self.ring.take

        def released(slot):
            self.owned[slot] -= 1
            assert self.owned[slot] == 0, "a slot is given back twice"
            release(slot)

        def taken(*, grow):
            slot = take(grow=grow)
            if slot is not None:
                self.owned[slot] += 1
                assert self.owned[slot] == 1, "a slot has two owners"
            return slot

        self.ring._release, self.ring.take = released, taken

    def start(self, _):
        """Start a batch as `EpochStream` does."""
        least = max(2, self.under_way.slots_held)
        slot = self.ring.take(grow=len(self.under_way) < least)
        if slot is not None:
            indices = np.arange(self.number * SIZE, (self.number + 1) * SIZE)
            keys = tuple(map(str, indices))
            self.under_way.start(PendingBatch(0, 0, self.number, indices, keys), slot)
            self.number += 1

    def begin_here(self, _):
        self.machines.begin_here()

    def begin_there(self, _):
        self.machines.begin_there()

    def end_here(self, which):
        if self.machines.here:
            task = self.machines.here.pop(which % len(self.machines.here))
            self.under_way.add(TaskResult(task.number, self.made(task), 0.0))

    def end_there(self, which):
        """End a task of the overflow, perhaps with errors, and rubbish in the rows of those."""
        if self.machines.there:
            task = self.machines.there.pop(which % len(self.machines.there))
            apart = self.made(task)
            for place, key in enumerate(task.keys):
                if (which >> place) % 5 == 0:
                    kind = BadObject if place % 2 else Unavailable
                    apart[task.row + place] = kind("no", key=key)
                    self.rows(task)[place] = -1
            self.late.discard(task.number)
            self.under_way.add(TaskResult(task.number, apart, 0.0, remote=True))

    def write_there(self, which):
        """Let the overflow write a part of what it receives."""
        if self.machines.there:
            task = self.machines.there[which % len(self.machines.there)]
            self.rows(task)[which % len(task.keys)] = -2

    def fall_late(self, which):
        on_time = [task for task in self.machines.there if task.number not in self.late]
        if on_time:
            task = on_time[which % len(on_time)]
            self.late.add(task.number)
            self.under_way.make_here_too(task.number)

    def take(self, keep):
        """Wait for a batch, write into it, and perhaps keep it."""
        if not len(self.under_way):
            return
        chance = Random(keep)
        while self.under_way.first.missing:
            self.begin_here(0)
            chance.choice([self.end_here, self.end_there, self.fall_late])(chance.randrange(2**20))
        batch = self.under_way.take(skips=False)
        np.testing.assert_array_equal(batch.rows[:, 0], batch.indices)
        np.testing.assert_array_equal(batch.rows[:, 1], batch.indices**2)
        if keep % 2:
            batch.rows[...] = keep
            self.kept.append((batch.rows, keep))

    def let_go(self, which):
        if self.kept:
            del self.kept[which % len(self.kept)]

    def drop(self, _):
        self.under_way.drop()

    def rows(self, task):
        if task.place is None:
            return np.empty((len(task.keys), 2), np.int64)
        return self.machines.view.rows(task.place, len(task.keys))

    def made(self, task):
        """Make the rows of a task where they go, and return those that are apart."""
        rows = self.rows(task)
        rows[:, 0] = [int(key) for key in task.keys]
        rows[:, 1] = rows[:, 0] ** 2
        return {} if task.place else {task.row + i: row for i, row in enumerate(rows)}

    def check(self):
        for rows, value in self.kept:
            assert (rows == value).all(), "a batch of the consumer was written to"

    def end(self):
        """End all that runs: no slot is held then."""
        self.under_way.drop()
        self.kept.clear()
        while self.machines.here:
            self.end_here(0)
        while self.machines.there:
            self.end_there(0)
        gc.collect()
        held = iter(partial(self.ring.take, grow=False), None)
        assert sorted(held) == list(range(self.ring.planned)), "a slot is lost"
        assert not self.under_way.slots_held and not self.under_way._tasks


ACTS = [
    *(
        "start",
        "start",
        "start",
        "begin_here",
        "begin_there",
        "begin_there",
        "end_here",
        "end_there",
    ),
    *("write_there", "fall_late", "fall_late", "take", "take", "let_go", "drop"),
]


@settings(max_examples=12)  # of 150 acts each
@given(st.integers(0, 2**64))
def test_batches_are_right_and_slots_are_given_back_once(seed):
    """The acts are drawn from the seed, because Hypothesis mostly draws too few of them to matter."""
    chance, training = Random(seed), Training()
    for act in chance.choices(ACTS, k=150):
        getattr(training, act)(chance.randrange(2**20))
        training.check()
    training.end()
