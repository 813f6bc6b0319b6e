"""The soak of the server: what it asks for, how it judges, and a server that it plays with."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from soak import laws
from soak.load.reads import Outcome, Read, Verdict, digest
from soak.material import DerivedObject
from soak.rows import Answers, Processes, Row
from soak.server import material, phases, visitors
from soak.server.crowd import Crowd, crowded
from soak.server.stage import MountTable, ServerLog, ServerStage, server_stage
from soak.server.visitors import BATCH, Entrance, Visitor
from soak.stage import FaultyS3

OBJECTS = [DerivedObject("mount", f"k{n}", bytes([n]) * 9, f'"{n}"', 9) for n in range(3)]
BATCHED = material.batch(OBJECTS)


def rows(*changed: tuple[int, dict[str, Any]], end: dict[str, int] | None = None) -> bytes:
    """Return a batch's answer, some of its rows changed."""
    answer = b""
    for number, derived in enumerate(OBJECTS):
        row = {"key": derived.key, "etag": derived.etag, "bytes": 9}
        row |= dict(changed).get(number, {})
        answer += json.dumps(row).encode() + b"\n" + derived.body[: row["bytes"]]
    return answer + json.dumps(end or {"rows": 3, "failed": 0}).encode() + b"\n"


FAILED = {"errorCode": "SourceUnavailable", "bytes": 0}


@pytest.mark.parametrize(
    ("answer", "verdict", "code"),
    [
        (rows(), Verdict.RIGHT, None),
        (rows((1, {"etag": '"another"'})), Verdict.WRONG, None),
        (rows((1, {"key": "k2"})), Verdict.WRONG, None),
        (rows().replace(b"\x01" * 9, b"\x02" * 9), Verdict.WRONG, None),
        (rows(end={"rows": 2, "failed": 1}), Verdict.WRONG, None),
        (rows((1, FAILED)), Verdict.WRONG, None),
        (rows((1, FAILED), end={"rows": 2, "failed": 1}), Verdict.REFUSED, "SourceUnavailable"),
        (rows()[:-5], Verdict.REFUSED, "(broken off)"),
        (rows()[:60], Verdict.REFUSED, "(broken off)"),
        (b"", Verdict.REFUSED, "(broken off)"),
    ],
)
def test_each_row_of_a_batch_is_judged(answer: bytes, verdict: Verdict, code: str | None) -> None:
    outcome = visitors._compared(BATCHED, answer)
    assert (outcome.verdict, outcome.code) == (verdict, code)


def test_a_mixture_has_batches_and_is_the_same_each_time() -> None:
    reads = material.mixture([OBJECTS], 500, 1)
    assert reads == material.mixture([OBJECTS], 500, 1)
    kinds = Counter(read.kind for read in reads)
    assert kinds.keys() == {"whole", "range", "head", "condition", "list", BATCH}
    assert len(reads) == 500


def test_clients_ask_again_where_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "_PAUSE_S", 0.0)
    answers = ["SlowDown", "SlowDown", None, "AccessDenied"]

    def once(self: Visitor, job: Read) -> Outcome:
        code = answers.pop(0)
        return Outcome("whole", Verdict.REFUSED if code else Verdict.RIGHT, code)

    monkeypatch.setattr(Visitor, "_ask_once", once)
    visitor = Visitor(Entrance("http://127.0.0.1:9", ("SlowDown",)), 1)
    read = OBJECTS[0].whole()
    first, second = visitor.ask(read), visitor.ask(read)
    assert (first.verdict, first.tries) == (Verdict.RIGHT, 3)
    assert (second.code, second.tries) == ("AccessDenied", 1)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"under_way": 2}, "2 requests are still under way"),
        ({"tracebacks": ["Traceback"]}, "the log has a traceback"),
        ({"processes": Processes(1, 0, 0, 0, descriptors=99)}, "99 more files and sockets"),
    ],
)
def test_each_law_of_the_server_can_be_broken(changed: dict[str, Any], words: str) -> None:
    answers = Answers.of([Outcome("whole", Verdict.RIGHT)], ())
    good = {"name": "x", "answers": answers, "processes": Processes(1, 0, 0, 0), "seconds": 1.0}
    assert laws.broken([Row(**good)]) == []
    (law,) = laws.broken([Row(**{**good, **changed})])
    assert words in law


def test_the_log_keeps_errors_that_nobody_handled() -> None:
    log = ServerLog()
    log.write('{"level":"INFO","status":200}\n')
    assert (log.tracebacks, log.secrets) == ([], [])
    log.write('{"level":"ERROR","error":"KeyError","traceback":"..."}\n')
    log.write("Traceback (most recent call last):\n")
    log.write("signed with SECRETOFTHESOAK\n")
    assert (len(log.tracebacks), len(log.secrets)) == (2, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    material.fill(tmp_path)
    return tmp_path


@pytest.fixture
def standing(folder: Path) -> Iterator[ServerStage]:
    """A server of a folder alone."""
    nowhere = cast(FaultyS3, SimpleNamespace(url="http://127.0.0.1:9"))
    mounts = [mount for mount in material.mounts(folder) if mount.name == material.FOLDER]
    assert mounts == [MountTable(material.FOLDER, str(folder), mounts[0].pipeline)]
    with server_stage(nowhere, mounts) as started:
        yield started


def test_a_crowd_is_answered_and_an_end_breaks_nothing_off(
    standing: ServerStage, folder: Path
) -> None:
    (objects,) = [p for p in material.points(folder) if p[0].alias == material.FOLDER]
    assert digest(objects[0].body) == objects[0].whole().wanted.sha256
    with crowded(Crowd(standing.url, objects[0], 20, 10)) as held:
        outcomes = phases._ask(standing, material.mixture([objects], 40, 1), clients=4)
    assert {outcome.verdict for outcome in outcomes} == {Verdict.RIGHT}
    of_crowd = Counter((outcome.kind, outcome.verdict) for outcome in held.outcomes)
    assert of_crowd == {
        ("idle", Verdict.RIGHT): 20,
        ("sends", Verdict.RIGHT): 5,
        ("takes", Verdict.RIGHT): 5,
    }
    assert standing.settled() == 0
    assert laws.broken([phases.drain(standing, [objects])]) == []
