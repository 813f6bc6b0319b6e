"""Keys and their targets, put side by side by position; whatever could mean another order is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias, cast

import numpy as np

# What an error shows of many keys.
_SHOWN = 3

Targets: TypeAlias = Iterable[Any] | Mapping[str, Any] | None


def paired(keys: Iterable[str], targets: Targets) -> tuple[list[str], Sequence[Any]]:
    """Return the keys, and as many targets in their order.

    Parameters
    ----------
    keys : iterable of str
        In an order of their own, so not a set.
    targets : iterable or mapping, optional
        One for each key by position, or by key. The keys themselves where they are left out. A column of
        a table counts by position, if its index is that of the column of keys, the keys, or 0..n-1.

    Returns
    -------
    list of str, sequence
        Copies: what the caller does to its own afterwards changes no sample.

    Raises
    ------
    ValueError
        Naming what does not fit.
    """
    _require_order(keys, "keys")
    named = list(keys)
    for key in named:
        if not isinstance(key, str):
            raise ValueError(f"keys are strings, got {key!r}, of {type(key).__name__}")  # noqa: TRY004
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
        raise ValueError(f"{len(named)} keys have {count} targets: give one for each")
    return named, taken


def _require_order(given: Any, what: str) -> None:
    """Refuse what has no order, is one text, or would be looked into by the names of columns."""
    if isinstance(given, str | bytes):
        raise ValueError(f"{what} are a sequence of many, got the one {given!r}")  # noqa: TRY004
    if isinstance(given, set | frozenset):
        raise ValueError(f"{what} are a set, which has no order: give sorted(...), or a list")  # noqa: TRY004
    if hasattr(given, "columns") or hasattr(given, "column_names"):
        raise ValueError(f"{what} are a table: give one of its columns")
    if not hasattr(given, "__iter__") and not hasattr(given, "__getitem__"):
        raise ValueError(f"{what} are a sequence, got {given!r}, of {type(given).__name__}")


def _by_key(keys: Sequence[str], targets: Mapping[str, Any]) -> list[Any]:
    missing = [key for key in keys if key not in targets]
    if missing:
        shown = ", ".join(map(repr, missing[:_SHOWN]))
        raise ValueError(f"targets have none for {len(missing)} of {len(keys)} keys: {shown}")
    return [targets[key] for key in keys]


def _require_same_index(keys: Any, named: Sequence[str], targets: Any) -> None:
    """Refuse a column whose index says another order than its positions do."""
    index = targets.index
    if hasattr(keys, "iloc"):
        if index.equals(keys.index):
            return
        raise ValueError(
            "the indices of keys and targets differ: take both from one table, or give "
            "targets.loc[keys.index]"
        )
    if len(index) == len(named):
        in_order = list(index)
        if in_order in (list(range(len(named))), list(named)):
            return
    raise ValueError(
        "the index of targets is neither 0..n-1 nor the keys, so that it may mean another order: give "
        "keys and targets as columns of one table, or targets.to_numpy() if they are in the keys' order"
    )


def _copied(targets: Any, wanted: int) -> Any:
    """Return targets that can be indexed, apart from the caller's; of an endless row a few too many."""
    if getattr(targets, "ndim", 1) == 0:
        raise ValueError("targets are a sequence, got an array without axes")
    if isinstance(targets, np.ndarray):  # on a disk it stays there
        return targets if isinstance(targets, np.memmap) else targets.copy()
    if hasattr(targets, "clone"):  # torch's
        return targets.detach().clone()
    if hasattr(targets, "to_pylist"):  # Arrow's
        return targets.to_pylist()
    if not hasattr(targets, "__len__"):
        return list(islice(targets, wanted + 1))
    if isinstance(targets, range | tuple) or not isinstance(targets, Collection):
        return targets  # such as an array on a disk
    return list(targets)
