"""The phase of hostile files: clients read them while others read photographs."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from jitprep.service.http import content_codings
from preprocessing import Limits, Pipeline, PreprocessingError
from preprocessing.available_memory import PROCESS_BYTES
from soak.bombs import BOMBS, write_tokenizers
from soak.load.clients import Door, apart, timed
from soak.load.reads import Outcome, Read, Verdict, digest, perform
from soak.material import DerivedObject
from soak.stage import Stage

BUCKET = "hostile"
# The time limit of one read, for the worker and for S3.
TIMEOUT_S = 10.0
MEMORY = 2**30
# The most memory of a worker: the limit, the process itself, and what the allocator keeps.
MOST_PEAK = MEMORY + PROCESS_BYTES + 64 * 2**20
# Includes waiting for a busy worker: two workers read two files at once.
PATIENCE_S = 3 * TIMEOUT_S
# Errors that the function returns because of the file or of its deadline.
EXPLAINED = (
    "ObjectTooLarge", "CorruptObject", "UnknownFormat", "UnsupportedFormat", "IncompatibleObject",
    "EmptyObject", "DeadlineExceeded",
)  # fmt: skip
_ATTACKERS, _BESIDE = 2, 4


@dataclass(frozen=True)
class Shot:
    """One read of a hostile file.

    Parameters
    ----------
    number : int
        The index of the file in `BOMBS`.
    spec : str
        The pipeline that it is read through.
    read : Read
        The request.
    """

    number: int
    spec: str
    read: Read


def some(count: int, random: Random) -> list[tuple[int, str]]:
    """Return `count` pairs of file number and pipeline in random order; 0 returns all pairs."""
    pairs = [(number, spec) for number, bomb in enumerate(BOMBS) for spec in bomb.specs]
    return random.sample(pairs, count or len(pairs))


def environment(folder: str) -> Mapping[str, str]:
    """Write the tokenizers into a folder and return the environment that the workers need."""
    write_tokenizers(Path(folder))
    return {"JITPREP_TOKENIZERS": folder, "JITPREP_MEMORY": str(MEMORY)}


def place(standing: Stage, pairs: Sequence[tuple[int, str]]) -> list[Shot]:
    """Store the files and create their access points, with one file in memory at a time."""
    client = standing.s3.store.client()
    client.create_bucket(Bucket=BUCKET)
    for number in sorted({number for number, _ in pairs}):
        bomb = BOMBS[number]
        coding = {"ContentEncoding": bomb.coding} if bomb.coding else {}
        client.put_object(Bucket=BUCKET, Key=_key(number), Body=bomb.build(), **coding)
    return [
        Shot(number, spec, Read("hostile", "get_object", {
            "Bucket": standing.alias(spec, BUCKET), "Key": _key(number),
        }))
        for number, spec in pairs
    ]  # fmt: skip


def _key(number: int) -> str:
    return f"{number:03}"


def attack(door: Door, shots: Sequence[Shot], photos: Sequence[DerivedObject]) -> list[Outcome]:
    """Read the files in order while other clients read photographs.

    If a file returned an object, the outcome's detail is its SHA-256, which `judge` checks.
    """
    over = threading.Event()

    def beside(first: int) -> list[Outcome]:
        client, outcomes = door.client(), []
        for photo in cycle([*photos[first:], *photos[:first]]):
            if over.is_set():
                break
            outcomes.append(timed(perform, client, photo.whole()))
        return outcomes

    def against(first: int) -> list[Outcome]:
        client = door.client()
        return [timed(_shoot, client, shot) for shot in shots[first::_ATTACKERS]]

    with ThreadPoolExecutor(_ATTACKERS + _BESIDE) as pool:
        others = [pool.submit(beside, first) for first in range(_BESIDE)]
        attacks = [pool.submit(against, first) for first in range(_ATTACKERS)]
        try:
            halves = [half.result() for half in attacks]
        finally:
            over.set()
        outcomes = [halves[at % _ATTACKERS][at // _ATTACKERS] for at in range(len(shots))]
        return outcomes + [outcome for other in others for outcome in other.result()]


def _shoot(s3: Any, shot: Shot) -> Outcome:
    digests: list[str] = []

    def get_object(**parameters: Any) -> dict[str, Any]:
        answer = s3.get_object(**parameters)
        body = answer["Body"].read()
        digests.append(digest(body))
        return {**answer, "Body": io.BytesIO(body)}

    outcome = perform(SimpleNamespace(get_object=get_object), shot.read)
    return replace(outcome, detail=digests[0]) if digests else outcome


def judge(shots: Sequence[Shot], outcomes: Sequence[Outcome], folder: str) -> list[Outcome]:
    """Return the outcomes: right if an explicit error or the library's own result came in time."""
    came = [shot for shot, o in zip(shots, outcomes, strict=False) if o.code is None]
    wanted = apart(library, [(shot.number, shot.spec) for shot in came], folder)
    judged = []
    for shot, outcome in zip(shots, outcomes, strict=False):
        name = f"{BOMBS[shot.number].name} by {shot.spec}"
        verdict = outcome.verdict
        if outcome.code in EXPLAINED:
            verdict = Verdict.RIGHT
        elif outcome.code is None and outcome.detail != wanted[shot.number, shot.spec]:
            verdict = Verdict.WRONG
        if outcome.seconds > PATIENCE_S:
            verdict = Verdict.HUNG
        judged.append(replace(outcome, verdict=verdict, detail=f"{name}: {outcome.detail}"))
    return judged + list(outcomes[len(shots) :])


def library(pairs: Sequence[tuple[int, str]], folder: str) -> dict[tuple[int, str], str]:
    """Return the SHA-256 of the library's result for each file, or the name of its error."""
    os.environ["JITPREP_TOKENIZERS"] = folder
    limits = Limits(memory=MEMORY)
    found = {}
    for number, spec in pairs:
        try:
            plain = content_codings.decode(BOMBS[number].build(), BOMBS[number].coding, limits)
            found[number, spec] = digest(Pipeline.parse(spec).encode(plain, limits=limits).body)
        except PreprocessingError as error:
            found[number, spec] = type(error).__name__
    return found
