"""Comparison of the overflow's result with this machine's own, before any is used."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from jitprep.reader.base import Reader
from jitprep.reader.errors import OverflowDiffers, ReadError, Unavailable
from jitprep.reader.loading.overflow.opening import Overflow
from preprocessing.media import Array

# Not the default seed: a door that takes none is noticed at once.
_SEED = 1


def require_equal_results(overflow: Overflow, own: Reader, keys: Iterable[str]) -> None:
    """Read the first object that this machine can read, from both, and compare the results.

    Raises
    ------
    OverflowDiffers
        Where they differ, or only the overflow has an error.
    Unavailable
        Where the overflow does not answer now.
    """
    remote = overflow.reader
    if overflow.draws:
        own, remote = own.for_epoch(_SEED), remote.for_epoch(_SEED)
    for key in keys:
        try:
            here = own.get(key)
        except ReadError:
            continue  # a bad object, which both refuse
        try:
            there = remote.get(overflow.prefix + key)
        except Unavailable:
            raise
        except ReadError as error:
            raise OverflowDiffers(
                f"the overflow cannot read what this machine can: {error}. It must read the same "
                "objects through the same pipeline"
            ) from None
        if not _equal(here, there):
            raise OverflowDiffers(
                f"the overflow gives another result for {key} than this machine: "
                f"{_difference(there, here)} here. It must run the same pipeline on the same object, in "
                "the same version of jitprep"
            )
        return


def _equal(one: Array, other: Array) -> bool:
    if (one.shape, one.dtype) != (other.shape, other.dtype):
        return False
    if one.dtype.kind in "OU":
        return bool(one.tolist() == other.tolist())
    return one.tobytes() == other.tobytes()


def _difference(there: Array, here: Array) -> str:
    """Describe the difference of two results; the second one is this machine's."""
    if (there.shape, there.dtype) != (here.shape, here.dtype):
        return f"{there.dtype} of shape {there.shape}, and {here.dtype} of shape {here.shape}"
    if there.dtype.kind in "OU":
        return "other strings, in the same number as"
    differ = (_bytes(there) != _bytes(here)).any(axis=1)
    first = tuple(map(int, np.unravel_index(differ.argmax(), there.shape)))
    return (
        f"{differ.sum():,} of {differ.size:,} samples differ; the first, at {first}, is {there[first]}, "
        f"and {here[first]}"
    )


def _bytes(array: Array) -> Array:
    """Return the bytes of each sample, shape (N, bytes); they differ also in the sign of a zero."""
    return np.ascontiguousarray(array).reshape(-1, 1).view(np.uint8)
