"""`LoaderStats`: what a loader gave in an epoch, and how long its consumer waited."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from jitprep.reader.loading.assembly import LoadedBatch, Rows


@dataclass(frozen=True, kw_only=True)
class LoaderStats:
    """Counts of the current epoch, or of the last one.

    Parameters
    ----------
    batches, images : int
        Batches and samples that the consumer was given.
    skipped : int
        Bad objects that were left out.
    remote : int
        Samples that the overflow made.
    remote_bytes : int
        Bytes of these; text is not counted.
    redone : int
        Samples that this machine made because the overflow failed, or was late.
    waited_s : float
        Seconds that the consumer waited for batches.
    seconds : float
        Seconds from the beginning of the epoch to its last batch so far.
    """

    batches: int = 0
    images: int = 0
    skipped: int = 0
    remote: int = 0
    remote_bytes: int = 0
    redone: int = 0
    waited_s: float = 0.0
    seconds: float = 0.0

    def after(self, batch: LoadedBatch, waited_s: float, seconds: float) -> Self:
        """Return the counts after one more batch.

        Parameters
        ----------
        batch : LoadedBatch
        waited_s : float
            Seconds that the consumer waited for it.
        seconds : float
            Seconds since the beginning of the epoch.
        """
        return replace(
            self,
            batches=self.batches + 1,
            images=self.images + len(batch.indices),
            skipped=self.skipped + len(batch.skipped),
            remote=self.remote + batch.remote,
            remote_bytes=self.remote_bytes + batch.remote * _row_bytes(batch.rows),
            redone=self.redone + batch.redone,
            waited_s=self.waited_s + waited_s,
            seconds=seconds,
        )

    @property
    def images_per_s(self) -> float:
        """Samples per second, those before the first batch included."""
        return self.images / self.seconds if self.seconds else 0.0

    @property
    def waited_share(self) -> float:
        """Share of the time that the consumer waited, from 0 to 1."""
        return self.waited_s / self.seconds if self.seconds else 0.0


def _row_bytes(rows: Rows) -> int:
    return 0 if isinstance(rows, list) else rows[0].nbytes
