"""The rows of the table: which function makes each, with which packages, in which environment."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.train.workload import Opened, Workload

BASELINE = "torchvision tensors"


@dataclass(frozen=True)
class Row:
    """An input pipeline.

    Parameters
    ----------
    name : str
    about : str
        What it is, for the table.
    function : str
        ``module:name`` of a function, which is given the workload and returns a context manager. That
        gives a function which is called with the number of the epoch, and returns its batches.
    packages : tuple of str
        Packages whose versions are reported.
    environment : str
        Folder of the virtual environment.
    """

    name: str
    about: str
    function: str
    packages: tuple[str, ...]
    environment: str = ".venv-bench"

    def opened(self, workload: Workload) -> Opened:
        """Return the pipeline, in a process of its environment."""
        module, _, name = self.function.partition(":")
        made: Any = getattr(import_module(module), name)(workload)
        return made  # type: ignore[no-any-return]


ROWS = (
    Row(
        BASELINE,
        "decode_jpeg, resize(antialias=True) and center_crop in a DataLoader",
        "bench.train.torchvision_tensors:loader",
        ("torch", "torchvision"),
    ),
    Row("Loader", "jitprep, defaults", "bench.train.ours:loader", ("numpy", "simplejpeg")),
    Row("Loader, spawn", "jitprep, spawned workers", "bench.train.ours:spawned", ("numpy",)),
    Row("ObjectDataset", "jitprep in a DataLoader", "bench.train.ours:dataset", ("numpy",)),
    Row("ObjectBatches", "jitprep in a DataLoader", "bench.train.ours:batches", ("numpy",)),
)
