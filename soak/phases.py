"""The phases. Each returns one row of the table."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from soak import bombing, material, mutants
from soak.faults import Fault
from soak.load import events
from soak.load.clients import ONCE, Door, apart, read_all, store
from soak.load.disconnects import Leaving, some_leave, stay_or_leave_all
from soak.load.reads import BROKEN, Outcome, Read
from soak.load.token_replay import Thief
from soak.material import DerivedObject
from soak.rows import Answers, Processes, Row
from soak.stage import BUCKET, FaultyS3, Stage, stage

CLIENTS = 32
AT_ONCE = 8  # requests in the managed mode, each in a process
SEED = 22  # with this seed even a quick run meets a silent S3
# The share of S3's answers with each fault. All five tries of a read fail once in a hundred reads.
FAULTS: Mapping[Fault, float] = {
    Fault.SLOW: 0.08,
    Fault.RESET: 0.1,
    Fault.TRUNCATED: 0.1,
    Fault.FORGED: 0.1,
    Fault.BUSY: 0.1,
    Fault.SILENT: 0.003,
}
# The error of a HEAD has no body, so its client sees the status and not a code.
_S3_FAILED = ("SourceUnavailable", "SlowDown", "DeadlineExceeded", "503")
_WORKER_KILLED = ("LambdaRuntimeError", "ConnectionClosedByRequester", "500", BROKEN)
_KILL_EVERY_S = (0.5, 1.5)
MOST_ROUNDS = 10  # of a phase whose kills must have met a request
_START_S = 5.0  # for a worker to start on a busy machine
_WARMINGS = 6
_MUTANTS = "mutants"
_MUTANT_SPEC = "resize:32/npy"


@dataclass(frozen=True)
class Effort:
    """The number of requests of each phase."""

    load: int
    faults: int
    kills: int
    managed: int
    leavers: int
    tokens: int
    mutants: int
    events: int
    hostile: int  # files; 0 means all files with all of their pipelines


FULL = Effort(10_000, 2_000, 1_500, 10_000, 1_000, 300, 5_000, 1_000, 0)
QUICK = Effort(300, 150, 150, 100, 100, 60, 300, 100, 8)


def fill(s3: FaultyS3) -> None:
    """Store the photographs."""
    s3.store.client().create_bucket(Bucket=BUCKET)
    store(s3.store, BUCKET, material.photos())


def play(s3: FaultyS3, effort: Effort) -> Iterator[Row]:
    """Run every phase."""
    with stage(s3) as standing:
        points = _points(standing)
        _warm_up(standing, points)
        yield load(standing, points, effort.load)
        yield kills(standing, points, effort.kills)
        time.sleep(_START_S)
        _warm_up(standing, points)  # the new workers
        yield leavers(standing, points, effort.leavers)
        yield damaged(standing, effort.mutants)
        yield absurd(standing, effort.events)
    yield managed(s3, effort.managed)
    yield faults(s3, effort.faults)
    yield tokens(s3, effort.tokens)
    yield hostile(s3, effort.hostile)


def load(standing: Stage, points: Sequence[Sequence[DerivedObject]], count: int) -> Row:
    """Read with 32 clients in every way that S3 offers."""
    watch = Watch(standing)
    reads = list(material.mixture(points, count, SEED))
    return watch.row("load", apart(read_all, standing.door, reads, CLIENTS))


def faults(s3: FaultyS3, count: int) -> Row:
    """Read while S3 fails; the workers read from it directly, not through the endpoint."""
    with stage(s3, worker_env={"AWS_ENDPOINT_URL_S3": s3.url}) as standing:
        s3.fail({}, SEED, standing.local.url)
        points = _points(standing)
        _warm_up(standing, points)
        watch = Watch(standing)
        s3.fail(FAULTS, SEED, standing.local.url)
        reads = list(material.mixture(points, count, SEED + 1))
        outcomes = apart(read_all, standing.door, reads, CLIENTS)
        done = s3.done()
        s3.behave()
        deeds = {str(fault): done.get(fault, 0) for fault in FAULTS}
        return watch.row("S3 fails", outcomes, _S3_FAILED, deeds, least_right=0.95)


def managed(s3: FaultyS3, count: int) -> Row:
    """Read from a function that runs several requests at once, while its processes are killed."""
    with stage(s3, at_once=AT_ONCE) as standing:
        points = _points(standing)
        _warm_up(standing, points)
        return replace(kills(standing, points, count), name="managed mode")


def kills(standing: Stage, points: Sequence[Sequence[DerivedObject]], count: int) -> Row:
    """Read while workers are killed."""
    watch = Watch(standing)
    reads = list(material.mixture(points, count, SEED + 2))
    random = Random(SEED)
    outcomes: list[Outcome] = []
    with meanwhile(lambda: standing.workers.kill_one(random), random):
        for _ in range(MOST_ROUNDS):  # a quick run may end before a worker is killed
            outcomes += apart(read_all, standing.door, reads, CLIENTS)
            if standing.workers.killed:
                break
    killed = len(standing.workers.killed)
    # Each killed worker loses at most one request.
    least = 1 - killed / len(outcomes)
    return watch.row("workers killed", outcomes, _WORKER_KILLED, {"killed": killed}, least)


def leavers(standing: Stage, points: Sequence[Sequence[DerivedObject]], count: int) -> Row:
    """Read while most clients disconnect before the end of their answer."""
    watch = Watch(standing)
    jobs = some_leave(_wholes(points, count), SEED)
    outcomes = apart(stay_or_leave_all, standing.door, jobs, CLIENTS)
    left = sum(isinstance(job, Leaving) for job in jobs)
    return watch.row("clients leave", outcomes, deeds={"left": left})


def damaged(standing: Stage, count: int) -> Row:
    """Read damaged images and compare with what the library returns for them."""
    objects = mutants.mutants(count, SEED)
    wanted = apart(mutants.outcomes, _MUTANT_SPEC, objects)
    standing.s3.store.client().create_bucket(Bucket=_MUTANTS)
    store(standing.s3.store, _MUTANTS, objects)
    alias = standing.alias(_MUTANT_SPEC, _MUTANTS)
    reads = [
        Read("mutant", "get_object", {"Bucket": alias, "Key": key}, wanted[key]) for key in objects
    ]
    watch = Watch(standing)
    return watch.row("damaged images", apart(read_all, standing.door, reads, CLIENTS))


def absurd(standing: Stage, count: int) -> Row:
    """Invoke the function with events that S3 would never send."""
    url = (
        Door(standing.s3.url)
        .client()
        .generate_presigned_url(
            "get_object", Params={"Bucket": BUCKET, "Key": next(iter(material.photos()))}
        )
    )
    client = standing.local.client("lambda", ONCE)
    name = standing.local.endpoint.config.function_name
    watch = Watch(standing)

    def invoke(event: bytes) -> Mapping[str, object]:
        answer = client.invoke(FunctionName=name, Payload=event)
        return {**answer, "Payload": answer["Payload"].read()}

    payload = json.dumps({"spec": _MUTANT_SPEC})
    return watch.row("absurd events", events.invoke_with_any(invoke, url, payload, count))


def tokens(s3: FaultyS3, count: int) -> Row:
    """Read while another client reuses every token and invents others."""
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "tokens"
        environment = {"SOAK_TOKENS": str(notes)}
        with stage(s3, "soak.function.lambda_handler", environment) as standing:
            points = _points(standing)
            _warm_up(standing, points)
            watch = Watch(standing)
            with Thief(standing.door, notes) as thief:
                outcomes = apart(read_all, standing.door, _wholes(points, count), CLIENTS)
            stolen = len(thief.outcomes)
            return watch.row("tokens stolen", [*outcomes, *thief.outcomes], deeds={"used": stolen})


def hostile(s3: FaultyS3, count: int) -> Row:
    """Read hostile files while other clients read photographs."""
    with tempfile.TemporaryDirectory() as folder:
        environment = bombing.environment(folder)
        with stage(s3, worker_env=environment, timeout=bombing.TIMEOUT_S) as standing:
            points = _points(standing)
            shots = bombing.place(standing, bombing.some(count, Random(SEED)))
            _warm_up(standing, points)
            watch = Watch(standing)
            photos = [derived for point in points for derived in point]
            outcomes = apart(bombing.attack, standing.door, shots, photos)
            row = watch.row("hostile files", outcomes, deeds={"hostile": len(shots)})
        judged = bombing.judge(shots, outcomes, folder)
        # Each kind of file loads its own libraries, so memory grows; only the peak is judged.
        processes = replace(row.processes, growth=None, most=bombing.MOST_PEAK)
        return replace(row, answers=Answers.of(judged, ()), processes=processes)


class Watch:
    """Counters of a stage since the start of a phase, from which the phase's row is made.

    Parameters
    ----------
    standing
        The stage.
    """

    def __init__(self, standing: Stage) -> None:
        self._standing = standing
        self._lost, self._killed = standing.lost, len(standing.workers.killed)
        self._secrets = len(standing.log.secrets)
        self._since = time.monotonic()

    def row(
        self,
        name: str,
        outcomes: Sequence[Outcome],
        explained: Sequence[str] = (),
        deeds: Mapping[str, int] | None = None,
        least_right: float = 1.0,
    ) -> Row:
        """Return the row of the phase that ends now."""
        standing = self._standing
        memory = standing.workers.memory(self._since)
        return Row(
            name,
            Answers.of(outcomes, explained),
            Processes(
                memory.peak,
                memory.growth,
                standing.lost - self._lost,
                len(standing.workers.killed) - self._killed,
            ),
            round(time.monotonic() - self._since, 1),
            standing.log.secrets[self._secrets :],
            deeds or {},
            least_right,
        )


@contextmanager
def meanwhile(
    act: Callable[[], None], random: Random, every_s: tuple[float, float] = _KILL_EVERY_S
) -> Iterator[None]:
    """Repeat an action in another thread while the block runs."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(random.uniform(*every_s)):
            act()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _points(standing: Stage) -> list[list[DerivedObject]]:
    return [material.derive(standing.alias(spec), spec) for spec in material.SPECS]


def _wholes(points: Sequence[Sequence[DerivedObject]], count: int) -> list[Read]:
    """Return `count` reads of whole objects."""
    random = Random(SEED)
    return [random.choice(random.choice(points)).whole() for _ in range(count)]


def _warm_up(standing: Stage, points: Sequence[Sequence[DerivedObject]]) -> None:
    """Read the largest photographs, so that both workers import everything and their memory settles."""
    photos = material.photos()
    largest = sorted(photos, key=lambda key: len(photos[key]))[-2:]
    reads = [derived.whole() for point in points for derived in point if derived.key in largest]
    read_all(standing.door, reads * _WARMINGS, CLIENTS)
