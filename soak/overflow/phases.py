"""The phases of the overflow. Each is one epoch, and returns one row of the table."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

import numpy as np

from jitprep import open_reader
from jitprep.reader.base import Reader
from jitprep.reader.loading.order import EpochOrder
from jitprep.reader.loading.overflow.opening import open_overflow
from jitprep.reader.loading.stream import EpochStream
from soak import material
from soak.faults import Fault
from soak.load.reads import Outcome, Verdict
from soak.overflow.stage import OverflowStage, overflow_stage
from soak.phases import SEED
from soak.rows import Answers, Processes, Row

PIPELINE = "random_resized_crop:96/random_horizontal_flip/npy"
BATCH = 16
FULL, QUICK = 8_000, 480
# Seconds that a batch may take. A silent remote costs less: what is late is made here.
PATIENCE_S = 20
_RING = 2**24
_FAULTS: Mapping[Fault, float] = {
    Fault.SLOW: 0.1,
    Fault.RESET: 0.1,
    Fault.TRUNCATED: 0.1,
    Fault.BUSY: 0.1,
    Fault.SILENT: 0.02,
}


@dataclass(frozen=True)
class Epochs:
    """Epochs of a reader with an overflow, each compared with the results of the reader alone."""

    stage: OverflowStage
    reader: Reader
    keys: list[str]

    def phase(
        self,
        name: str,
        shares: Mapping[Fault, float],
        must: Sequence[str],
        meanwhile: Callable[[], None] | None = None,
    ) -> Row:
        """Read an epoch under faults; `must` has happened, and `meanwhile` is done in its middle."""
        self.stage.proxy.behave()
        number = SEED % 1000
        order = EpochOrder(count=len(self.keys), batch_size=BATCH, shuffle=True)
        stream = EpochStream(
            self.reader,
            self.keys,
            order,
            workers=1,
            start_method="spawn",
            nbytes=_RING,
            skips=False,
            overflow=open_overflow(self.stage.address, self.reader, 64),
        )
        alone = self.reader.with_seed(number)
        expected = {key: alone.get(key) for key in set(self.keys)}
        outcomes: list[Outcome] = []
        remote, redone, peak, failing = 0, 0, 0, False
        deed = Timer(0, meanwhile) if meanwhile is not None else None
        start = time.monotonic()
        try:
            stream.begin(number, 0)
            for place in range(order.batches()):
                if remote and not failing:  # the results were compared without faults
                    failing = True
                    self.stage.proxy.fail(shares, SEED, forges_all=True)
                if place == order.batches() // 2 and deed is not None:
                    deed.start()
                asked = time.monotonic()
                batch = stream.take()
                seconds = time.monotonic() - asked
                remote, redone = remote + batch.remote, redone + batch.redone
                wanted = order.indices(number)[place * BATCH :][:BATCH]
                for row, index, due in zip(batch.rows, batch.indices, wanted, strict=True):
                    right = index == due and np.array_equal(row, expected[self.keys[index]])
                    outcomes.append(Outcome("sample", _verdict(right, seconds), seconds=seconds))
            peak = _peak()
        finally:
            stream.close()
        if deed is not None:  # a server that is still starting would read a folder that is gone
            deed.join()
        done = self.stage.proxy.done()
        self.stage.proxy.behave()
        made = {"remote": remote, "redone": redone}
        # A quick run need not meet what is rare, and where all is refused nothing is remote.
        counts = {**made, **{str(fault): done.get(fault, 0) for fault in shares}}
        deeds = {what: count for what, count in counts.items() if count or what in must}
        return Row(
            name,
            Answers.of(outcomes, ()),
            Processes(peak, None, 0, 0),
            round(time.monotonic() - start, 1),
            deeds=deeds,
        )


def play_overflow(samples: int) -> Iterator[Row]:
    """Run every phase with so many samples per epoch."""
    with tempfile.TemporaryDirectory() as scratch:
        place, photographs = Path(scratch), Path(scratch, "photographs")
        photographs.mkdir()
        for key, body in material.photos().items():
            (photographs / key).write_bytes(body)
        reader = open_reader(f"file:{photographs}", pipeline=PIPELINE)
        keys = list(reader.keys())
        keys = (keys * (samples // len(keys) + 1))[:samples]
        with overflow_stage(place, photographs, PIPELINE) as stage:
            epochs = Epochs(stage, reader, keys)
            yield epochs.phase("well", {}, ["remote"])
            yield epochs.phase("late", {Fault.SLOW: 0.3}, ["remote", "slow"])
            yield epochs.phase("fails", _FAULTS, ["remote", "redone"])
            yield epochs.phase("refuses", {Fault.BUSY: 1.0}, ["redone", "busy"])
            yield epochs.phase("forges", {Fault.FORGED: 0.3}, ["redone", "forged"])
            yield epochs.phase("killed", {}, ["remote", "redone"], stage.restart)


def _verdict(right: bool, seconds: float) -> Verdict:
    if not right:
        return Verdict.WRONG
    return Verdict.HUNG if seconds > PATIENCE_S else Verdict.RIGHT


def _peak() -> int:
    """Return the most memory that a process of the loader has used, in bytes."""
    peak = 0
    for thread in Path("/proc/self/task").iterdir():
        for child in (thread / "children").read_text().split():
            status = Path("/proc", child, "status").read_text()
            peak = max(peak, *(int(v.split()[1]) for v in status.splitlines() if v[:6] == "VmHWM:"))
    return peak * 1024
