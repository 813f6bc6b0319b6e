"""Ray Data: files as bytes, and torchvision's tensors in two of its workers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import ray

from bench.environment import ROOT
from bench.train.torchvision_tensors import TensorTransform
from bench.train.workload import Epoch, Workload


@contextmanager
def loader(workload: Workload) -> Iterator[Epoch]:
    """Yield the epochs of `iter_torch_batches`."""
    transform = TensorTransform(workload)

    def decoded(rows: dict[str, Any]) -> dict[str, Any]:
        return {"image": np.stack([transform(body).numpy() for body in rows["bytes"]])}

    ray.init(
        num_cpus=workload.workers,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": os.fspath(ROOT)}},
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    try:
        read = ray.data.read_binary_files(workload.paths)
        made = read.map_batches(decoded, batch_size=workload.batch)

        def epoch(_: int) -> Iterable[Any]:
            for batch in made.iter_torch_batches(batch_size=workload.batch):
                yield batch["image"]

        yield epoch
    finally:
        ray.shutdown()
