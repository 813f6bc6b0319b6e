"""Engine that runs tasks in Ray's actors, on this machine or on a cluster."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Generator, Iterable
from typing import Any

import ray
from ray.exceptions import RayError

from jitprep.backfill.job import BackfillJob, CannotBackfill
from jitprep.backfill.outcome import TaskOutcome
from jitprep.backfill.tasks import BackfillTask
from jitprep.backfill.worker import TaskWorker

# Tasks per actor at once, so that the next one is there when a task ends.
_IN_HAND = 2
# How often an actor that died is started again, and its task repeated: its machine may be gone.
_RESTARTS = 3


def run(
    job: BackfillJob, tasks: Iterable[BackfillTask], processes: int | None
) -> Generator[TaskOutcome]:
    """Run tasks, and yield the outcome of each as it ends.

    Parameters
    ----------
    job : BackfillJob
    tasks : iterable of BackfillTask
        Taken as actors become free.
    processes : int, optional
        Number of actors, with one CPU each; None for Ray's number of CPUs. They run on the cluster at
        ``RAY_ADDRESS``, which needs jitprep and access to S3, or otherwise on this machine.

    Raises
    ------
    CannotBackfill
    """
    _begin(processes)
    try:
        started = 0
        actors = processes or max(int(ray.cluster_resources().get("CPU", 1)), 1)
        waiting = iter(tasks)
        remote = ray.remote(num_cpus=1, max_restarts=_RESTARTS, max_task_retries=_RESTARTS)
        start = remote(TaskWorker).remote
        free: deque[Any] = deque()
        running: dict[Any, Any] = {}
        while True:
            while len(running) < actors * _IN_HAND and (task := next(waiting, None)) is not None:
                if started < actors:
                    started += 1
                    actor = start(job)
                    free.extend([actor] * (_IN_HAND - 1))
                else:
                    actor = free.popleft()
                running[actor.do.remote(task)] = actor
            if not running:
                return
            (ended,), _ = ray.wait(list(running), num_returns=1)
            free.append(running.pop(ended))
            yield ray.get(ended)
    except RayError as error:
        raise CannotBackfill(f"Ray failed; run the same command to resume: {error}") from None
    finally:
        ray.shutdown()


def _begin(processes: int | None) -> None:
    quiet: dict[str, Any] = {"logging_level": logging.WARNING, "log_to_driver": False}
    if "RAY_ADDRESS" in os.environ:
        ray.init(**quiet)
        return
    ray.init(num_cpus=processes, include_dashboard=False, **quiet)
