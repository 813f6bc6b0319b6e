"""`Stack`: the results of many sources in one encoded body, filled in any order by any thread."""

from __future__ import annotations

from contextlib import contextmanager
from math import prod
from threading import Lock
from typing import TYPE_CHECKING, cast

import numpy as np

from preprocessing.errors import SpecError
from preprocessing.limits import DEFAULT_LIMITS, Limits
from preprocessing.media import Encoded, OutputSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from preprocessing.encodings._tensors import TensorEncoding
    from preprocessing.media import Array
    from preprocessing.pipeline import Pipeline
    from preprocessing.rng import Seed
    from preprocessing.sources import AnySource


class Stack:
    """Buffer for the results of many sources in one body. Rows that were never filled are left out.

    Parameters
    ----------
    pipeline : Pipeline
        A pipeline with results of one fixed shape, encoded as ``npy`` or ``safetensors``.
    count : int
        Number of rows, at least 1. Memory is allocated by the first `fill`.

    Raises
    ------
    SpecError
        If the shape of the results depends on the source, the encoding holds a single result, or a
        result is several arrays.
    ValueError
        If `count` is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from preprocessing import Pipeline, Stack
    >>> stack = Stack(Pipeline.parse("resize:256/center_crop:224/npy"), 32)
    >>> stack.output.shape, stack.output.nbytes
    ((32, 3, 224, 224), 4817024)
    >>> stack.fill(1, np.zeros((375, 500, 3), np.uint8))
    >>> stack.encode([1]).metadata["shape"]
    '1,3,224,224'
    """

    def __init__(self, pipeline: Pipeline, count: int) -> None:
        if count < 1:
            raise ValueError(f"a stack must have at least 1 row, got {count}")
        self._pipeline, self._count = pipeline, count
        self._row, self._dtype = _row(pipeline), pipeline.output.dtype
        self._row_bytes = prod(self._row) * np.dtype(self._dtype).itemsize
        self._encoding = cast("TensorEncoding", pipeline.encoding)
        self._lock = Lock()
        self._body: bytearray | None = None
        self._filled: set[int] = set()
        self._writers = 0
        self._encoded = False

    @property
    def output(self) -> OutputSpec:
        """Shape, dtype, size and content type of the body with all rows filled."""
        nbytes = len(self._header(self._count)) + self._count * self._row_bytes
        shape = (self._count, *self._row)
        return OutputSpec(shape, self._dtype, nbytes, self._encoding.content_type)

    def most(self, nbytes: int) -> int:
        """Return how many of the rows fit into a body of `nbytes` bytes."""
        return max(nbytes - len(self._header(self._count)), 0) // self._row_bytes

    def fill(
        self, row: int, source: AnySource, *, seed: int | Seed = 0, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        """Compute the result of a source in place, as a row of the stack.

        Threads may fill different rows at the same time.

        Parameters
        ----------
        row : int
            Index of the row, from 0.
        source, seed, limits
            As for calling the pipeline.

        Raises
        ------
        SourceError, IncompatibleSource, LimitExceeded
            As calling the pipeline does. The row then counts as not filled.
        RuntimeError
            If the stack has been encoded.
        """
        with self._writing() as samples:
            self._pipeline(source, seed=seed, limits=limits, out=samples[row])
            self._filled.add(row)

    def put(self, row: int, body: bytes | bytearray) -> None:
        """Write a row of the stack that was made before.

        Parameters
        ----------
        row : int
            Index of the row, from 0.
        body : bytes or bytearray
            What `Pipeline.encode` of the same pipeline returned for one source.

        Raises
        ------
        ValueError
            If the body has another length than results have.
        RuntimeError
            If the stack has been encoded.
        """
        if len(body) != self._pipeline.output.nbytes:
            raise ValueError(f"a result has {self._pipeline.output.nbytes} bytes, got {len(body)}")
        with self._writing() as samples:
            made = np.frombuffer(body, samples.dtype, offset=len(body) - self._row_bytes)
            samples[row] = made.reshape(self._row)
            self._filled.add(row)

    def encode(self, rows: Sequence[int], *, seed: int = 0) -> Encoded:
        """Return filled rows as one body, without gaps. The stack cannot be filled or encoded again.

        Parameters
        ----------
        rows : sequence of int
            Indices of filled rows, in ascending order.
        seed : int
            Seed to write to the metadata, if the pipeline is random.

        Returns
        -------
        Encoded
            One array of shape (len(rows), ...), in the pipeline's encoding.

        Raises
        ------
        ValueError
            If a row was not filled, the order is not ascending, or the stack has been encoded.

        Notes
        -----
        Rows are moved within the body. The body is copied only if another thread is still filling a row,
        because that thread must not write to memory that now belongs to another row.
        """
        wanted = list(rows)
        with self._lock:
            if self._encoded or wanted != sorted(self._filled.intersection(wanted)):
                raise ValueError(
                    f"rows must be filled, in ascending order and encoded once, got {wanted}"
                )
            self._encoded = True
            body, self._body = self._body, None
            if body is None:
                body = self._encoding.frame((self._count, *self._row), self._dtype)
            elif self._writers:
                body = bytearray(body)
        shape = (len(wanted), *self._row)
        metadata = self._pipeline.metadata(shape, self._dtype, seed=seed)
        return Encoded(self._closed_up(body, wanted), self._encoding.content_type, metadata)

    @contextmanager
    def _writing(self) -> Iterator[Array]:
        """Yield the samples of all rows. They are not moved while a thread has them."""
        with self._lock:
            if self._encoded:
                raise RuntimeError("the stack has been encoded; make a new one")
            if self._body is None:
                self._body = self._encoding.frame((self._count, *self._row), self._dtype)
            self._writers += 1
            samples = self._samples(self._body)
        try:
            yield samples
        finally:
            with self._lock:
                self._writers -= 1

    def _closed_up(self, body: bytearray, rows: list[int]) -> bytearray:
        """Return the body with only these rows, and a header for their number."""
        samples = self._samples(body)
        for place, row in enumerate(rows):
            if place != row:
                samples[place] = samples[row]
        del samples  # so that the body can shrink
        end, header = len(self._header(self._count)), self._header(len(rows))
        start, stop = end - len(header), end + len(rows) * self._row_bytes
        body[start:end] = header
        try:
            del body[stop:], body[:start]
        except BufferError:  # a row is still referenced, for example by the traceback of an error
            return body[start:stop]
        return body

    def _samples(self, body: bytearray) -> Array:
        return self._encoding.samples(body, (self._count, *self._row), self._dtype)

    def _header(self, count: int) -> bytes:
        return self._encoding.header((count, *self._row), self._dtype)


def _row(pipeline: Pipeline) -> tuple[int, ...]:
    """Return the shape of a row; raise SpecError as `Stack` does."""
    pipeline.require_one_array()
    shape = tuple(side for side in pipeline.output.shape if side is not None)
    if len(shape) < len(pipeline.output.shape):
        raise SpecError(
            "results can be stacked only if they have one shape, and here the shape depends on the "
            "source; add a step with a fixed output size, such as center_crop:224"
        )
    if not pipeline.encoding.stacks:
        raise SpecError(
            f"{pipeline.encoding.name} holds a single result; end the pipeline with npy or safetensors "
            "to stack several"
        )
    return shape
