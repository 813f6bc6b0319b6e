"""Rows of an array, filled in place by a reader that yields results in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from jitprep.reader.base import RowLayout, write_row
from jitprep.reader.errors import ReadError
from preprocessing.media import Array


def fill_rows(
    each: Callable[[Sequence[str], Mapping[str, Array]], Iterator[tuple[str, Array | ReadError]]],
    keys: Sequence[str],
    out: Array | None,
    layout: RowLayout | None,
) -> dict[int, Array | ReadError]:
    """Read many objects into the rows of an array, without a copy, as `Reader.read_into` does.

    Parameters
    ----------
    each : callable
        Takes distinct keys, and the rows of some of them to write to. Yields the result or the error of
        each key, in any order.
    keys : sequence of str
    out : ndarray, optional
    layout : RowLayout, optional
        Of each result.
    """
    places: dict[str, list[int]] = {}
    for position, key in enumerate(keys):
        places.setdefault(key, []).append(position)
    rows: dict[str, Array] = {}
    if out is not None and layout == (out.shape[1:], out.dtype.name):
        rows = {key: out[positions[0]] for key, positions in places.items()}
    apart: dict[int, Array | ReadError] = {}
    for key, made in each(list(places), rows):
        for position in places[key]:
            in_place = made is rows.get(key) and position == places[key][0]
            if isinstance(made, ReadError) or not (in_place or write_row(made, out, position)):
                apart[position] = made
    return apart
