"""Result arrays: allocated for one result or a batch, and filled by several threads."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import Signal, cancellable, checkpoint, current
from preprocessing.errors import IncompatibleSource
from preprocessing.media import known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from preprocessing.encodings import Encoding
    from preprocessing.media import Array, DType, Shape, Spec


def allocate(encoding: Encoding, outputs: Sequence[Spec]) -> Array:
    """Return an uninitialised array of shape (N, ...) for N results.

    Raises
    ------
    IncompatibleSource
        If `outputs` is empty, or the results differ in shape or dtype.
    """
    if not outputs:
        raise IncompatibleSource("a batch needs at least one source")
    first = outputs[0]
    if known(first.shape) is None:
        raise IncompatibleSource(
            f"source 0 would become {first}, whose size is known only after decoding; add a step with "
            "a fixed output size"
        )
    for index, other in enumerate(outputs):
        if other != first:
            raise IncompatibleSource(
                f"source {index} would become {other} and source 0 {first}, which cannot be stacked; "
                "add a step with a fixed output size, such as center_crop:224"
            )
    return empty((len(outputs), *encoding.shape(first)), first.dtype)


def place_of(output: Spec, encoding: Encoding, out: Array | None) -> Array:
    """Return the array for a result: `out` if given, otherwise a new, uninitialised one.

    Raises
    ------
    IncompatibleSource
        If `out` has another shape or dtype than the result.
    """
    if out is None:
        return empty(encoding.shape(output), output.dtype)
    if out.shape != encoding.shape(output) or out.dtype.name != _numpy_name(output.dtype):
        raise IncompatibleSource(
            f"`out` has shape {out.shape} and dtype {out.dtype.name}, but the result has shape "
            f"{encoding.shape(output)} and dtype {_numpy_name(output.dtype)}"
        )
    return out


def empty(shape: Shape, dtype: DType) -> Array:
    """Return an uninitialised array; all sides of `shape` must be known."""
    sides = known(shape)
    assert sides is not None
    return np.empty(sides, _numpy_name(dtype))


def _numpy_name(dtype: DType) -> str:
    """Return NumPy's name for a dtype. Texts are stored as Python objects."""
    return "object" if dtype == "str" else dtype


@contextmanager
def naming_source(index: int) -> Iterator[None]:
    """Prefix the message of any error with the index of the batch's source that caused it."""
    try:
        yield
    except OSError as error:
        if error.strerror is None:
            error.args = (f"source {index}: {error}",)
        else:
            error.strerror = f"source {index}: {error.strerror}"
        raise
    except Exception as error:
        if len(error.args) == 1 and isinstance(error.args[0], str):
            error.args = (f"source {index}: {error.args[0]}",)
        else:
            error.add_note(f"source {index} of the batch")
        raise


def run_each(work: Callable[[int], None], count: int, threads: int) -> None:
    """Call `work` with each index below `count`, in several threads.

    Threads run in parallel because decoding and most kernels release Python's lock.
    """
    if threads == 1 or count == 1:
        for index in range(count):
            work(index)
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  for threads only

    given = current()
    signal = given or Signal()

    def signalled(index: int) -> None:
        with cancellable(signal):
            checkpoint()
            work(index)

    with ThreadPoolExecutor(threads) as pool:
        try:
            for _ in pool.map(signalled, range(count)):
                pass
        except BaseException:
            if given is None:  # stop the other threads; the caller's own signal is left alone
                signal.cancel()
            raise
