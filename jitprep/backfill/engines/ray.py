"""Engine that runs tasks with Ray Data's `map_batches`, on this machine or on a cluster."""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any

import ray
from ray.data import ActorPoolStrategy, DataContext
from ray.exceptions import RayError

from jitprep.backfill.job import BackfillJob, CannotBackfill
from jitprep.backfill.outcome import TaskOutcome
from jitprep.backfill.tasks import BackfillTask
from jitprep.backfill.worker import TaskWorker

# Tasks and outcomes are pickled, because keys may hold text that Arrow's columns cannot.
_TASK, _OUTCOME = "task", "outcome"


def run(
    job: BackfillJob, tasks: Iterable[BackfillTask], processes: int | None
) -> Generator[TaskOutcome]:
    """Run tasks, and yield the outcome of each as it ends.

    Parameters
    ----------
    job : BackfillJob
    tasks : iterable of BackfillTask
    processes : int, optional
        Number of actors, with one CPU each; None for Ray's number of CPUs. They run on the cluster at
        ``RAY_ADDRESS``, which needs jitprep and access to S3, or otherwise on this machine.

    Raises
    ------
    CannotBackfill
    """
    _begin(processes)
    try:
        rows = [{_TASK: pickle.dumps(task)} for task in tasks]
        if not rows:
            return
        actors = processes or max(int(ray.cluster_resources().get("CPU", 1)), 1)
        outcomes = ray.data.from_items(rows).map_batches(
            BatchWorker,
            fn_constructor_args=(job,),
            batch_size=1,
            num_cpus=1,
            compute=ActorPoolStrategy(size=min(actors, len(rows))),
        )
        for row in outcomes.iter_rows():
            yield pickle.loads(row[_OUTCOME])  # noqa: S301  our own
    except RayError as error:
        raise CannotBackfill(f"Ray failed; run the same command to resume: {error}") from None
    finally:
        ray.shutdown()


class BatchWorker:
    """Adapter of `TaskWorker` to Ray's batches. Each actor has one, with its own client.

    Parameters
    ----------
    job : BackfillJob
    """

    def __init__(self, job: BackfillJob) -> None:
        self._worker = TaskWorker(job)

    def __call__(self, batch: Mapping[str, Sequence[bytes]]) -> dict[str, list[bytes]]:
        """Run a batch of tasks."""
        tasks = (pickle.loads(task) for task in batch[_TASK])  # noqa: S301  our own
        return {_OUTCOME: [pickle.dumps(self._worker.do(task)) for task in tasks]}


def _begin(processes: int | None) -> None:
    # Ray Data logs its progress, which our progress bar shows already.
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    DataContext.get_current().enable_progress_bars = False
    quiet: dict[str, Any] = {"logging_level": logging.WARNING, "log_to_driver": False}
    if "RAY_ADDRESS" in os.environ:
        ray.init(**quiet)
        return
    ray.init(num_cpus=processes, include_dashboard=False, **quiet)
