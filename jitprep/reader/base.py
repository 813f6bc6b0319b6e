"""`Reader`: the interface that all doors share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import index
from typing import TYPE_CHECKING, Literal, NamedTuple, Self, overload

import numpy as np

from jitprep.reader.errors import CannotOpen, ReadError
from jitprep.reader.metadata import geometry_in, noting_metadata
from jitprep.reader.threads import in_threads
from preprocessing.media import Array
from preprocessing.rng import LARGEST_SEED

if TYPE_CHECKING:
    from preprocessing import Geometry, Pipeline


class RowLayout(NamedTuple):
    """Shape and dtype of a result, which is one row of a batch.

    Parameters
    ----------
    shape : tuple of int
    dtype : str
        NumPy's name.
    """

    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, kw_only=True)
class Reader(ABC):
    """Immutable description of where and how to read. It holds no connection.

    Each process connects when it first reads, so that a reader may be pickled, copied, and passed to
    forked or spawned processes.

    Parameters
    ----------
    seed : int
        Seed of random transforms, from 0 to 2**63 - 1; usually the epoch. The pipeline and the object
        are part of each draw too.
    threads : int
        Requests of one batch that are in flight at once, at least 1.

    Raises
    ------
    CannotOpen
        For a seed or a number of threads outside of its range.
    """

    seed: int = 0
    threads: int = 8

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", require_seed(self.seed))
        if self.threads < 1:
            raise CannotOpen(f"threads must be at least 1, got {self.threads}")

    @property
    def draws(self) -> bool | None:
        """Whether a seed may change what is read; None where only the function knows."""
        return None

    @property
    def computes(self) -> bool:
        """Whether a read is work for this machine's processors, rather than waiting for another's."""
        return False

    @property
    def row_layout(self) -> RowLayout | None:
        """What every result is like; None where it depends on the object, or only the function knows."""
        return None

    @property
    def own_pipeline(self) -> Pipeline | None:
        """The pipeline that this process runs; None where results are made or were made elsewhere."""
        return None

    @property
    def takes_whole_keys(self) -> bool:
        """Whether keys are those of the bucket. Those of a mount are relative to its source."""
        return False

    def whole_key(self, key: str) -> str:
        """Return the key of an object in its bucket."""
        return key

    @overload
    def get(self, key: str, *, geometry: Literal[False] = ...) -> Array: ...
    @overload
    def get(self, key: str, *, geometry: Literal[True]) -> tuple[Array, Geometry]: ...
    def get(self, key: str, *, geometry: bool = False) -> Array | tuple[Array, Geometry]:
        """Read one object.

        Parameters
        ----------
        key : str
        geometry : bool
            Whether to return the geometry too, to move boxes, points and masks as the pixels.

        Returns
        -------
        array : ndarray
            The pipeline's result, in the layout of its encoding: writable, in C order, and not shared.
        geometry : Geometry
            Only if asked for.

        Raises
        ------
        ReadError
        """
        if not geometry:
            return self._get_array(key)
        with noting_metadata() as metadata:
            array = self._get_array(key)
        return array, geometry_in(metadata, key)

    @abstractmethod
    def _get_array(self, key: str) -> Array:
        """Read one object. Raises as `get` does."""

    @abstractmethod
    def keys(self, prefix: str = "") -> Iterator[str]:
        """List the keys that begin with `prefix`, in S3's order.

        Empty objects that mark folders are left out. Hidden objects (`preprocessing.names`), such as
        ``.DS_Store``, are left out too, with a warning in the log.

        Raises
        ------
        ReadError
        """

    def get_each(self, keys: Iterable[str]) -> dict[str, Array | ReadError]:
        """Read many objects; return for each the result of `get`, or the error that it raises."""
        wanted = list(dict.fromkeys(keys))
        return dict(zip(wanted, in_threads(self._tried, wanted, self.threads), strict=True))

    def get_batch(self, keys: Iterable[str]) -> Array:
        """Read many objects into one array.

        Returns
        -------
        ndarray
            Shape (N, ...), one row per key, in the order of the keys.

        Raises
        ------
        ReadError
            Of the first key that could not be read; or where the shapes of rows differ.
        """
        wanted = list(keys)  # keys may be an iterator, or a column of a table
        if not wanted or isinstance(keys, str):
            raise ReadError(f"a batch needs a sequence of at least one key, got {keys!r}")
        read = self.get_each(wanted)
        rows = []
        for key in wanted:
            if isinstance(row := read[key], ReadError):
                raise row
            rows.append(row)
        return stack(wanted, rows)

    def read_into(self, keys: Sequence[str], out: Array | None) -> dict[int, Array | ReadError]:
        """Read many objects into the rows of an array.

        Parameters
        ----------
        keys : sequence of str
        out : ndarray, optional
            Shape (N, ...), one row per key. None returns every result in the dict.

        Returns
        -------
        dict
            By position, what is not in `out`: results of another shape or dtype than its rows, and
            errors.
        """
        read, apart = self.get_each(keys), {}
        for position, key in enumerate(keys):
            row = read[key]
            if isinstance(row, ReadError) or not write_row(row, out, position):
                apart[position] = row
        return apart

    def with_seed(self, seed: int) -> Self:
        """Return the same reader with another seed, such as the next epoch.

        Raises
        ------
        CannotOpen
            Where the reader returns stored results, which no seed changes.
        """
        return replace(self, seed=seed)

    def for_epoch(self, epoch: int) -> Self:
        """Return the reader of an epoch: with its seed, or this one, where results are stored."""
        return self if self.draws is False else self.with_seed(epoch)

    def _tried(self, key: str) -> Array | ReadError:
        try:
            return self.get(key)
        except ReadError as error:
            return error


def require_seed(seed: int) -> int:
    """Return a seed as a Python int; NumPy's and torch's integers are accepted.

    Raises
    ------
    CannotOpen
        For a value that is not an integer from 0 to 2**63 - 1.
    """
    try:
        number = index(seed)
    except TypeError:
        number = -1
    if not 0 <= number <= LARGEST_SEED:
        raise CannotOpen(f"the seed must be an integer from 0 to 2**63 - 1, got {seed!r}")
    return number


def stack(keys: Sequence[str], rows: Sequence[Array]) -> Array:
    """Stack rows into one array, of shape (N, ...).

    Raises
    ------
    ReadError
        Where a row differs from the first in shape or dtype; its key is named.
    """
    for key, row in zip(keys, rows, strict=True):
        if (row.shape, row.dtype) != (rows[0].shape, rows[0].dtype):
            raise ReadError(
                f"the result is {_shown(row)} and that of {keys[0]} is {_shown(rows[0])}, so they do "
                "not stack; add a step that makes all one size, such as center_crop:224",
                key=key,
            )
    whole = rows[0].base
    return whole if whole is not None and _are_all_of(whole, rows) else np.stack(rows)


def write_row(row: Array, out: Array | None, position: int) -> bool:
    """Copy a result to a row of `out`, if it has its shape and dtype; return whether it has."""
    if out is None or (row.shape, row.dtype) != (out.shape[1:], out.dtype):
        return False
    out[position] = row
    return True


def _are_all_of(whole: Array, rows: Sequence[Array]) -> bool:
    """Return whether an array consists of these rows, in this order."""
    if not isinstance(whole, np.ndarray) or whole.shape != (len(rows), *rows[0].shape):
        return False
    return whole.dtype == rows[0].dtype and all(
        row.base is whole and row.ctypes.data == whole[place, ...].ctypes.data
        for place, row in enumerate(rows)
    )


def _shown(row: Array) -> str:
    return f"{'×'.join(map(str, row.shape))} {row.dtype}"
