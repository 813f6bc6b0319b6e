"""The workload: photographs in a folder, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from bench import photos

FOLDER = photos.CACHE / "train"
FILES, TIMES = 400, 4

# Returns the batches of an epoch: tensors or arrays of shape (N, 3, 224, 224), or tuples that begin so.
Epoch: TypeAlias = Callable[[int], Iterable[Any]]


@dataclass(frozen=True)
class Workload:
    """What each row does.

    Parameters
    ----------
    folder : str
    keys : list of str
        Paths in the folder, in the order of an epoch.
    batch : int
        Images per batch; the last one may be smaller.
    workers : int
        Processes, or threads where a row has no processes.
    resize, crop : int
        Length of the shorter side in pixels, and side of the square at the centre.
    """

    folder: str
    keys: list[str]
    batch: int = 32
    workers: int = 2
    resize: int = 256
    crop: int = 224

    @property
    def paths(self) -> list[str]:
        """Paths of the photographs, in the order of an epoch."""
        return [f"{self.folder}/{key}" for key in self.keys]


Opened: TypeAlias = AbstractContextManager[Epoch]


def photographs() -> Workload:
    """Return the workload, and write its photographs where they are not there yet."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    keys = [f"{number:03}.jpg" for number in range(FILES)]
    for number, key in enumerate(keys):
        path = Path(FOLDER, key)
        if not path.exists():
            unfinished = path.with_suffix(".part")
            unfinished.write_bytes(photos.small(photos.SMALL[number % len(photos.SMALL)]))
            unfinished.rename(path)
    return Workload(str(FOLDER), keys * TIMES)
