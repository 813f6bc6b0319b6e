"""The rows of the table: which function makes each, with which packages, in which environment."""

from __future__ import annotations

from ctypes import CDLL
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.environment import ROOT

if TYPE_CHECKING:
    from bench.train.workload import Opened, Workload

BASELINE = "torchvision tensors"
_TORCH = ("torch", "torchvision")
# Of versions 4 to 9.
_FFMPEG = tuple(f"libavfilter.so.{number}" for number in range(7, 13))


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
    libraries : tuple of str
        A shared library of the system, by all names that it may have.
    """

    name: str
    about: str
    function: str
    packages: tuple[str, ...]
    environment: str = ".venv-bench"
    libraries: tuple[str, ...] = ()

    @property
    def missing(self) -> str | None:
        """What has to be installed before the row can run; None where nothing has to."""
        if not Path(ROOT, self.environment, "bin/python").exists():
            return f"the environment {self.environment}, which make bench-train makes"
        if self.libraries and not any(map(_is_library, self.libraries)):
            return f"a shared library of the system: {' or '.join(self.libraries)}"
        return None

    def opened(self, workload: Workload) -> Opened:
        """Return the pipeline, in a process of its environment."""
        module, _, name = self.function.partition(":")
        made: Any = getattr(import_module(module), name)(workload)
        return made  # type: ignore[no-any-return]


def _is_library(name: str) -> bool:
    try:
        CDLL(name)
    except OSError:
        return False
    return True


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
    Row(
        "transform alone",
        "jitprep's pipeline called with paths in two processes, without a loader",
        "bench.train.ours:transform_alone",
        ("numpy", "simplejpeg"),
    ),
    Row(
        "webdataset",
        "shards, torchvision's tensors in a WebLoader",
        "bench.train.rivals.web_dataset:loader",
        ("webdataset", *_TORCH),
    ),
    Row(
        "LitData",
        "chunks, torchvision's tensors in a StreamingDataLoader",
        "bench.train.rivals.lit_data:loader",
        ("litdata", *_TORCH),
    ),
    Row(
        "MosaicML streaming",
        "MDS shards of bytes, torchvision's tensors in a DataLoader",
        "bench.train.rivals.mosaic_streaming:loader",
        ("mosaicml-streaming", *_TORCH),
        ".venv-bench-streaming",
    ),
    Row(
        "SPDL, tensors",
        "two threads, torchvision's tensors",
        "bench.train.rivals.spdl_threads:tensors",
        ("spdl", *_TORCH),
    ),
    Row(
        "SPDL, own decoder",
        "two threads, its decoder with FFmpeg's filters",
        "bench.train.rivals.spdl_threads:own_decoder",
        ("spdl",),
        libraries=_FFMPEG,
    ),
    Row(
        "Ray Data",
        "read_binary_files, torchvision's tensors in map_batches",
        "bench.train.rivals.ray_data:loader",
        ("ray", *_TORCH),
    ),
    Row(
        "datasets, files",
        "Hugging Face's datasets of paths, torchvision's tensors in a DataLoader",
        "bench.train.rivals.hugging_face:files",
        ("datasets", *_TORCH),
    ),
    Row(
        "datasets, Arrow",
        "Hugging Face's datasets of bytes in Arrow, torchvision's tensors in a DataLoader",
        "bench.train.rivals.hugging_face:arrow",
        ("datasets", *_TORCH),
    ),
    Row(
        "DALI, CPU",
        "its reader, decoder and resampling on two threads",
        "bench.train.rivals.dali:loader",
        ("nvidia-dali-cuda130",),
    ),
    Row(
        "tf.data",
        "decode_jpeg, resize(antialias=True) and a crop on two threads",
        "bench.train.rivals.tf_data:loader",
        ("tensorflow-cpu",),
    ),
)
