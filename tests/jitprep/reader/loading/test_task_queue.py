"""The queue: in order, without waiting for readers, and emptied on request."""

from __future__ import annotations

import multiprocessing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.reader.loading.task_queue import TaskQueue
from jitprep.reader.loading.tasks import LoadTask, task_rows

CONTEXT = multiprocessing.get_context("fork")


def tasks(count: int, size: int = 1) -> list[LoadTask]:
    return [LoadTask(number, number, 0, ("k" * size,), 0, None) for number in range(count)]


def test_a_full_pipe_keeps_the_rest_with_the_writer():
    queue, waiting = TaskQueue(CONTEXT), tasks(3000, 3000)
    for task in waiting:
        queue.put(task)  # nine megabytes, and nobody reads
    for task in waiting:
        assert queue.reader.take(0) == task
        queue.finished(task.number)
    assert queue.reader.take(0) is None
    queue.close()


def test_an_emptied_queue_has_nothing_more():
    queue, waiting = TaskQueue(CONTEXT), tasks(3000, 3000)
    for task in waiting:
        queue.put(task)
    assert queue.reader.take(0) == waiting[0]
    assert sorted(queue.withdraw()) == waiting[1:]
    assert queue.withdraw() == []
    queue.finished(0)
    queue.put(waiting[5])
    assert queue.reader.take(0) == waiting[5]
    queue.close()


def test_what_is_run_again_comes_first_and_not_to_the_overflow():
    queue, (first, second, again) = TaskQueue(CONTEXT), tasks(3)
    queue.put(first)
    queue.put(second)
    queue.put_again(again)
    assert queue.overflow_reader.take(0) == first
    assert [queue.reader.take(0), queue.reader.take(0)] == [again, second]
    queue.put_again(again)
    assert queue.overflow_reader.take(0) is None
    assert queue.withdraw() == [again]
    queue.close()


def test_a_closed_queue_ends_its_readers():
    queue = TaskQueue(CONTEXT)
    for writer in queue.writers:
        writer.close()
    with pytest.raises(EOFError):
        queue.reader.take(1)
    queue.reader.close()


@given(st.integers(1, 5000), st.booleans())
def test_tasks_divide_a_batch_into_equal_parts(count, together):
    parts = list(task_rows("k" * count, together=together))
    assert [row for part in parts for row in part] == list(range(count))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert len(parts) <= 32
    assert max(map(len, parts)) <= max(512 if together else 8, count / 32 + 1)
    assert not together or len(parts) == 1 or count > 512
