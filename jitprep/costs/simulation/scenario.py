"""Scenario of a simulation: the readers, the door that they read through, and the store behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

# How values are drawn: from the given ones, or from a distribution with their mean.
Spread = Literal["measured", "exponential", "constant"]
# Which worker of a server gets a request: one that is free, where all share a queue; one with the fewest
# requests under way, as a load balancer chooses; or the one that its reader is connected to.
Balancing = Literal["free", "least", "reader"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTime:
    """Time for which a request occupies what serves it.

    Parameters
    ----------
    cpu_ms : float or sequence of float
        CPU time of one sample in milliseconds, its overhead included: the mean, or measured values. A
        request of several samples takes as many draws.
    request_ms : float
        CPU time of a request besides its samples.
    wait_ms : float or sequence of float
        Time from a GET to the store to the end of its answer. Sequences are drawn from.
    ask_ms : float
        CPU time of a server's worker before the wait for the store, which its other work delays.
    rest_ms : float
        CPU time that follows the answer, before the next request.
    cold_ms : float
        CPU time that a request takes more in a server's worker that was idle for `cold_after_ms`: the
        processor's caches then have other data. After a shorter time it takes proportionally less.
    cold_after_ms : float
    spread : {"measured", "exponential", "constant"}
        Distribution of `cpu_ms`: draws from the values; exponential; or always the mean.
    """

    cpu_ms: float | Sequence[float]
    request_ms: float = 0.0
    wait_ms: float | Sequence[float] = 0.0
    ask_ms: float = 0.0
    rest_ms: float = 0.0
    cold_ms: float = 0.0
    cold_after_ms: float = 0.0
    spread: Spread = "measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """S3 behind the door: it answers 503 ``SlowDown`` above the rate of its partitions.

    AWS documents the rate, that S3 scales by more partitions while the load stays above it, and that it
    answers 503 until then:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html.
    AWS does not document how long that takes, nor how much of the rate may be saved up. Assumed are half
    an hour, the lower end of what users report, that the partitions then double, and one second.

    Parameters
    ----------
    gets_per_s : float
        GETs per second of each partition; infinite for a store without a limit.
    prefixes : int
        Partitions in the beginning, which share the keys evenly. A new data set has one.
    split_s : float or None
        Seconds of load above the rate after which partitions double; None for never.
    burst_s : float
        Seconds of the rate that an idle partition saves up.
    """

    gets_per_s: float = 5500.0
    prefixes: int = 1
    split_s: float | None = 1800.0
    burst_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """One process that each request passes on its way to an environment and back, as in `jitprep up`.

    It does one thing at a time, in the order in which they come.

    Parameters
    ----------
    before_ms : float
        CPU time from a request to its environment.
    get_ms, got_ms : float
        CPU time from the environment's GET to the store, and from the store's answer to the environment,
        where these pass it too.
    after_ms : float
        CPU time from the environment's answer to the client.
    rest_ms : float
        CPU time after that, before the environment may take the next request.
    """

    before_ms: float
    get_ms: float = 0.0
    got_ms: float = 0.0
    after_ms: float
    rest_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionDoor:
    """Lambda's default mode: one request per environment.

    It is the door of Object Lambda, Function URLs, batched Invoke and streamed shards. A request without
    a free environment starts one, within the burst and the concurrency; without, it is answered 429.

    Parameters
    ----------
    service : ServiceTime
    concurrency : int
        Environments that may run at once. An account has 1,000 by default.
    burst : int or None
        Environments that may start in `burst_s`; None for any number. AWS refills it continuously:
        https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html.
    burst_s : float
    cold_start_ms : float
        Time from a request to the start of its work in a new environment. It is billed.
    samples_per_request : int
    gets_per_request, gets_at_once : int
        GETs to the store for a full request, and how many of them run at once.
    send_ms : float
        Least time in which an answer is sent, which overlaps with the CPU time. A stream has 2 MB/s.
    requests_per_s_each : float or None
        Requests per second for each unit of concurrency, 10 by AWS's quota, which throttles short
        requests: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. None for any.
    warm : int
        Environments that are there in the beginning.
    queue : int
        Requests that may wait for an environment. Lambda has none; `jitprep up` has.
    memory_mb : int
        Memory of the function, for its price.
    front : Front or None
        Process in front of the environments; None on AWS.
    """

    service: ServiceTime
    concurrency: int = 1000
    burst: int | None = 1000
    burst_s: float = 10.0
    cold_start_ms: float = 0.0
    samples_per_request: int = 1
    gets_per_request: int = 1
    gets_at_once: int = 8
    send_ms: float = 0.0
    requests_per_s_each: float | None = 10.0
    warm: int = 0
    queue: int = 0
    memory_mb: int = 1769
    front: Front | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscaling:
    """Target tracking: how many workers or environments the load takes, and when they are ready.

    Parameters
    ----------
    most : int
        Largest number of them.
    target : float
        Share of their processors that is to be busy, above 0 and at most 1.
    boot_s : float
        Time from the decision to the first request.
    every_s : float
        Time between decisions. Nothing is removed before the end of the epoch.
    """

    most: int
    target: float = 0.7
    boot_s: float = 60.0
    every_s: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedDoor:
    """Lambda Managed Instances: environments that serve several requests at once.

    A request that finds all of them full is answered 429. By AWS's words, traffic that more than doubles
    within five minutes may be throttled. That is what `scaling` at half of the processors, with five
    minutes to boot, gives:
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-scaling.html.

    Parameters
    ----------
    service : ServiceTime
    environments : int
        In the beginning. AWS starts three by default.
    requests_at_once : int
        Requests that an environment serves at once.
    vcpus : float
        vCPUs of an environment, which its requests share.
    scaling : Autoscaling or None
        None for a fixed number.
    samples_per_request, gets_per_request, gets_at_once : int
        As of `FunctionDoor`.
    """

    service: ServiceTime
    environments: int = 3
    requests_at_once: int = 16
    vcpus: float = 1.0
    scaling: Autoscaling | None = None
    samples_per_request: int = 1
    gets_per_request: int = 1
    gets_at_once: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerDoor:
    """Workers of `jitprep serve`, each a process that reads many originals and transforms one at a time.

    Parameters
    ----------
    service : ServiceTime
    workers : int
        In the beginning.
    threads : int
        Requests under way in a worker; more are answered 503.
    balance : {"free", "least", "reader"}
        Which worker gets a request.
    scaling : Autoscaling or None
        None for a fixed number.
    samples_per_request, gets_per_request, gets_at_once : int
        As of `FunctionDoor`.
    """

    service: ServiceTime
    workers: int
    threads: int = 64
    balance: Balancing = "least"
    scaling: Autoscaling | None = None
    samples_per_request: int = 1
    gets_per_request: int = 1
    gets_at_once: int = 8


Door = FunctionDoor | ManagedDoor | ServerDoor


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Readers that read a data set once.

    Parameters
    ----------
    door : FunctionDoor, ManagedDoor or ServerDoor
    store : Store
    readers : int
        A reader is one request under way: it reads, trains, and reads again.
    samples : int
        Samples of the epoch. A reader that is free takes the next.
    step_ms : float
        Time for which a reader trains on a request's samples, before its next request.
    receive_ms : float
        CPU time to receive a request's samples, on the reader's side. Latency includes it.
    receivers : int or None
        Processes that receive, each one answer at a time; None for one per reader.
    ramp_s : float
        Time over which readers start, evenly.
    tries : int
        Calls of a request after which a client gives up. A simulated reader is counted, and continues.
    backoff_s, longest_backoff_s : float
        Bounds of the first and of the longest pause after a 429 or 503. Pauses are random up to a bound
        that doubles ("full jitter"), as `jitprep.reader` makes them.
    cores : int or None
        Processors that everything shares, as on one machine; None for processors of their own.
    crowding : sequence of float
        CPU time of work on these processors while 1, 2, 3 ... pieces of work are under way, as a
        multiple of that of one alone: they share caches. The last holds for any more.
    arrivals_per_s : float or None
        Poisson arrivals per second, in place of readers that wait for their answers.
    seed : int
    """

    door: Door
    store: Store
    readers: int = 1
    samples: int
    step_ms: float = 0.0
    receive_ms: float = 0.0
    receivers: int | None = None
    ramp_s: float = 0.0
    tries: int = 8
    backoff_s: float = 0.1
    longest_backoff_s: float = 10.0
    cores: int | None = None
    crowding: Sequence[float] = (1.0,)
    arrivals_per_s: float | None = None
    seed: int = 0
