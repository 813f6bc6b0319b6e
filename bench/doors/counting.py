"""CPU time of a process beside its transforms, which `counted_transforms` counts in the process."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from bench.doors.cpu_time import cpu_s

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Counts:
    """Counts of the processes that were started with `variables`.

    Parameters
    ----------
    folder : Path
        Has a file of each process.
    """

    folder: Path

    @classmethod
    def new(cls, folder: Path) -> Counts:
        """Make the folder."""
        folder.mkdir()
        return cls(folder)

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables that make a process count."""
        paths = filter(None, (str(_HERE), os.environ.get("PYTHONPATH")))
        return {
            "JITPREP_STEPS": "counted_transforms",
            "BENCH_COUNTS": str(self.folder),
            "PYTHONPATH": os.pathsep.join(paths),
        }

    def worker(self) -> int:
        """Return the process ID of the only process that has transformed anything."""
        (path,) = (path for path in self.folder.iterdir() if path.stat().st_size)
        return int(path.name)

    def transform_s(self, pid: int) -> float:
        """Return the CPU seconds of a process's transforms so far."""
        return float(struct.unpack("d", (self.folder / str(pid)).read_bytes())[0])

    def beside_s(self, pid: int) -> float:
        """Return the CPU seconds of a process so far, less those of its transforms."""
        return cpu_s(pid) - self.transform_s(pid)
