"""`Latency`: how long a remote's answers take, and when one is late."""

from __future__ import annotations

# Weights of a new answer in the mean and in the deviation, and the deviations after which an answer is
# late: those of TCP's timer. https://www.rfc-editor.org/rfc/rfc6298
_MEAN, _DEVIATION, _LATE = 1 / 8, 1 / 4, 4
# An answer is not late within this time, nor within twice the mean. To make a few samples twice costs
# little, and a wait for them costs the consumer.
_LEAST_S, _LEAST_MEANS = 0.1, 2


class Latency:
    """Mean and deviation of the seconds that a task takes.

    Parameters
    ----------
    first : float
        What is assumed before the first answer, in seconds.
    """

    def __init__(self, first: float = 0.1) -> None:
        self.mean = first
        self._deviation = first / 2
        self._known = False

    def add(self, seconds: float) -> None:
        """Count an answer."""
        if not self._known:
            self._known = True
            self.mean, self._deviation = seconds, seconds / 2
            return
        self._deviation += _DEVIATION * (abs(seconds - self.mean) - self._deviation)
        self.mean += _MEAN * (seconds - self.mean)

    @property
    def late_after(self) -> float:
        """Seconds after which an answer is late."""
        return max(_LEAST_S, _LEAST_MEANS * self.mean, self.mean + _LATE * self._deviation)
