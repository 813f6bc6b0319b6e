"""Many results in one encoded body, each computed into its place, in any order and from any thread."""

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
    """Room for the results of many sources in one body, some of which may never come.

    Parameters
    ----------
    pipeline : Pipeline
        Of fixed shape, encoded as ``npy`` or ``safetensors``.
    count : int
        How many results there is room for, 1 or more. Memory is taken by the first `fill`.

    Raises
    ------
    SpecError
        For a pipeline whose results' shape depends on the source, or whose encoding holds one result.

    Examples
    --------
    >>> from preprocessing import Pipeline
    >>> stack = Stack(Pipeline.parse("resize:256/center_crop:224/npy"), 32)
    >>> stack.output.shape, stack.output.nbytes
    ((32, 3, 224, 224), 4817024)
    """

    def __init__(self, pipeline: Pipeline, count: int) -> None:
        if count < 1:
            raise ValueError(f"a stack has room for one result or more, got {count}")
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
        """What the stack is where every row is filled."""
        nbytes = len(self._header(self._count)) + self._count * self._row_bytes
        shape = (self._count, *self._row)
        return OutputSpec(shape, self._dtype, nbytes, self._encoding.content_type)

    def most(self, nbytes: int) -> int:
        """Return how many of its rows a body of `nbytes` could hold."""
        return max(nbytes - len(self._header(self._count)), 0) // self._row_bytes

    def fill(
        self, row: int, source: AnySource, *, seed: int | Seed = 0, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        """Compute a source's result into a row; takes and raises what calling the pipeline does.

        Many threads may fill different rows at once.

        Raises
        ------
        RuntimeError
            Where the stack is encoded already.
        """
        with self._writing() as samples:
            self._pipeline(source, seed=seed, limits=limits, out=samples[row])
            self._filled.add(row)

    def encode(self, rows: Sequence[int], *, seed: int = 0) -> Encoded:
        """Return filled rows as one body, closed up; the stack takes no more after that.

        Parameters
        ----------
        rows : sequence of int
            In ascending order.
        seed : int
            What the metadata tells of, where something was drawn.

        Returns
        -------
        Encoded
            One array of shape (len(rows), ...), as `encode` of the pipeline writes one result.

        Raises
        ------
        ValueError
            For other rows than those that were filled, or at the second time.

        Notes
        -----
        Rows move up within the body. It is copied only where some thread, that nobody waited for, is
        still at work: it must not write where another row has moved.
        """
        wanted = list(rows)
        with self._lock:
            if self._encoded or wanted != sorted(self._filled.intersection(wanted)):
                raise ValueError(f"rows to encode, once, are filled and ascending: got {wanted}")
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
        """Give the samples of all rows; while somebody has them, they stay where they are."""
        with self._lock:
            if self._encoded:
                raise RuntimeError("the stack is encoded already")
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
        """Return the body with these rows alone, and the header of as many."""
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
        except BufferError:  # a row is held from outside, by the traceback of an error for one
            return body[start:stop]
        return body

    def _samples(self, body: bytearray) -> Array:
        return self._encoding.samples(body, (self._count, *self._row), self._dtype)

    def _header(self, count: int) -> bytes:
        return self._encoding.header((count, *self._row), self._dtype)


def _row(pipeline: Pipeline) -> tuple[int, ...]:
    """Return the shape of a row. Raises what `Stack` does."""
    shape = tuple(side for side in pipeline.output.shape if side is not None)
    if len(shape) < len(pipeline.output.shape):
        raise SpecError(
            "results are stacked where all have one shape, and these depend on their sources; put a "
            "step into the pipeline that gives all one size, such as center_crop:224"
        )
    if not pipeline.encoding.stacks:
        raise SpecError(
            f"{pipeline.encoding.name} holds one result alone; end the pipeline with npy or "
            "safetensors to stack many"
        )
    return shape
