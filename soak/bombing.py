"""The phase of hostile files: who reads them, who reads beside them, and what must come."""

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
# Of a read, for the worker as for S3: what takes longer is given up.
TIMEOUT_S = 10.0
MEMORY = 2**30
# What a worker has at most: the limit, what a process takes for itself, and what an allocator keeps.
MOST_PEAK = MEMORY + PROCESS_BYTES + 64 * 2**20
# Waiting for a worker that others keep busy included: two files are read at once, by two workers.
PATIENCE_S = 3 * TIMEOUT_S
# An error that the function itself answers because of the file, or of its time.
EXPLAINED = (
    "ObjectTooLarge", "CorruptObject", "UnknownFormat", "UnsupportedFormat", "IncompatibleObject",
    "EmptyObject", "DeadlineExceeded",
)  # fmt: skip
_ATTACKERS, _BESIDE = 2, 4


@dataclass(frozen=True)
class Shot:
    """A read of a hostile file.

    Parameters
    ----------
    number : int
        Of the file, among all.
    spec : str
        The pipeline it is read through.
    read : Read
        The request.
    """

    number: int
    spec: str
    read: Read


def some(count: int, random: Random) -> list[tuple[int, str]]:
    """Return so many of the files by number, each with a pipeline, in any order; 0 is all with all."""
    pairs = [(number, spec) for number, bomb in enumerate(BOMBS) for spec in bomb.specs]
    return random.sample(pairs, count or len(pairs))


def environment(folder: str) -> Mapping[str, str]:
    """Write the tokenizers into a folder, and return what workers need to read the files."""
    write_tokenizers(Path(folder))
    return {"JITPREP_TOKENIZERS": folder, "JITPREP_MEMORY": str(MEMORY)}


def place(standing: Stage, pairs: Sequence[tuple[int, str]]) -> list[Shot]:
    """Store the files and make their access points; one file at a time is in memory."""
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
    """Read the files, in their order, and photographs beside them for as long.

    Of a file for which an object came the outcome's detail is the SHA-256; `judge` knows if it is right.
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
    """Return the outcomes, right where an explicit error came, or what the library gives, in time."""
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
    """Return the SHA-256 of what the library makes of files, or the name of its error."""
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
