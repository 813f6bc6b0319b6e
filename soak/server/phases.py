"""The phases of the server. Each returns one row of the table."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random

from soak import material as common
from soak.faults import Fault
from soak.load.clients import store
from soak.load.disconnects import Leaving, some_leave
from soak.load.reads import BROKEN, Outcome, Read, Verdict
from soak.material import DerivedObject
from soak.phases import FAULTS, MOST_ROUNDS, SEED, meanwhile
from soak.rows import Answers, Processes, Row
from soak.server import material
from soak.server.crowd import CUT_OFF, Crowd, crowded
from soak.server.draining import UNANSWERED, reading
from soak.server.stage import ServerStage, server_stage
from soak.server.visitors import Entrance, ask_all
from soak.stage import WORKERS, FaultyS3

CLIENTS = 64
BESIDE = 16
# Where the queue is full, clients come back, as SDKs do. The error of a HEAD has no code.
_FULL = ("SlowDown", "503")
_SOURCE_FAILED = ("SourceUnavailable", "DeadlineExceeded", *_FULL)
_FORGED_NOTICED = ("CorruptObject", "UnknownFormat", "UnsupportedFormat", "ObjectTooLarge")
_FORGED: Mapping[Fault, float] = {Fault.FORGED: 0.5}
UNNOTICED = "(unnoticed)"
_KILL_EVERY_S = (0.5, 2.0)
_SURE = 2
_WARMINGS = 6
# A share of the largest worker's memory. A new worker has nearly as much once it has imported all.
_STARTED = 0.4


@dataclass(frozen=True)
class ServerEffort:
    """The number of requests of each phase, and of the crowd's connections."""

    load: int
    faults: int
    forged: int
    kills: int
    leavers: int
    beside: int
    idle: int
    slow: int


FULL = ServerEffort(20_000, 1_000, 500, 1_000, 1_000, 500, 1_000, 500)
QUICK = ServerEffort(250, 100, 60, 150, 60, 60, 100, 50)


def play_server(s3: FaultyS3, effort: ServerEffort) -> Iterator[Row]:
    """Run every phase on one server. The photographs must be stored."""
    for bucket, objects in material.forgeable().items():
        s3.store.client().create_bucket(Bucket=bucket)
        store(s3.store, bucket, objects)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        material.fill(place)
        with server_stage(s3, material.mounts(place)) as standing:
            points = material.points(place)
            _warm_up(standing, points)
            yield faults(standing, points, effort.faults)
            yield forged(standing, effort.forged)
            yield leavers(standing, points, effort.leavers)
            yield from beside(standing, points, effort)
            yield load(standing, points, effort.load)
            yield kills(standing, points, effort.kills)
            yield drain(standing, points)


def load(standing: ServerStage, points: Sequence[Sequence[DerivedObject]], count: int) -> Row:
    """Read with 64 clients in every way that the server offers."""
    watch = ServerWatch(standing)
    outcomes = _ask(standing, material.mixture(points, count, SEED))
    return watch.row("load", outcomes)


def faults(standing: ServerStage, points: Sequence[Sequence[DerivedObject]], count: int) -> Row:
    """Read while the S3 behind the server fails."""
    shares = dict(FAULTS)
    del shares[Fault.FORGED]  # the next phase's
    watch = ServerWatch(standing)
    standing.s3.fail(shares, SEED)
    outcomes = _ask(standing, material.mixture(points, count, SEED + 1))
    done = standing.s3.done()
    standing.s3.behave()
    # A quick run need not meet what happens once in hundreds of answers.
    deeds = {
        str(fault): done.get(fault, 0)
        for fault, share in shares.items()
        if done.get(fault) or share * count >= _SURE
    }
    return watch.row("S3 fails", outcomes, _SOURCE_FAILED, deeds, least_right=0.95)


def forged(standing: ServerStage, count: int) -> Row:
    """Read while the S3 flips a bit of every other answer, and says nothing that would show it.

    Of an original without checksums of its own the server cannot notice it. One that has them must not
    be answered with other bytes.
    """
    watch = ServerWatch(standing)
    standing.s3.fail(_FORGED, SEED, forges_all=True)
    outcomes = _ask(standing, list(material.forged_reads(count, SEED)))
    deeds = {"forged": standing.s3.done().get(Fault.FORGED, 0)}
    standing.s3.behave()
    judged = [
        replace(outcome, verdict=Verdict.UNNOTICED, code=UNNOTICED)
        if outcome.kind == material.UNMARKED and outcome.verdict is Verdict.WRONG
        else outcome
        for outcome in outcomes
    ]
    return watch.row("S3 forges", judged, _FORGED_NOTICED, deeds, least_right=0.4)


def kills(standing: ServerStage, points: Sequence[Sequence[DerivedObject]], count: int) -> Row:
    """Read while workers are killed; clients send again what was broken off."""
    watch = ServerWatch(standing)
    random = Random(SEED)
    killed = len(standing.workers.killed)
    reads = material.mixture(points, count, SEED + 2)
    kill = partial(standing.workers.kill_one, random, _STARTED, WORKERS)
    outcomes: list[Outcome] = []
    with meanwhile(kill, random, _KILL_EVERY_S):  # never the last one that is up
        # A quick run may end before a worker is killed.
        for _ in range(MOST_ROUNDS):
            outcomes += _ask(standing, reads, (*_FULL, BROKEN))
            if any(outcome.tries > 1 for outcome in outcomes):
                break
    standing.wait_for_workers()
    deeds = {
        "killed": len(standing.workers.killed) - killed,
        "sent again": sum(outcome.tries - 1 for outcome in outcomes),
    }
    return watch.row("workers killed", outcomes, deeds=deeds)


