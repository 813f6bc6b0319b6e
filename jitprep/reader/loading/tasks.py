"""Tasks, which workers take in order, and their results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from typing import NamedTuple, TypeAlias

from jitprep.reader.base import RowLayout
from preprocessing.media import Array

# Rows of a task. One batch then keeps several workers busy, and a message costs little beside its rows.
_ROWS = 8
# Tasks of a batch at most, so that those of a very large batch do not fill the pipe.
_MOST = 32
# Rows of a task for a door that reads many objects in one request. Its keys must fit into the pipe.
_TOGETHER = 512

# Rows that are not in the ring: arrays that do not fit there, and errors.
Apart: TypeAlias = dict[int, "Array | Exception"]


class RingPlace(NamedTuple):
    """Where the rows of a task go.

    Parameters
    ----------
    offset : int
        Of the task's first row in the ring's memory, in bytes.
    layout : RowLayout
    """

    offset: int
    layout: RowLayout


class LoadTask(NamedTuple):
    """A few consecutive samples of one batch. It holds all that a worker needs to make them.

    Parameters
    ----------
    number : int
        Of the task; no two have the same.
    batch : int
        Number of the batch.
    row : int
        Row of the first sample in the batch.
    keys : tuple of str
    epoch : int
        Seed of random transforms.
    place : RingPlace, optional
        None where the rows are sent with the result.
    """

    number: int
    batch: int
    row: int
    keys: tuple[str, ...]
    epoch: int
    place: RingPlace | None


class TaskResult(NamedTuple):
    """A finished task.

    Parameters
    ----------
    number : int
        The task's.
    apart : dict
        By row of the batch, what is not in the ring.
    seconds : float
        How long it took.
    remote : bool
        Whether the overflow ran it.
    """

    number: int
    apart: Apart
    seconds: float
    remote: bool = False


class TaskBegun(NamedTuple):
    """A task that the overflow has taken.

    Parameters
    ----------
    number : int
        The task's.
    at : float
        When, by `time.monotonic`, which all processes of a machine share.
    """

    number: int
    at: float


def task_rows(keys: Sequence[str], *, together: bool) -> Iterator[range]:
    """Divide a batch into the rows of tasks of about equal size: small ones, or large ones together."""
    count = len(keys)
    tasks = ceil(count / _TOGETHER) if together else min(ceil(count / _ROWS), _MOST)
    for task in range(tasks):
        yield range(count * task // tasks, count * (task + 1) // tasks)
