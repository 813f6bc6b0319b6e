"""A reader's read-through store: copies of results, taken instead of the transform."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jitprep.reader.decode import ReadResult, decode, is_array
from jitprep.reader.errors import CannotOpen
from jitprep.reader.originals import object_errors
from jitprep.service.results.kept_part import KeptPart, write_samples
from preprocessing import Limits, Pipeline, Seed
from preprocessing.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from jitprep.service.results.copy_format import FoundCopy
    from jitprep.service.results.copy_place import CopyPlace
    from preprocessing import Encoded
    from preprocessing.media import Array
    from preprocessing.sources import AnySource


def reader_kept_part(store: CopyPlace | None, pipeline: Pipeline) -> KeptPart | None:
    """Return what a reader keeps; None without a store, or where nothing can be.

    Raises
    ------
    CannotOpen
        Where the store cannot be opened as it is configured.
    """
    if store is None:
        return None
    try:
        return KeptPart.of(store, pipeline)
    except ValueError as error:
        raise CannotOpen(f"store: {error}") from None


def find_copy(kept: KeptPart, name: str | None, out: Array | None = None) -> FoundCopy | None:
    """Return a copy; None where there is none.

    Parameters
    ----------
    kept : KeptPart
    name : str, optional
        None where the original's version is not known for sure.
    out : ndarray, optional
        Array of the result's shape and dtype, which the samples are read into where that is possible.
    """
    if name is None:
        return None
    row = None
    if out is not None and not kept.draws and is_array(kept.pipeline) and out.flags.c_contiguous:
        row = out.reshape(-1).view(np.uint8).data
    return kept.store.find(name, row)


def copied_array(
    kept: KeptPart,
    found: FoundCopy,
    seed: Seed,
    key: str,
    limits: Limits = DEFAULT_LIMITS,
    out: Array | None = None,
) -> Array | None:
    """Return the array that follows from a copy; None where it takes the original.

    It is `out` where the samples were, or could be, written there.

    Raises
    ------
    ReadError
    """
    if found.in_row:
        return out
    with object_errors(key):
        encoded = kept.finish(found, seed, limits)
    return None if encoded is None else _array(kept.pipeline, encoded, key, out)


def made_array(
    kept: KeptPart,
    source: AnySource,
    seed: Seed,
    key: str,
    limits: Limits = DEFAULT_LIMITS,
    out: Array | None = None,
) -> tuple[Array, Encoded | None]:
    """Return the array of an original, and what to keep of it.

    Raises
    ------
    ReadError, OSError
        As `jitprep.reader.originals.transform`.
    """
    with object_errors(key):
        encoded, copy = kept.make(source, seed, limits)
    return _array(kept.pipeline, encoded, key, out), copy


def _array(pipeline: Pipeline, encoded: Encoded, key: str, out: Array | None) -> Array:
    if out is not None and is_array(pipeline):
        write_samples(encoded.body, out)
        return out
    # The writer of the copy may still need these bytes, and the caller may write to the array.
    return decode(ReadResult(bytearray(encoded.body), encoded.content_type, encoded.metadata), key)
