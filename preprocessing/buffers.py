"""Many results in one array."""

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
        Where the results are not all of one shape and type.
    """
    if not outputs:
        raise IncompatibleSource("a batch needs at least one source")
    first = outputs[0]
    if known(first.shape) is None:
        raise IncompatibleSource(
            f"source 0 would become {first}, whose size only its content tells; put a step into the "
            "pipeline that gives all one size"
        )
    for index, other in enumerate(outputs):
        if other != first:
            raise IncompatibleSource(
                f"source {index} would become {other} and source 0 {first}, which cannot be stacked; "
                "put a step into the pipeline that gives all one size, such as center_crop:224"
            )
    return empty((len(outputs), *encoding.shape(first)), first.dtype)


def place_of(output: Spec, encoding: Encoding, out: Array | None) -> Array:
    """Return where a result goes: `out`, or an uninitialised array of its own.

    Raises
    ------
    IncompatibleSource
        Where `out` is of another shape or type than the result.
    """
    if out is None:
        return empty(encoding.shape(output), output.dtype)
    if out.shape != encoding.shape(output) or out.dtype.name != _numpy_name(output.dtype):
        raise IncompatibleSource(
            f"the result is {output}, in shape {encoding.shape(output)}, and `out` has shape "
            f"{out.shape} and type {out.dtype.name}"
        )
    return out


def empty(shape: Shape, dtype: DType) -> Array:
    """Return an uninitialised array, all of whose shape is known."""
    sides = known(shape)
    assert sides is not None
    return np.empty(sides, _numpy_name(dtype))


def _numpy_name(dtype: DType) -> str:
    """Return what NumPy calls a type; texts are Python's own strings."""
    return "object" if dtype == "str" else dtype


@contextmanager
def naming_source(index: int) -> Iterator[None]:
    """Have an error, whatever its type, say which source of a batch it is about."""
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
    """Call `work` with 0 to `count` - 1; decoding and the kernels leave Python's lock alone."""
    if threads == 1 or count == 1:
        for index in range(count):
            work(index)
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  for those who want threads

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
        except (
            BaseException
        ):  # the others need not be ready; a signal of the caller's is the caller's
            if given is None:
                signal.cancel()
            raise
