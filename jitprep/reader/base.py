"""`Reader`: what a trainer holds, whichever door it reads through."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from operator import index
from typing import Self

import numpy as np

from jitprep.reader.errors import CannotOpen, ReadError
from preprocessing.media import Array
from preprocessing.rng import LARGEST_SEED


@dataclass(frozen=True, kw_only=True)
class Reader(ABC):
    """A value that says where and how to read. It holds no connection.

    Each process makes its connections when it first reads, so that a reader may be pickled, copied, and
    carried through fork and spawn.

    Parameters
    ----------
    seed : int
        What random transforms draw from, together with the pipeline and the object: the epoch.
    threads : int
        How many requests of one batch are on their way at once.

    Raises
    ------
    CannotOpen
        For a seed that is no whole number from 0 to 2**63 - 1, or fewer threads than one.
    """

    seed: int = 0
    threads: int = 8

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", checked_seed(self.seed))
        if self.threads < 1:
            raise CannotOpen(f"at least one thread must read, got threads={self.threads}")

    @property
    def draws(self) -> bool | None:
        """Whether a seed may change what is read; None where only the function knows."""
        return None

    @abstractmethod
    def get(self, key: str) -> Array:
        """Read one object.

        Returns
        -------
        ndarray
            What the pipeline makes of it, in the layout of its encoding. The caller's own: writable,
            in C order, shared with nothing.

        Raises
        ------
        ReadError
        """

    @abstractmethod
    def keys(self, prefix: str = "") -> Iterator[str]:
        """List the keys that begin with `prefix`, in S3's order.

        Left out are folders' markers, which have no bytes; and, with a line in the log, what is hidden
        (`preprocessing.names`), such as ``.DS_Store``.

        Raises
        ------
        ReadError
        """

    def get_each(self, keys: Iterable[str]) -> dict[str, Array | ReadError]:
        """Read many objects, and return of each what `get` gives, or the error that it raises."""
        wanted = list(dict.fromkeys(keys))
        if len(wanted) < 2 or self.threads == 1:
            return {key: self._tried(key) for key in wanted}
        with ThreadPoolExecutor(min(self.threads, len(wanted))) as pool:
            return dict(zip(wanted, pool.map(self._tried, wanted), strict=True))

    def get_batch(self, keys: Iterable[str]) -> Array:
        """Read many objects into one array.

        Returns
        -------
        ndarray
            Shape (N, ...), a row for each key, in their order.

        Raises
        ------
        ReadError
            The first key's that could not be read; or where the rows' shapes differ.
        """
        wanted = list(keys)  # a column of a table too, and what can be gone through only once
        if not wanted or isinstance(keys, str):
            raise ReadError(f"a batch needs a sequence of at least one key, got {keys!r}")
        read = self.get_each(wanted)
        rows = []
        for key in wanted:
            if isinstance(row := read[key], ReadError):
                raise row
            rows.append(row)
        return stack(wanted, rows)

    def with_seed(self, seed: int) -> Self:
        """Return the same reader with another seed, such as the next epoch.

        Raises
        ------
        CannotOpen
            Where the door cannot honour it.
        """
        return replace(self, seed=seed)

    def _tried(self, key: str) -> Array | ReadError:
        try:
            return self.get(key)
        except ReadError as error:
            return error


def checked_seed(seed: int) -> int:
    """Return a seed, of numpy's or torch's types too, as Python's.

    Raises
    ------
    CannotOpen
        For what is not a whole number from 0 to 2**63 - 1.
    """
    try:
        number = index(seed)
    except TypeError:
        number = -1
    if not 0 <= number <= LARGEST_SEED:
        raise CannotOpen(f"the seed is a whole number from 0 to 2**63 - 1, got {seed!r}")
    return number


def stack(keys: Sequence[str], rows: Sequence[Array]) -> Array:
    """Return the rows in one array, of shape (N, ...).

    Raises
    ------
    ReadError
        Naming the first key whose row is not like the first.
    """
    for key, row in zip(keys, rows, strict=True):
        if (row.shape, row.dtype) != (rows[0].shape, rows[0].dtype):
            raise ReadError(
                f"it is {_shown(row)}, and {keys[0]} is {_shown(rows[0])}, which cannot be stacked; "
                "put a step into the pipeline that gives all one size, such as center_crop:224",
                key=key,
            )
    return np.stack(rows)


def _shown(row: Array) -> str:
    return f"{'×'.join(map(str, row.shape))} {row.dtype}"
