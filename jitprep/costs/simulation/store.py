"""Buckets of tokens, and the store's partitions, one bucket each."""

from __future__ import annotations

from jitprep.costs.simulation import draws
from jitprep.costs.simulation.clock import Clock
from jitprep.costs.simulation.scenario import Store

# Time over which the store compares the load with its rate. Assumed.
_WINDOW_S = 10.0


class TokenBucket:
    """A rate with a reserve: tokens come at `rate` per second, and at most `most` are saved."""

    def __init__(self, rate: float, most: float, clock: Clock) -> None:
        self._rate, self._most, self._clock = rate, most, clock
        self._tokens, self._at = most, clock.now

    def take(self, number: int = 1) -> int:
        """Take whole tokens, at most `number`, and return how many."""
        now = self._clock.now
        tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
        taken = number if tokens >= number else int(tokens)
        self._tokens, self._at = tokens - taken, now
        return taken


class Partitions:
    """The store's partitions, which share the keys evenly, and double under load above their rate.

    Attributes
    ----------
    answered, refused : int
        GETs so far.
    """

    def __init__(self, store: Store, clock: Clock, seed: int) -> None:
        self._store, self._clock = store, clock
        self._unlimited = store.gets_per_s == float("inf")
        self._buckets = [self._bucket() for _ in range(store.prefixes)]
        self._choose = draws.uniform(seed, draws.PARTITION)
        self._window, self._overloaded_s, self._refused_before = 0.0, 0.0, 0
        self.answered = self.refused = 0

    @property
    def count(self) -> int:
        """Partitions now."""
        return len(self._buckets)

    def get(self, number: int) -> int:
        """Ask one partition for keys, and return how many are answered; the others get 503."""
        if self._unlimited:
            self.answered += number
            return number
        if self._clock.now >= self._window + _WINDOW_S:
            self._observe()
        among = len(self._buckets)
        bucket = self._buckets[int(self._choose() * among) if among > 1 else 0]
        answered = bucket.take(number)
        self.answered += answered
        self.refused += number - answered
        return answered

    def _bucket(self) -> TokenBucket:
        rate = self._store.gets_per_s
        return TokenBucket(rate, max(1.0, rate * self._store.burst_s), self._clock)

    def _observe(self) -> None:
        """Add up windows with refusals, and double the partitions after enough of them in a row."""
        now = self._clock.now
        overloaded = self.refused > self._refused_before
        self._overloaded_s = self._overloaded_s + now - self._window if overloaded else 0.0
        self._window, self._refused_before = now, self.refused
        if self._store.split_s is not None and self._overloaded_s >= self._store.split_s:
            self._buckets += [self._bucket() for _ in self._buckets]
            self._overloaded_s = 0.0
