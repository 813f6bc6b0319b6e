"""Cache of prepared resamplings, bounded in bytes because the weights of one may take megabytes."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from preprocessing.kernels.image.geometry.resample import Resampling

_KEPT_BYTES = 24 * 2**20


class ResamplingCache:
    """The resamplings, oldest first, and the bytes of all: a random crop adds to it in every read."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Resampling] = {}
        self._total = 0
        self._lock = Lock()

    def get(self, key: Hashable, prepare: Callable[[], Resampling]) -> Resampling:
        """Return what is kept under a key, or else what `prepare` returns."""
        kept = self._kept.get(key)
        return self._add(key, prepare()) if kept is None else kept

    def _add(self, key: Hashable, made: Resampling) -> Resampling:
        with self._lock:
            if key in self._kept:  # another thread was faster
                return self._kept[key]
            self._kept[key] = made
            self._total += made.nbytes
            while self._total > _KEPT_BYTES:
                self._total -= self._kept.pop(next(iter(self._kept))).nbytes
        return made
