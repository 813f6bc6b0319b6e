"""A wrong answer is judged as wrong, and each law can be broken."""

from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    FlexibleChecksumError,
    ReadTimeoutError,
)

import soak
from soak import laws, workers
from soak.load import clients, events
from soak.load.reads import BROKEN, Outcome, Read, Verdict, Wanted, digest, perform
from soak.rows import Answers, Processes, Row
from soak.stage import Log

READ = Read("whole", "get_object", {}, Wanted(sha256=digest(b"body"), length=4, etag='"e"'))
RIGHT = {"ContentLength": 4, "ETag": '"e"'}


def client(body: bytes = b"body", error: Exception | None = None, **answer: Any) -> Any:
    """Return a client whose every GET ends in this way."""

    def get_object() -> dict[str, Any]:
        if error is not None:
            raise error
        return {**RIGHT, **answer, "Body": BytesIO(body)}

    return SimpleNamespace(get_object=get_object)


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetObject")


def test_what_must_come_is_right():
    assert perform(client(), READ).verdict is Verdict.RIGHT


@pytest.mark.parametrize(
    "answer",
    [{"body": b"Body"}, {"body": b""}, {"ContentLength": 5}, {"ETag": '"f"'}, {"ETag": None}],
)
def test_anything_else_is_wrong(answer):
    assert perform(client(**answer), READ).verdict is Verdict.WRONG


def test_an_object_where_an_error_must_come_is_wrong():
    read = replace(READ, wanted=Wanted("InvalidRange"))
    assert perform(client(), read).verdict is Verdict.WRONG
    assert perform(client(error=refusal("InvalidRange")), read) == Outcome(
        "whole", Verdict.RIGHT, "InvalidRange"
    )


@pytest.mark.parametrize(
    ("error", "verdict", "code"),
    [
        (refusal("SlowDown"), Verdict.REFUSED, "SlowDown"),
        (ConnectionClosedError(endpoint_url="u"), Verdict.REFUSED, BROKEN),
        (ReadTimeoutError(endpoint_url="u"), Verdict.HUNG, None),
        (FlexibleChecksumError(error_msg="another"), Verdict.WRONG, None),
    ],
)
def test_failures_are_told_apart(error, verdict, code):
    outcome = perform(client(error=error), READ)
    assert (outcome.verdict, outcome.code) == (verdict, code)


def test_whoever_takes_longer_than_anybody_waits_hangs(monkeypatch):
    monkeypatch.setattr(clients, "PATIENCE_S", 0.0)
    (outcome,) = clients.at_once([client()], [READ], perform)
    assert outcome.verdict is Verdict.HUNG
    assert outcome.seconds > 0


def row(outcomes: list[Outcome], explained: tuple[str, ...] = (), **of_processes: Any) -> Row:
    processes = Processes(**{"peak": 1, "growth": 0, "lost": 0, "killed": 0, **of_processes})
    return Row("phase", Answers.of(outcomes, explained), processes, 1.0)


GOOD = [Outcome("whole", Verdict.RIGHT, seconds=0.1)] * 99
BUSY = Outcome("whole", Verdict.REFUSED, "SlowDown")


def test_good_rows_break_nothing():
    fine = row([*GOOD, BUSY], ("SlowDown",))
    assert laws.broken([row(GOOD), replace(fine, least_right=0.99)]) == []


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (row([]), "no request was sent"),
        (row([*GOOD, Outcome("whole", Verdict.WRONG)]), "1 wrong"),
        (row([*GOOD, Outcome("whole", Verdict.HUNG)]), "1 requests hung"),
        (row([*GOOD, BUSY]), "this phase does not explain"),
        (row([*GOOD, BUSY], ("SlowDown",)), "99 of 100 right"),
        (
            row([*GOOD, Outcome("whole", Verdict.RIGHT, "InternalError")]),
            "answers with InternalError: 1",
        ),
        (row(GOOD, lost=1), "1 workers were lost"),
        (row(GOOD, growth=2 * laws.MOST_GROWTH), "memory grew by 32 MB"),
        (replace(row(GOOD), secrets=["token"]), "secret: token"),
        (replace(row(GOOD), deeds={"reset": 0}), "reset happened 0 times"),
    ],
)
def test_each_law_can_be_broken(broken, words):
    assert any(words in law for law in laws.broken([broken]))


def test_silence_is_forbidden_whatever_explains_it():
    silent = Outcome("whole", Verdict.REFUSED, "LambdaResponseNotReceived")
    found = laws.broken([row([*GOOD, silent], ("LambdaResponseNotReceived",))])
    assert "phase: answers with LambdaResponseNotReceived: 1" in found


def test_percentiles_are_of_the_slowest():
    outcomes = [Outcome("whole", Verdict.RIGHT, seconds=n / 1000) for n in range(1, 101)]
    answers = Answers.of(outcomes, ())
    assert (answers.p50_ms, answers.p99_ms) == (51.0, 100.0)


def test_growth_is_that_of_whoever_lived_through():
    samples = [{1: 100 + n, 2: 500} for n in range(8)]
    assert workers.measure(samples) == workers.Memory(500, 6)
    # A leak raises every quarter; the memory that the allocator keeps after a large image raises one.
    once = [{1: 100 + 50 * (n >= 3)} for n in range(8)]
    assert workers.measure(once) == workers.Memory(150, 0)
    del samples[0][1], samples[7][2]
    assert workers.measure(samples) == workers.Memory(500, None)
    assert workers.measure([]) == workers.Memory(0, None)


def test_the_log_counts_first_requests_and_keeps_what_is_secret():
    first = '{"level":"INFO","cold":true}'
    log = Log()
    log.write(f"preprocess[0] {first}\npreprocess[1] {first.replace('true', 'false')}\n")
    log.write(f"the process ended, and the last it wrote was:\n{first}\n")
    assert (log.starts, log.secrets) == (1, [])
    log.write("preprocess[0] [ERROR] RequestFailed: getObjectContext.outputToken is missing\n")
    assert log.secrets == []
    event = json.dumps(events.event("http://s3/photos/a"))
    lines = ["GET http://s3/photos/a?X-Amz-Signature=abc", "token SECRETTOKEN was used", event]
    log.write("\n".join(lines))
    assert [line[:300] for line in lines] == log.secrets


def test_files_can_be_read_in_one_sitting():
    for path in Path(soak.__file__).parent.rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 300, path
