"""Reception of arrays: samples go straight into their row where there is one, and are verified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from jitprep.reader.base import write_row
from jitprep.reader.decode import ReadResult, decode, tensor_layout
from jitprep.reader.errors import ReadError, Unavailable, Undecodable
from jitprep.reader.transport.answer import Answer
from jitprep.reader.transport.stream import read_into, read_rest
from jitprep.service.http import checksums
from preprocessing.media import Array

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

# Headers of tensors have about a hundred bytes.
_LONGEST_HEAD = 4096
# The header by which S3 and all doors are asked for a checksum of the body.
ASKING_FOR_CHECKSUMS = MappingProxyType({"x-amz-checksum-mode": "ENABLED"})
_CHECKSUM_MISMATCH = "ChecksumMismatch"
# The fingerprint of the first result's pipeline; None where that of each may be another.
_pipelines: dict[str, str] | None = None


def require_one_pipeline() -> None:
    """Refuse results of another pipeline than the first one's, for the rest of this process."""
    global _pipelines  # noqa: PLW0603  of a process that does nothing else
    _pipelines = {}


@dataclass(frozen=True, slots=True)
class Incoming:
    """What an answer says of a body that follows.

    Parameters
    ----------
    nbytes : int, optional
        None where it ends with the answer.
    content_type : str, optional
    metadata : mapping of str to str
        The pipeline's, as in `ReadResult`.
    checksums : mapping of str to str
        By the names of S3's headers.
    """

    nbytes: int | None
    content_type: str | None
    metadata: Mapping[str, str]
    checksums: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, headers: Mapping[str, str], nbytes: int | None) -> Incoming:
        """Return what S3's headers say, whose names are in lower case."""
        about = ReadResult.of(bytearray(), headers)
        sums = {name: value for name, value in headers.items() if name.startswith(checksums.HEADER)}
        return cls(nbytes, about.content_type, about.metadata, sums)

    def receive(self, answer: Answer, key: str | None, row: Array | None = None) -> Array:
        """Read the body, and return its array: the row, if that has its shape and dtype.

        Parameters
        ----------
        answer : Answer
        key : str, optional
            Key for error messages.
        row : ndarray, optional
            Where the array may be written to.

        Raises
        ------
        Undecodable
        Unavailable
            ``ChecksumMismatch``.
        HTTPException
            Where bytes are missing.
        """
        head = b""
        if row is not None and (length := self._head_length(row)) is not None:
            head = bytes(read_rest(answer, length))
            if self._fits(head, row):
                samples = row.reshape(-1).view(np.uint8).data
                read_into(answer, samples)
                self._verify(key, head, samples)
                return row
        return self.decode(read_rest(answer, self.nbytes, head), key)

    def decode(self, body: bytearray, key: str | None) -> Array:
        """Return the array of the body. Raises what `receive` raises."""
        self._verify(key, body)
        return decode(ReadResult(body, self.content_type, self.metadata), key)

    def _verify(self, key: str | None, *pieces: Buffer) -> None:
        """Compare a body with its checksums, and its pipeline. Raises `Unavailable`, `Undecodable`."""
        made_by = self.metadata.get("fingerprint")
        if (
            made_by
            and _pipelines is not None
            and made_by != _pipelines.setdefault("first", made_by)
        ):
            raise Undecodable(
                "the result is of another pipeline than the first ones were; set up that one again, or "
                "begin anew with this one",
                key=key,
            )
        if not self.checksums:
            return
        try:
            checksums.verify(self.checksums, *pieces)
        except checksums.ChecksumMismatch:
            raise Unavailable(
                "bytes of the result were changed on the way: they do not have the checksum that was "
                "sent with them; where this repeats, read over https",
                key=key,
                code=_CHECKSUM_MISMATCH,
            ) from None

    def _head_length(self, row: Array) -> int | None:
        """Return what would precede the samples if they filled the row; None if they cannot."""
        length = -1 if self.nbytes is None else self.nbytes - row.nbytes
        return length if 0 <= length <= _LONGEST_HEAD and row.flags.c_contiguous else None

    def _fits(self, head: bytes, row: Array) -> bool:
        about = self.metadata.get("shape"), self.metadata.get("dtype")
        return _layout(head, self.content_type, *about) == (row.shape, row.dtype, len(head))


# It is equal for all objects of a pipeline that has a fixed shape.
_layout = lru_cache(maxsize=16)(tensor_layout)


class JointRows:
    """Rows of one array, which several threads fill.

    Parameters
    ----------
    keys : sequence of str
        One per row. Of a key that occurs twice, only the first row is filled.
    out : ndarray, optional
        The array, shape (N, ...). By default one is made, for results like the first.
    """

    def __init__(self, keys: Sequence[str], out: Array | None = None) -> None:
        self._places: dict[str, int] = {}
        for place, key in enumerate(keys):
            self._places.setdefault(key, place)
        self._keys, self._out = keys, out
        self._filled: set[str] = set()
        self._lock = Lock()

    def receive(self, answer: Answer, key: str, incoming: Incoming) -> Array:
        """Read a body, and return its array: the row, or one apart where it has another form.

        Raises what `Incoming.receive` raises.
        """
        row = None if self._out is None else self._out[self._places[key], ...]
        made = incoming.receive(answer, key, row)
        if made is not row:
            return self.place(key, made)
        self._filled.add(key)
        return made

    def place(self, key: str, made: Array) -> Array:
        """Copy a result to its row, and return that; the result itself where it has another form."""
        if made.dtype.kind in "OU":  # texts, of any length
            return made
        with self._lock:
            if self._out is None:
                self._out = np.empty((len(self._keys), *made.shape), made.dtype)
        place = self._places[key]
        if not write_row(made, self._out, place):
            return made
        self._filled.add(key)
        return self._out[place, ...]

    def apart(self, read: Mapping[str, Array | ReadError]) -> dict[int, Array | ReadError]:
        """Return, by position, what is not in the array that was given, as `Reader.read_into` does."""
        apart: dict[int, Array | ReadError] = {}
        for position, key in enumerate(self._keys):
            result, there = read[key], self._places[key] == position and key in self._filled
            # A row may have arrived before its batch failed.
            if isinstance(result, ReadError) or not (
                there or write_row(result, self._out, position)
            ):
                apart[position] = result
        return apart


def receive_object(answer: Answer, key: str, incoming: Incoming, rows: JointRows | None) -> Array:
    """Read a body, into its row where there are rows. Raises what `Incoming.receive` raises."""
    return rows.receive(answer, key, incoming) if rows else incoming.receive(answer, key)
