"""Outcome of a simulation: its figures, what is paid for, and its course over time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Part of the epoch.

    Parameters
    ----------
    end_s : float
        It begins where the interval before ends.
    under_way : int
        Requests that readers wait for at its end, pauses before retries included.
    environments : int
        Environments or workers at its end, those that start included.
    samples, throttled_429, slow_503 : int
        Samples received, and answers of these statuses.
    """

    end_s: float
    under_way: int
    environments: int
    samples: int
    throttled_429: int
    slow_503: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What is paid for.

    Parameters
    ----------
    requests : int
        Requests that were served, those that ended in an error of the store included.
    function_s : float
        Seconds of environments of Lambda's default mode, cold starts included.
    machine_s : float
        Seconds of workers, or of environments of Managed Instances, those that boot included.
    gets : int
        GETs that the store answered.
    """

    requests: int
    function_s: float
    machine_s: float
    gets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Result of one epoch.

    Parameters
    ----------
    epoch_s : float
        Until the last sample was received.
    samples : int
        Samples received.
    samples_per_s : float
    idle : float
        Share of the readers' time in which they wait, from 0 to 1.
    throttled_429 : int
        Requests that Lambda refused.
    slow_503 : int
        Refusals by a full server, and by the store.
    store_503 : int
        Those by the store, to doors. Doors try again before readers do.
    retries : int
        Calls of readers beside the first of each request.
    gave_up : int
        Requests that took more calls than a client makes. A real epoch would have failed.
    p50_ms, p99_ms, mean_ms : float
        Time of a request from its first call to its answer, retries and pauses included.
    usage : Usage
    timeline : tuple of Interval
        Intervals of equal length, at most 600 of them; the last may be shorter.
    """

    epoch_s: float
    samples: int
    samples_per_s: float
    idle: float
    throttled_429: int
    slow_503: int
    store_503: int
    retries: int
    gave_up: int
    p50_ms: float
    p99_ms: float
    mean_ms: float
    usage: Usage
    timeline: tuple[Interval, ...]
