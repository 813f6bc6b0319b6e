"""Transform of an original in this process: its array, its errors, and its turn."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from threading import Lock

from jitprep.reader.base import RowLayout
from jitprep.reader.decode import ReadResult, decode, is_array
from jitprep.reader.errors import OF_THE_OBJECT, BadObject, ReadError, Refused
from jitprep.service.errors import as_request_failed
from preprocessing import Limits, Pipeline, PreprocessingError, Seed
from preprocessing.limits import DEFAULT_LIMITS
from preprocessing.media import Array, known
from preprocessing.sources import AnySource


def transform(
    pipeline: Pipeline,
    source: AnySource,
    seed: Seed,
    key: str,
    limits: Limits = DEFAULT_LIMITS,
    out: Array | None = None,
) -> Array:
    """Return what a read of the object through any door returns.

    Parameters
    ----------
    pipeline : Pipeline
    source : bytes, path or Ranged
    seed : Seed
    key : str
        Key for error messages.
    limits : Limits
    out : ndarray, optional
        Array that the result is written to, and which is returned, where the pipeline can do that.

    Raises
    ------
    BadObject
        With the function's code.
    OSError
        Where a path cannot be read.
    """
    try:
        if is_array(pipeline):
            return pipeline(source, seed=seed, limits=limits, out=out)
        made = pipeline.encode(source, seed=seed, limits=limits)
    except PreprocessingError as error:
        raise object_error(error, key) from None
    return decode(ReadResult(bytearray(made.body), made.content_type, made.metadata), key)


def layout_of(pipeline: Pipeline) -> RowLayout | None:
    """Return what every result of a pipeline is like; None if its size depends on the original."""
    shape = known(pipeline.output.shape)
    text = pipeline.output.dtype == "str"
    return None if shape is None or text else RowLayout(shape, pipeline.output.dtype)


def object_error(error: PreprocessingError, key: str) -> ReadError:
    """Return an error of the library as one about an object, with the function's code."""
    failure = as_request_failed(error)
    kind = BadObject if failure.code in OF_THE_OBJECT else Refused
    return kind(failure.message, key=key, code=failure.code)


class _Turn:
    """The right to compute, which one thread of a process has at a time."""

    def __init__(self) -> None:
        self.renew()
        os.register_at_fork(after_in_child=self.renew)

    def renew(self) -> None:
        """Make it free: the thread that had it was not forked."""
        self.lock = Lock()


_turn = _Turn()


def computing_turn() -> AbstractContextManager[bool]:
    """Return what a thread holds while it transforms originals.

    Several would take turns for Python's lock anyway, at a higher price. Other processes use the other
    cores.
    """
    return _turn.lock
