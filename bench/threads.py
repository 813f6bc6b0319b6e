"""Python threads: P2 by one and by two, to see who lets the other run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.cases import Case
    from bench.peers.base import Peer

# A small photograph, where there is little to do between two waits for Python's lock, and a large one.
CASES = ("P2 500", "P2 4 MP")
# Long enough for a thread's start and end not to count.
_SECONDS = 0.06
_LEAST = 8


def measure(peers: list[Peer], case: Case, rounds: int) -> dict[str, dict[str, float]]:
    """Return ms per image with one worker thread and with two, and the ratio.

    Each round draws an order of peers and thread counts; the minimum of each counts.
    """
    images = [arguments[0] for arguments in case.inputs]
    taking_part = (peer for peer in peers if peer.role != "aside" and "p2" in peer.operations)
    calls = {peer.name: peer.operations["p2"] for peer in taking_part}
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(2) as two:
        pools = {1: one, 2: two}
        work = {name: _work(call, images) for name, call in calls.items()}
        best: dict[tuple[str, int], float] = {}
        order = [(name, threads) for name in calls for threads in pools]
        random = Random(2)  # noqa: S311  an order is no secret
        for _ in range(rounds):
            random.shuffle(order)
            for key in order:
                name, threads = key
                spent = _timed(pools[threads], calls[name], work[name])
                best[key] = min(spent, best.get(key, spent))
    return {
        name: {
            "one_ms": best[name, 1] * 1e3,
            "two_ms": best[name, 2] * 1e3,
            "scaling": best[name, 1] / best[name, 2],
        }
        for name in calls
    }


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
