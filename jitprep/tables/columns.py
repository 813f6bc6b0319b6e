"""The columns of a table: which one has the samples, and what Hugging Face's metadata say of others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from jitprep.tables.footer import BYTE_ARRAY, Footer, Leaf
from preprocessing import IncompatibleSource

# The field of an image or a sound of Hugging Face; the other one is its path.
_BYTES = "bytes"
# Names that an error shows.
_SHOWN = 20


def sample_leaf(footer: Footer, column: str) -> int:
    """Return the index of the stored column that has the bytes of the samples.

    Parameters
    ----------
    footer : Footer
    column : str
        Of binary values, or of structures with a binary field ``bytes``.

    Raises
    ------
    IncompatibleSource
        Where there is no such column. The message names those that there are.
    """
    for place, leaf in enumerate(footer.leaves):
        if leaf.path in {(column,), (column, _BYTES)} and _is_binary(leaf):
            return place
    names = list(dict.fromkeys(leaf.path[0] for leaf in footer.leaves))
    what = "is not binary" if column in names else "is not in the table"
    binary = [leaf.path[0] for leaf in footer.leaves if _is_binary(leaf) and _is_sample(leaf)]
    others = (
        f"the binary columns are {_listed(binary)}" if binary else f"none is, of {_listed(names)}"
    )
    raise IncompatibleSource(f"the column {column!r} {what}; {others}")


def leaves_of(footer: Footer, column: str) -> tuple[int, ...]:
    """Return the indices of the stored columns of a field.

    Raises
    ------
    IncompatibleSource
        Where the table has no such field.
    """
    found = tuple(place for place, leaf in enumerate(footer.leaves) if leaf.path[0] == column)
    if not found:
        names = list(dict.fromkeys(leaf.path[0] for leaf in footer.leaves))
        raise IncompatibleSource(
            f"the column {column!r} is not in the table; its columns are {_listed(names)}"
        )
    return found


def class_names(footer: Footer, column: str) -> tuple[str, ...] | None:
    """Return the names of a column's classes, where Hugging Face's metadata have them."""
    try:
        about: Any = json.loads(footer.metadata["huggingface"])
        feature = about["info"]["features"][column]
        names = feature["names"] if feature["_type"] == "ClassLabel" else None
    except (KeyError, TypeError, ValueError):  # not of theirs, or another column
        return None
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return tuple(names)
    return None


def _is_binary(leaf: Leaf) -> bool:
    return leaf.physical == BYTE_ARRAY and leaf.plain and not leaf.repeated


def _is_sample(leaf: Leaf) -> bool:
    return len(leaf.path) == 1 or leaf.path[1:] == (_BYTES,)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(map(repr, names[:_SHOWN])) + (f" and {more} more" if more > 0 else "")
