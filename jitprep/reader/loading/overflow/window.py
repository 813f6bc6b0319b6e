"""`Window`: how many samples a remote bears at once, learned from its answers, as in TCP."""

from __future__ import annotations

# Samples at first. The window doubles with each round of answers until the first failure.
_FIRST = 32.0
# Growth per round after a failure.
_STEP = 8.0
# Pauses after a failure of the smallest window, in seconds. Each is twice as long as the one before.
_PAUSE_S, _LONGEST_S = 0.1, 30.0


class Window:
    """Samples that may be under way: more with each answer, half as many after a failure.

    Parameters
    ----------
    most : int
        Samples at most, at least 1.
    """

    def __init__(self, most: int) -> None:
        self._most = float(most)
        self._size = min(_FIRST, self._most)
        self._slow_from = self._most  # size from which the growth is slow
        self._halved_at = float("-inf")
        self._paused_until = float("-inf")
        self._pause = _PAUSE_S

    def size(self, now: float) -> float:
        """Return how many samples may be under way; 0 in a pause."""
        return 0.0 if now < self._paused_until else self._size

    def succeeded(self, rows: int) -> None:
        """Grow for an answer."""
        slow = self._size >= self._slow_from
        grown = rows * min(1.0, _STEP / self._size) if slow else rows
        self._size = min(self._size + grown, self._most)
        self._paused_until, self._pause = float("-inf"), _PAUSE_S

    def failed(self, began: float, now: float) -> None:
        """Shrink for a failure.

        Parameters
        ----------
        began : float
            When the request was sent. Those that were sent before the last failure count with it.
        now : float
        """
        if began < self._halved_at:
            return
        self._halved_at = now
        if self._size > 1:
            self._size = self._slow_from = max(self._size / 2, 1.0)
            return
        self.pause(now)

    def pause(self, now: float) -> None:
        """Let nothing be under way for a while, twice as long as the last time."""
        self._paused_until = now + self._pause
        self._pause = min(2 * self._pause, _LONGEST_S)
