"""The material of the soak is the same in each run, and as described."""

from __future__ import annotations

import json
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from preprocessing import Pipeline
from soak import material, mutants
from soak.load import disconnects, events
from soak.load.reads import Verdict, digest

POINTS = [[material.DerivedObject("alias", f"k{n}", bytes(range(200)), '"e"', 7) for n in range(3)]]


def test_mutants_are_repeatable_and_of_every_damage_and_format():
    made = mutants.mutants(400, 1)
    assert made == mutants.mutants(400, 1)
    assert made != mutants.mutants(400, 2)
    assert {key.split("-")[1] for key in made} == mutants.DAMAGES.keys()
    formats = {data[:2] for data in made.values()}
    assert {b"\xff\xd8", b"\x89P", b"RI", b"GI", b"II", b"BM"} <= formats


def test_every_undamaged_file_is_decoded():
    pipeline = Pipeline.parse("resize:32/npy")
    for name, data in mutants.files().items():
        assert mutants.outcome(pipeline, data).code is None, name


def test_the_outcome_of_damage_is_an_error_of_the_librarys_or_its_bytes():
    pipeline = Pipeline.parse("resize:32/npy")
    jpeg = mutants.files()["jpeg-rocket"]
    assert mutants.outcome(pipeline, jpeg[:900]).code == "CorruptObject"
    assert mutants.outcome(pipeline, jpeg).sha256 == digest(pipeline.encode(jpeg).body)


def test_a_mixture_asks_every_way_there_is_and_for_whole_objects_most():
    reads = list(material.mixture(POINTS, 1000, 1))
    assert reads == list(material.mixture(POINTS, 1000, 1))
    kinds = Counter(read.kind for read in reads)
    assert kinds.keys() == {"whole", "range", "head", "condition", "list"}
    assert kinds["whole"] > 600
    for read in reads:
        if read.kind == "range" and read.wanted.code is None:
            first, last = map(int, read.parameters["Range"].removeprefix("bytes=").split("-"))
            assert read.wanted.sha256 == digest(POINTS[0][0].body[first : last + 1])


def test_some_leave_by_the_clock_some_by_what_has_come_and_some_stay():
    jobs = disconnects.some_leave([POINTS[0][0].whole()] * 200, 1)
    leaving = [job for job in jobs if isinstance(job, disconnects.Leaving)]
    assert 50 < len(leaving) < 180
    assert any(job.taken for job in leaving)
    assert any(job.after_s for job in leaving)


@given(st.data())
def test_a_mutated_event_is_json_and_still_an_event(data):
    valid = events.event("http://photos/a", payload="{}")
    before = json.dumps(valid)
    made = data.draw(events.mutated(valid))
    assert json.loads(json.dumps(made)) == made
    assert json.dumps(valid) == before


def test_a_function_that_dies_of_an_event_is_called_wrong():
    def verdicts(answer: dict[str, object]) -> set[Verdict]:
        outcomes = events.invoke_with_any(lambda _: answer, "http://photos/a", "", 5)
        assert len(outcomes) == 5
        return {outcome.verdict for outcome in outcomes}

    assert verdicts({"Payload": b'{"statusCode": 200}'}) == {Verdict.RIGHT}
    assert verdicts({"Payload": b"null"}) == {Verdict.WRONG}
    for code in ("InternalError",):
        payload = json.dumps({"statusCode": 500, "errorCode": code}).encode()
        assert verdicts({"Payload": payload}) == {Verdict.WRONG}
    for kind, verdict in (("ValueError", Verdict.RIGHT), ("Runtime.ExitError", Verdict.WRONG)):
        payload = json.dumps({"errorType": kind}).encode()
        assert verdicts({"FunctionError": "Unhandled", "Payload": payload}) == {verdict}
