"""`Wanted`: how many samples the overflow should have under way, in memory that processes share."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitprep.reader.loading.ring import SharedFile


class Wanted:
    """A number that the loader sets, and the process of the overflow reads.

    Parameters
    ----------
    file : SharedFile, optional
        Of another process.
    """

    def __init__(self, file: SharedFile | None = None) -> None:
        self._file = file or SharedFile()
        self._file.grow(8)
        # A double at the beginning of a page is read and written at once.
        self._number = np.ndarray((), np.float64, self._file.map(8))

    @property
    def samples(self) -> float:
        """The number of samples."""
        return float(self._number)

    @samples.setter
    def samples(self, number: float) -> None:
        self._number[...] = number

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return Wanted, (self._file,)  # to a process that is being spawned