def leavers(standing: ServerStage, points: Sequence[Sequence[DerivedObject]], count: int) -> Row:
    """Read while most clients disconnect before the end of their answer."""
    watch = ServerWatch(standing)
    random = Random(SEED)
    reads = [random.choice(random.choice(points)).whole() for _ in range(count)]
    jobs = some_leave(reads, SEED)
    outcomes = _ask(standing, jobs)
    left = sum(isinstance(job, Leaving) for job in jobs)
    return watch.row("clients leave", outcomes, deeds={"left": left})


def beside(
    standing: ServerStage, points: Sequence[Sequence[DerivedObject]], effort: ServerEffort
) -> Iterator[Row]:
    """Read with 16 clients: alone, and beside connections that only take up room."""
    reads = material.mixture(points, effort.beside, SEED + 3)
    watch = ServerWatch(standing)
    yield watch.row("16 clients", _ask(standing, reads, clients=BESIDE))
    watch = ServerWatch(standing)
    wanted = max(points[-1], key=lambda derived: len(derived.body))
    with crowded(Crowd(standing.url, wanted, effort.idle, effort.slow)) as held:
        outcomes = _ask(standing, reads, clients=BESIDE)
    of_crowd = Answers.of(held.outcomes, (CUT_OFF, *_FULL))
    row = watch.row("16 beside a crowd", outcomes)
    merged = replace(
        row.answers,
        requests=row.answers.requests + of_crowd.requests,
        right=row.answers.right + of_crowd.right,
        refused=row.answers.refused + of_crowd.refused,
        wrong=row.answers.wrong + of_crowd.wrong,
        hung=row.answers.hung + of_crowd.hung,
        kinds={**row.answers.kinds, **of_crowd.kinds},
        codes={**row.answers.codes, **of_crowd.codes},
        details=[*row.answers.details, *of_crowd.details],
    )
    deeds = {"idle connections": effort.idle, "slow connections": effort.slow}
    # The server cuts off a client that takes too little for too long; all others must be answered.
    least = 1 - effort.slow // 2 / merged.requests
    yield replace(row, answers=merged, deeds=deeds, least_right=least)


def drain(standing: ServerStage, points: Sequence[Sequence[DerivedObject]]) -> Row:
    """Tell the server to end while 64 clients read the folder; no answer may break off."""
    watch = ServerWatch(standing)
    with reading(standing.url, points[-1], CLIENTS) as found:
        status, seconds = standing.end()
    outcomes = found.outcomes
    if status:
        outcomes.append(Outcome("end", Verdict.WRONG, detail=f"exit status {status}"))
    deeds = {"SIGTERM": 1, "ms to end": round(seconds * 1000)}
    return watch.row("SIGTERM", outcomes, (UNANSWERED, "503"), deeds, 0.0, ended=True)


class ServerWatch:
    """Counters of a server since the start of a phase, from which the phase's row is made.

    Parameters
    ----------
    standing
        The server.
    """

    def __init__(self, standing: ServerStage) -> None:
        self._standing = standing
        workers = standing.workers
        self._lost, self._killed = workers.lost, len(workers.killed)
        self._secrets, self._tracebacks = len(standing.log.secrets), len(standing.log.tracebacks)
        self._descriptors = workers.descriptors()
        self._since = time.monotonic()

    def row(
        self,
        name: str,
        outcomes: Sequence[Outcome],
        explained: Sequence[str] = (),
        deeds: Mapping[str, int] | None = None,
        least_right: float = 1.0,
        *,
        ended: bool = False,
    ) -> Row:
        """Return the row of the phase that ends now, once the server has nothing to do."""
        standing, workers = self._standing, self._standing.workers
        seconds, memory = round(time.monotonic() - self._since, 1), workers.memory(self._since)
        under_way = 0 if ended else standing.settled()
        now = workers.descriptors()
        more = [now[pid] - before for pid, before in self._descriptors.items() if pid in now]
        return Row(
            name,
            Answers.of(outcomes, explained),
            Processes(
                memory.peak,
                memory.growth,
                0 if ended else workers.lost - self._lost,
                len(workers.killed) - self._killed,
                descriptors=max(more, default=None),
            ),
            seconds,
            standing.log.secrets[self._secrets :],
            deeds or {},
            least_right,
            standing.log.tracebacks[self._tracebacks :],
            under_way,
        )


def _ask(
    standing: ServerStage,
    jobs: Sequence[Read | Leaving],
    again: Sequence[str] = _FULL,
    clients: int = CLIENTS,
) -> list[Outcome]:
    entrance = Entrance(standing.url, again)
    return standing.clients.submit(ask_all, entrance, jobs, clients).result()


def _warm_up(standing: ServerStage, points: Sequence[Sequence[DerivedObject]]) -> None:
    """Read the largest photographs, so that both workers import everything and their memory settles."""
    photos = common.photos()
    largest = sorted(photos, key=lambda key: len(photos[key]))[-2:]
    reads = [derived.whole() for point in points for derived in point if derived.key in largest]
    _ask(standing, reads * _WARMINGS)
