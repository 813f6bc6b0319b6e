"""Decoding of row groups by pyarrow, from bytes that were fetched and checked before."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeVar

from preprocessing import CorruptSource, UnsupportedSource

try:
    import pyarrow as pa
    from pyarrow import parquet
except ModuleNotFoundError as error:
    if error.name != "pyarrow":
        raise
    raise ModuleNotFoundError(
        "tables need pyarrow, which is not installed: pip install 'jitprep[parquet]'",
        name="pyarrow",
    ) from None

_T = TypeVar("_T")
_THRIFT_LIMITS = ("thrift_string_size_limit", "thrift_container_size_limit")


class SampleRows:
    """The samples of a row group, in memory.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Binary, or a dictionary of binary values.

    Attributes
    ----------
    nbytes : int
    """

    def __init__(self, column: Any) -> None:
        self._chunks = column.chunks
        self._ends = list(accumulate(map(len, self._chunks)))
        self.nbytes = int(column.nbytes)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, row: int) -> bytes | None:
        """Return the bytes of a row; None for a null."""
        place = bisect_right(self._ends, row)
        value: bytes | None = self._chunks[place][row - self._ends[place]].as_py()
        return value


class ArrowTable:
    """A table's footer as pyarrow reads it.

    Parameters
    ----------
    tail : bytes
        The end of the file: the footer, which was checked before, and at least 64 KiB or all of it.
    size : int
        Of the file.

    Raises
    ------
    CorruptSource, UnsupportedSource
    """

    def __init__(self, tail: bytes, size: int) -> None:
        self._size = size
        self._limits = dict.fromkeys(_THRIFT_LIMITS, len(tail))
        places = {size - len(tail): tail}
        self._metadata = _decoded(lambda: self._open(places).metadata)

    def read(
        self,
        group: int,
        leaves: Sequence[int],
        places: Mapping[int, bytes],
        referred: Sequence[str],
    ) -> Any:
        """Decode columns of a row group.

        Parameters
        ----------
        group : int
        leaves : sequence of int
            Indices of the stored columns.
        places : mapping of int to bytes
            What was fetched of the file, by where it begins.
        referred : sequence of str
            Paths of stored columns whose values stay references to a dictionary.

        Returns
        -------
        pyarrow.Table

        Raises
        ------
        CorruptSource, UnsupportedSource
        """

        def read() -> Any:
            file = self._open(places, metadata=self._metadata, read_dictionary=list(referred))
            return file.reader.read_row_group(group, column_indices=list(leaves), use_threads=False)

        return _decoded(read)

    def _open(self, places: Mapping[int, bytes], **options: Any) -> Any:
        return parquet.ParquetFile(
            pa.PythonFile(_Places(places, self._size), "r"),
            page_checksum_verification=True,
            **self._limits,
            **options,
        )


def only_column(table: Any) -> Any:
    """Return the one stored column of a table: its field, or the field of its structures.

    Raises
    ------
    UnsupportedSource
        Where pyarrow returns values of another type than bytes.
    """
    column = table.column(0)
    while pa.types.is_struct(column.type):
        (column,) = column.flatten()
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
        raise UnsupportedSource(
            f"the column of the samples has values of the type {kind}, not bytes"
        )
    return column


def as_python(values: Any) -> list[Any]:
    """Return an array's values as Python's.

    Raises
    ------
    CorruptSource
        For values that Python cannot hold, such as text that is not UTF-8.
    UnsupportedSource
        For values that it could hold otherwise, such as nanoseconds.
    """
    try:
        found: list[Any] = values.to_pylist()
    except UnicodeDecodeError as error:
        raise CorruptSource(f"the table has text that is not UTF-8: {error}") from None
    except (ValueError, OverflowError, LookupError) as error:
        raise UnsupportedSource(
            f"the table has values of {values.type} that Python cannot hold: {_line(error)}"
        ) from None
    return found


def empty_structures(count: int) -> Any:
    """Return structures without fields."""
    return pa.array([{}] * count, pa.struct([]))


class _Places(io.RawIOBase):
    """A file that has only some of its parts, which are in memory."""

    def __init__(self, places: Mapping[int, bytes], size: int) -> None:
        self._places, self._size, self._at = places, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = base + offset
        return self._at

    def read(self, length: int = -1) -> bytes:
        stop = self._size if length < 0 else min(self._at + length, self._size)
        for start, part in self._places.items():
            if start <= self._at and stop <= start + len(part):
                found = part[self._at - start : stop - start]
                self._at = stop
                return found
        raise OSError(f"the bytes from {self._at} to {stop} were not fetched")


def _decoded(work: Callable[[], _T]) -> _T:
    try:
        return work()
    except NotImplementedError as error:  # pyarrow's is one too
        raise UnsupportedSource(f"pyarrow does not read the table: {_line(error)}") from None
    except MemoryError:
        raise
    except Exception as error:  # pyarrow's own, and those of any type that it meets
        why = _line(error)
        if "not yet implemented" in why.lower():
            raise UnsupportedSource(f"pyarrow does not read the table: {why}") from None
        raise CorruptSource(f"the table is damaged: {why}") from None


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
