"""Tasks of a job, which are independent of each other."""

from __future__ import annotations

from dataclasses import dataclass

from jitprep.backfill.listing import ListedObject


@dataclass(frozen=True, slots=True)
class TableGroup:
    """A row group of a table.

    Parameters
    ----------
    table : ListedObject
    number : int, optional
        None of a table that cannot be read, which doing the task reports.
    """

    table: ListedObject
    number: int | None


@dataclass(frozen=True, slots=True)
class Copies:
    """Task that copies originals, each to its own object.

    Parameters
    ----------
    originals : tuple of ListedObject
    there : frozenset of str
        Their keys at which the target has an object, whose metadata say whether it is current.
    group : TableGroup, optional
        The originals are its rows.
    """

    originals: tuple[ListedObject, ...]
    there: frozenset[str]
    group: TableGroup | None = None


@dataclass(frozen=True, slots=True)
class Shard:
    """Task that copies originals into one shard.

    Parameters
    ----------
    name : str
        Key without the target's prefix.
    originals : tuple of ListedObject
        In the order of their copies in the shard.
    there : bool
        Whether the target has an object of this name.
    group : TableGroup, optional
        The originals are its rows.
    """

    name: str
    originals: tuple[ListedObject, ...]
    there: bool
    group: TableGroup | None = None


BackfillTask = Copies | Shard
