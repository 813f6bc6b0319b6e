"""`Demand`: how many samples to have under way at a remote, so that the consumer does not wait."""

from __future__ import annotations

from jitprep.reader.loading.overflow.stragglers import Latency

# Weights of a new sample in the machine's rate, and of a new batch in the consumer's times.
_RATE, _STEP, _WAIT = 0.02, 0.2, 0.2
# The machine's rate is reached only if every worker is always busy.
_MARGIN = 1.02
# Shares of the batches made ahead: fewer complete ones ask for more reads, more of them for fewer.
_LOW, _HIGH = 1 / 8, 3 / 16
# Reads per missing batch, and per batch too many, in batches.
_MORE, _FEWER = 0.25, 0.5
# A wait of more than this share of a step says that there is not enough, whatever the rates say.
_WAITS = 0.02


class Demand:
    """Little's law: what the consumer eats, less what this machine makes, times a remote read's latency.

    All of these are measured. The complete batches that are ready correct the result.

    Parameters
    ----------
    batch_size : int
    threads : int
        Threads of this machine that run tasks.
    """

    def __init__(self, batch_size: int, threads: int) -> None:
        self._batch = batch_size
        self._threads = threads
        self._per_thread: float | None = None  # samples per second
        self._step: float | None = None  # seconds per batch that the consumer computes
        self._waited = 0.0
        self.latency = Latency()

    def made_here(self, rows: int, seconds: float) -> None:
        """Count a task of this machine."""
        rate = rows / max(seconds, 1e-6)
        if self._per_thread is None:
            self._per_thread = rate
        self._per_thread += (1 - (1 - _RATE) ** rows) * (rate - self._per_thread)

    def computed(self, seconds: float) -> None:
        """Count the time from one batch to the request for the next."""
        self._step = seconds if self._step is None else self._step + _STEP * (seconds - self._step)

    def waited(self, seconds: float) -> None:
        """Count a wait for a batch."""
        self._waited += _WAIT * (seconds - self._waited)

    def samples(self, ready: float, ahead: int) -> float:
        """Return how many samples should be under way.

        Parameters
        ----------
        ready : float
            Complete batches that wait for the consumer.
        ahead : int
            Batches that are made ahead at most.
        """
        if self._step is None or self._per_thread is None:
            return 0.0
        step = max(self._step, 1e-5)
        short = max(0.0, self._batch / step * _MARGIN - self._per_thread * self._threads)
        low, high = max(1.0, ahead * _LOW), max(2.0, ahead * _HIGH)
        wanted = short * self.latency.mean
        if short or self._waited > _WAITS * step:
            wanted += max(0.0, low - ready) * self._batch * _MORE
        return max(0.0, wanted - max(0.0, ready - high) * self._batch * _FEWER)
