"""P2 with one and with two Python threads, which shows how long a library holds the GIL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
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


def measure(peers: list[Peer], case: Case, rounds: int) -> dict[str, dict[str, float]]:
    """Return ms per image with one worker thread and with two, and the ratio.

    Each round has a random order of peers and thread counts; the minimum of each counts.
    """
    images = [arguments[0] for arguments in case.inputs]
    taking_part = (peer for peer in peers if peer.role != "aside" and "p2" in peer.operations)
    calls = {peer.name: peer.operations["p2"] for peer in taking_part}
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(2) as two:
        pools = {1: one, 2: two}
        work = {name: _work(call, images) for name, call in calls.items()}
        best: dict[tuple[str, int], float] = {}
        order = [(name, threads) for name in calls for threads in pools]
        random = Random(2)  # noqa: S311  the order is not a secret
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
