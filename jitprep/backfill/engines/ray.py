"""Tasks done by Ray Data, on this machine or on a cluster: the same worker in `map_batches`."""

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

# Tasks and outcomes travel pickled: keys may hold what no other form of a column does.
_TASK, _OUTCOME = "task", "outcome"


def run(
    job: BackfillJob, tasks: Iterable[BackfillTask], processes: int | None
) -> Generator[TaskOutcome]:
    """Do tasks, and tell what came of each as it ends.

    Parameters
    ----------
    job : BackfillJob
    tasks : iterable of BackfillTask
    processes : int, optional
        How many actors, a CPU each; None for as many as Ray has CPUs. They are on the cluster that
        ``RAY_ADDRESS`` names, where jitprep must be installed and S3 be allowed, or else on this
        machine.

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
        raise CannotBackfill(f"Ray gave up; the same command resumes from here: {error}") from None
    finally:
        ray.shutdown()


class BatchWorker:
    """A `TaskWorker` that takes and gives Ray's batches; each actor has one, with a client of its own.

    Parameters
    ----------
    job : BackfillJob
    """

    def __init__(self, job: BackfillJob) -> None:
        self._worker = TaskWorker(job)

    def __call__(self, batch: Mapping[str, Sequence[bytes]]) -> dict[str, list[bytes]]:
        """Do a batch of tasks."""
        tasks = (pickle.loads(task) for task in batch[_TASK])  # noqa: S301  our own
        return {_OUTCOME: [pickle.dumps(self._worker.do(task)) for task in tasks]}


def _begin(processes: int | None) -> None:
    # Ray Data tells in its own log how it goes; here a bar does.
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    DataContext.get_current().enable_progress_bars = False
    quiet: dict[str, Any] = {"logging_level": logging.WARNING, "log_to_driver": False}
    if "RAY_ADDRESS" in os.environ:
        ray.init(**quiet)
        return
    ray.init(num_cpus=processes, include_dashboard=False, **quiet)
