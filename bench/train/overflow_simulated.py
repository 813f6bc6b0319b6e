"""``python -m bench.train.overflow_simulated``: epochs with overflow, beside the best fixed split.

Discrete events over the loader's own `Demand` and `Window`: local workers take tasks whenever they are
free, the overflow as many as are wanted. In a fixed split, each task is local or remote from the
beginning; the best of 41 shares counts, and of equally fast ones the one with the fewest remote reads.
A local sample takes 1.1 ms on each of two workers, a remote one 60 ± 25 ms. ``--json`` prints JSON.
"""

from __future__ import annotations

import argparse
import heapq
import json
import sys
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from jitprep.reader.loading.overflow.demand import Demand
from jitprep.reader.loading.overflow.window import Window

_SAMPLES, _BATCH, _TASK, _AHEAD = 12_800, 32, 8, 32
_WORKERS, _LOCAL_S = 2, 0.0011
_REMOTE_S, _DEVIATION_S, _LEAST_S = 0.060, 0.025, 0.005
_SHARES = 40


@dataclass
class Epoch:
    """An epoch of one setting.

    Parameters
    ----------
    step_s : float
        Seconds that the consumer computes per batch.
    slots : int
        Samples under way at most.
    share : float, optional
        Share of the tasks that is remote; None where the loader decides.
    """

    step_s: float
    slots: int
    share: float | None = None
    now: float = 0.0
    remote: int = 0
    _events: list[Any] = field(default_factory=list)

    def run(self) -> float:
        """Return the seconds that the epoch takes."""
        chance = Random(0)  # noqa: S311  not a secret
        tasks, per_batch = _SAMPLES // _TASK, _BATCH // _TASK
        goes_out = [self.share is not None and chance.random() < self.share for _ in range(tasks)]
        queues = (
            [iter(range(tasks))] * 2
            if self.share is None
            else [iter([t for t in range(tasks) if goes_out[t] is out]) for out in (False, True)]
        )
        following = [
            next(queues[0], None),
            None if queues[0] is queues[1] else next(queues[1], None),
        ]
        demand, window = Demand(_BATCH, _WORKERS), Window(self.slots)
        number, done = count(), bytearray(tasks)
        free, under_way, wanted = _WORKERS, 0, 0.0
        taken = front = 0
        asked: float | None = 0.0
        left_at = 0.0

        def push(at: float, kind: str, what: int) -> None:
            heapq.heappush(self._events, (at, next(number), kind, what, self.now))

        def may(task: int | None) -> bool:
            return task is not None and task < (taken + _AHEAD) * per_batch

        push(0.0, "ask", 0)
        while taken * per_batch < tasks:
            self.now, _, kind, what, began = heapq.heappop(self._events)
            if kind == "ask":
                asked = self.now
                if taken:
                    demand.computed(self.now - left_at)
            elif kind == "local":
                free += 1
                done[what] = 1
                demand.made_here(_TASK, self.now - began)
            else:
                under_way -= _TASK
                done[what] = 1
                demand.latency.add(self.now - began)
                window.succeeded(_TASK)
            while front < tasks and done[front]:
                front += 1
            if asked is not None and front >= (taken + 1) * per_batch:
                demand.waited(self.now - asked)
                taken, asked, left_at = taken + 1, None, self.now
                wanted = demand.samples(front / per_batch - taken, _AHEAD)
                push(self.now + self.step_s, "ask", 0)
            out = 0 if self.share is None else 1
            while free and may(following[0]):
                free -= 1
                push(
                    self.now + sum(_LOCAL_S * chance.uniform(0.8, 1.2) for _ in range(_TASK)),
                    "local",
                    following[0],
                )  # type: ignore[arg-type]
                following[0] = next(queues[0], None)
            bound = self.slots if out else min(window.size(self.now), wanted)
            while under_way < bound and may(following[out]):
                under_way += _TASK
                self.remote += _TASK
                push(
                    self.now + max(_LEAST_S, chance.gauss(_REMOTE_S, _DEVIATION_S)),
                    "remote",
                    following[out],
                )  # type: ignore[arg-type]
                following[out] = next(queues[out], None)
        return left_at + self.step_s


def compared(step_s: float, slots: int) -> dict[str, float]:
    """Return an epoch with overflow beside the best fixed split."""
    epoch = Epoch(step_s, slots)
    seconds = epoch.run()
    best, least = min(
        (round(split.run(), 2), split.remote)
        for split in (Epoch(step_s, slots, share / _SHARES) for share in range(_SHARES + 1))
    )
    return {
        "step_ms": step_s * 1000,
        "slots": slots,
        "seconds": seconds,
        "best_s": best,
        "ratio": seconds / best,
        "remote": epoch.remote,
        "best_remote": least,
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.train.overflow_simulated", description=__doc__
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    found = [
        compared(step / 1000, slots)
        for step in (1, 3, 10, 15, 18, 30)
        for slots in (1, 4, 16, 64, 200)
    ]
    if options.json:
        json.dump(found, sys.stdout, indent=1)
        print()
        return
    for row in found:
        print(
            f"step {row['step_ms']:>4.0f} ms, {row['slots']:>3} slots: {row['seconds']:.2f} s, remote "
            f"{row['remote'] / _SAMPLES:.2f}; best split {row['best_s']:.2f} s, "
            f"{row['best_remote'] / _SAMPLES:.2f}; ratio {row['ratio']:.3f}"
        )


if __name__ == "__main__":
    main()
