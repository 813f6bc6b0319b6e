"""`LoaderStats`: what a loader gave in an epoch, and how long its consumer waited."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LoaderStats:
    """Counts of the current epoch, or of the last one.

    Parameters
    ----------
    batches, images : int
        Batches and samples that the consumer was given.
    skipped : int
        Bad objects that were left out.
    waited_s : float
        Seconds that the consumer waited for batches.
    seconds : float
        Seconds from the beginning of the epoch to its last batch so far.
    """

    batches: int = 0
    images: int = 0
    skipped: int = 0
    waited_s: float = 0.0
    seconds: float = 0.0

    @property
    def images_per_s(self) -> float:
        """Samples per second, those before the first batch included."""
        return self.images / self.seconds if self.seconds else 0.0
