"""Transform of an original in this process: its array, its errors, and its turn."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock

from jitprep.reader.base import RowLayout
from jitprep.reader.decode import ReadResult, decode, is_array
from jitprep.reader.errors import OF_THE_OBJECT, BadObject, Refused
from jitprep.reader.metadata import notes_metadata
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
    with object_errors(key):
        if is_array(pipeline) and not notes_metadata():
            return pipeline(source, seed=seed, limits=limits, out=out)
        made = pipeline.encode(source, seed=seed, limits=limits)
    return decode(ReadResult(bytearray(made.body), made.content_type, made.metadata), key)


def layout_of(pipeline: Pipeline) -> RowLayout | None:
    """Return what every result of a pipeline is like; None if its size depends on the original."""
    shape = known(pipeline.output.shape)
    text = pipeline.output.dtype == "str"
    return None if shape is None or text else RowLayout(shape, pipeline.output.dtype)


@contextmanager
def object_errors(key: str) -> Iterator[None]:
    """Translate the library's errors in the block into an object's, with the function's codes."""
    try:
        yield
    except PreprocessingError as error:
        failure = as_request_failed(error)
        kind = BadObject if failure.code in OF_THE_OBJECT else Refused
        raise kind(failure.message, key=key, code=failure.code) from None


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
