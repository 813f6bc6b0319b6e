"""Pairing of keys and targets by position. Targets whose order is ambiguous are refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol, TypeAlias, cast, runtime_checkable

import numpy as np

# Keys that an error shows.
_SHOWN = 3


@runtime_checkable
class HasColumns(Protocol):
    """A reader of tables, whose samples have other columns."""

    def column_values(self, name: str, keys: Iterable[str] | None = None) -> list[Any]:
        """Return the values of a column, one per key."""

    def class_names(self, name: str) -> tuple[str, ...] | None:
        """Return the names of a column's classes; None where they have none."""

    def group_sizes(self, keys: Iterable[str]) -> tuple[int, ...]:
        """Return the sizes of runs of keys that are read together."""


Targets: TypeAlias = Iterable[Any] | Mapping[str, Any] | None


def pair_targets(keys: Iterable[str], targets: Targets) -> tuple[list[str], Sequence[Any]]:
    """Return the keys, and one target per key in the same order.

    Parameters
    ----------
    keys : iterable of str
        In a fixed order, so not a set.
    targets : iterable or mapping, optional
        One per key, by position or by key. Default: the keys themselves. A column of a table is taken by
        position, if its index is that of the column of keys, the keys, or 0..n-1.

    Returns
    -------
    list of str, sequence
        Copies, so that later changes by the caller do not change samples.

    Raises
    ------
    ValueError
        Where keys or targets have no order, or do not match.
    """
    _require_order(keys, "keys")
    named = list(keys)
    for key in named:
        if not isinstance(key, str):
            raise ValueError(f"keys must be strings, got {key!r} of type {type(key).__name__}")  # noqa: TRY004
    if targets is None:
        return named, named
    if isinstance(targets, Mapping):
        return named, _by_key(named, targets)
    _require_order(targets, "targets")
    if hasattr(targets, "iloc"):
        _require_same_index(keys, named, targets)
        targets = cast("Any", targets).to_numpy()
    taken = _copied(targets, len(named))
    if len(taken) != len(named):
        endless = not hasattr(targets, "__len__") and len(taken) > len(named)
        count = f"{len(taken)}{' or more' if endless else ''}"
        raise ValueError(f"{len(named)} keys have {count} targets; give one per key")
    return named, taken


def _require_order(given: Any, what: str) -> None:
    """Raise ValueError for a string, a set, a table, or a value that is not iterable."""
    if isinstance(given, str | bytes):
        raise ValueError(f"{what} must be a sequence, got the single value {given!r}")  # noqa: TRY004
    if isinstance(given, set | frozenset):
        raise ValueError(f"{what} must have an order, got a set; give a list, or sorted(...)")  # noqa: TRY004
    if hasattr(given, "columns") or hasattr(given, "column_names"):
        raise ValueError(f"{what} must be one column, got a table")
    if not hasattr(given, "__iter__") and not hasattr(given, "__getitem__"):
        raise ValueError(f"{what} must be a sequence, got {given!r} of type {type(given).__name__}")


def _by_key(keys: Sequence[str], targets: Mapping[str, Any]) -> list[Any]:
    missing = [key for key in keys if key not in targets]
    if missing:
        shown = ", ".join(map(repr, missing[:_SHOWN]))
        raise ValueError(f"targets are missing for {len(missing)} of {len(keys)} keys: {shown}")
    return [targets[key] for key in keys]


def _require_same_index(keys: Any, named: Sequence[str], targets: Any) -> None:
    """Raise ValueError for a column whose index may mean another order than its positions."""
    index = targets.index
    if hasattr(keys, "iloc"):
        if index.equals(keys.index):
            return
        raise ValueError(
            "the indices of keys and targets differ; take both from one table, or give "
            "targets.loc[keys.index]"
        )
    if len(index) == len(named):
        in_order = list(index)
        if in_order in (list(range(len(named))), list(named)):
            return
    raise ValueError(
        "the index of targets is neither 0..n-1 nor the keys, so their order is ambiguous; give keys "
        "and targets as columns of one table, or targets.to_numpy() if they are in the order of the keys"
    )


def _copied(targets: Any, wanted: int) -> Any:
    """Return an indexable copy of the targets; of an endless iterator, one more than wanted."""
    if getattr(targets, "ndim", 1) == 0:
        raise ValueError("targets must be a sequence, got an array of dimension 0")
    if isinstance(targets, np.ndarray):  # a memory map stays on disk
        return targets if isinstance(targets, np.memmap) else targets.copy()
    if hasattr(targets, "clone"):  # torch
        return targets.detach().clone()
    if hasattr(targets, "to_pylist"):  # Arrow
        return targets.to_pylist()
    if not hasattr(targets, "__len__"):
        return list(islice(targets, wanted + 1))
    if isinstance(targets, range | tuple) or not isinstance(targets, Collection):
        return targets  # such as an array on disk
    return list(targets)
