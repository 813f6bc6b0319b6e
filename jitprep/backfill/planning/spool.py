"""Originals on the local disk, which are read back shard by shard.

A hash of its key decides on the shard of an original, so the first shard is known only when all are
listed. SQLite sorts them in files that have no name, and disappear with the process.
"""

from __future__ import annotations

import sqlite3
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter

from jitprep.backfill import shards
from jitprep.backfill.job import CannotBackfill
from jitprep.backfill.listing import ListedObject

# SQLite's integers are signed. The hashes are stored less this, and it is added to their remainders.
_OFFSET = 2**63
_COUNT = "SELECT (hash % :shards + :shards + :offset) % :shards FROM originals"
_SORT = (
    "SELECT (hash % :shards + :shards + :offset) % :shards AS shard, key, etag, size "
    "FROM originals ORDER BY shard"
)
# Memory of SQLite's pages, and for sorting.
_CACHE_KB = 32_768


class OriginalsSpool:
    """Originals of a job.

    Parameters
    ----------
    originals : iterable of ListedObject

    Raises
    ------
    CannotBackfill
        Where the disk is full, from any method.
    """

    def __init__(self, originals: Iterable[ListedObject]) -> None:
        with _disk_errors():
            self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            for setting in (
                f"cache_size = -{_CACHE_KB}",
                "temp_store = FILE",
                "journal_mode = OFF",
            ):
                self._db.execute(f"PRAGMA {setting}")
            self._db.execute(
                "CREATE TABLE originals (hash INTEGER, key TEXT, etag TEXT, size INTEGER)"
            )
            self._db.execute("BEGIN")
            added = self._db.executemany(
                "INSERT INTO originals VALUES (?, ?, ?, ?)",
                ((shards.place(o.key) - _OFFSET, o.key, o.etag, o.size) for o in originals),
            )
            self._number = added.rowcount
            self._db.execute("COMMIT")

    def __len__(self) -> int:
        """Return the number of originals."""
        return self._number

    def deal(self, number: int) -> Iterator[tuple[ListedObject, ...]]:
        """Yield the originals of each of a number of shards, in the order of `shards.order`.

        Raises
        ------
        CannotBackfill
            Where a shard would have too many originals; before the first is yielded.
        """
        given = {"shards": number, "offset": _OFFSET % number}
        with _disk_errors():
            counts = array("L", [0]) * number
            for (shard,) in self._db.execute(_COUNT, given):
                counts[shard] += 1
            shards.require_most(max(counts), number)
            rows = self._db.execute(_SORT, given)
            hands = groupby(rows, itemgetter(0))
            shard, hand = next(hands, (number, iter(())))
            for wanted in range(number):
                if shard != wanted:
                    yield ()
                    continue
                yield shards.order(ListedObject(*row[1:]) for row in hand)
                shard, hand = next(hands, (number, iter(())))

    def close(self) -> None:
        """Give the disk space back."""
        self._db.close()


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise CannotBackfill(
            f"the list of originals cannot be kept in {tempfile.gettempdir()}: {error}; set TMPDIR to a "
            "folder with more space, about 300 bytes for each original"
        ) from None
