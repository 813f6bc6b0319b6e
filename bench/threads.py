"""P2 with one Python thread and with several, which shows how long a library holds the GIL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.cases import Case
    from bench.peers.base import Peer

# A small photograph, with little work between two waits for the GIL, and a large one.
CASES = ("P2 500", "P2 4 MP")
# Long enough that the start and the end of a thread do not matter.
_SECONDS = 0.06
_LEAST = 8


# Two, and more than most machines have cores for each.
COUNTS = (1, 2, 4, 8)


def measure(peers: list[Peer], case: Case, rounds: int) -> dict[str, dict[str, float]]:
    """Return ms per image with one worker thread and with two, and the ratio."""
    return {
        name: {
            "one_ms": seconds[1] * 1e3,
            "two_ms": seconds[2] * 1e3,
            "scaling": seconds[1] / seconds[2],
        }
        for name, seconds in by_count(peers, case, rounds, (1, 2)).items()
    }


def by_count(
    peers: list[Peer], case: Case, rounds: int, counts: tuple[int, ...]
) -> dict[str, dict[int, float]]:
    """Return seconds per image by peer and number of threads.

    Each round has a random order of peers and thread counts; the minimum of each counts.
    """
    images = [arguments[0] for arguments in case.inputs]
    taking_part = (peer for peer in peers if peer.role != "aside" and "p2" in peer.operations)
    calls = {peer.name: peer.operations["p2"] for peer in taking_part}
    with ExitStack() as stack:
        pools = {count: stack.enter_context(ThreadPoolExecutor(count)) for count in counts}
        work = {name: _work(call, images) for name, call in calls.items()}
        best: dict[str, dict[int, float]] = {name: {} for name in calls}
        order = [(name, threads) for name in calls for threads in pools]
        random = Random(2)  # noqa: S311  the order is not a secret
        for _ in range(rounds):
            random.shuffle(order)
            for name, threads in order:
                spent = _timed(pools[threads], calls[name], work[name])
                best[name][threads] = min(spent, best[name].get(threads, spent))
    return best


def _work(call: Callable[..., Any], images: list[bytes]) -> list[bytes]:
    call(images[0])
    start = perf_counter()
    call(images[0])
    wanted = int(_SECONDS / (perf_counter() - start))
    return images * max(_LEAST // len(images), wanted // len(images))


def _timed(pool: ThreadPoolExecutor, call: Callable[..., Any], work: list[bytes]) -> float:
    start = perf_counter()
    for _ in pool.map(call, work):
        pass
    return (perf_counter() - start) / len(work)
