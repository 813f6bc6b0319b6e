"""Manifests, reports, and the results of tasks."""

from __future__ import annotations

import csv
import io
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.emulator.jobs import task_invocation
from jitprep.emulator.jobs.files import read_manifest, report_files
from jitprep.emulator.jobs.job import (
    BatchJob,
    CompletionReport,
    JobRequest,
    JobTask,
    Manifest,
    Result,
    Status,
)
from jitprep.emulator.workers.function import Died, NotInvoked, Raised, Returned, TimedOut

MANIFEST = Manifest("lists", "m.csv", None, "e", ("Bucket", "Key", "VersionId"))
keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)


def job() -> BatchJob:
    request = JobRequest(
        "f", "2.0", None, MANIFEST, None, 1, "arn:aws:iam::1:role/r", None, False, "t", ()
    )
    return BatchJob("an-id", request, 1)


@given(
    rows=st.lists(st.tuples(keys, st.sampled_from(["", "null", "v"])), min_size=1),
    plus=st.booleans(),
)
def test_a_manifests_keys_are_url_encoded(rows, plus):
    encode = quote_plus if plus else quote
    text = "".join(f'photos,"{encode(key)}",{version}\r\n' for key, version in rows)
    assert read_manifest(text.encode(), MANIFEST) == [
        JobTask("photos", key, version or None) for key, version in rows
    ]


@given(st.lists(st.tuples(keys, texts, st.booleans()), min_size=1, max_size=5))
def test_a_report_is_valid_csv_for_any_messages(tasks):
    done = job()
    for key, message, good in tasks:
        done.add(
            JobTask("photos", key, None), Result(200, "" if good else "PermanentFailure", message)
        )
    *parts, (name, index) = report_files(done, CompletionReport("reports", "a/", failed_only=False))
    assert name == "a/job-an-id/manifest.json"
    assert [part["Key"] for part in json.loads(index)["Results"]] == [key for key, _ in parts]
    rows = [row for _, body in parts for row in csv.reader(io.StringIO(body.decode(), newline=""))]
    assert [row[1] for row in rows] == [
        quote(key) for key, _, _ in sorted(tasks, key=lambda task: not task[2])
    ]
    expected_rows = {
        (quote(key), *(("succeeded", "") if good else ("failed", "PermanentFailure")), message)
        for key, message, good in tasks
    }
    for bucket, key, version, status, http_status, code, message in rows:
        assert (bucket, version, http_status) == ("photos", "", "200")
        assert (key, status, code, message) in {
            (*one[:3], one[3].replace("\r", "\n")) for one in expected_rows
        }


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (
            TimedOut(3),
            Result(
                200,
                "PermanentFailure",
                'Lambda returned function error: {"errorMessage": "Task timed out after 3.00 seconds"}',
            ),
        ),
        (
            Died("gone"),
            Result(
                200, "PermanentFailure", 'Lambda returned function error: {"errorMessage": "gone"}'
            ),
        ),
        (Raised(b"{}"), Result(200, "PermanentFailure", "Lambda returned function error: {}")),
        (
            NotInvoked(429, "TooManyRequestsException", "later"),
            Result(429, "TooManyRequestsException", "later", temporary=True),
        ),
        (
            NotInvoked(502, "ServiceException", "down"),
            Result(502, "ServiceException", "down", temporary=True),
        ),
        (
            NotInvoked(403, "AccessDeniedException", "no"),
            Result(403, "AccessDeniedException", "no"),
        ),
        (
            Returned(b"words"),
            Result(200, "PermanentFailure", "Invalid JSON returned in Lambda payload"),
        ),
    ],
)
def test_each_outcome_of_an_invocation_gives_its_task_a_result(outcome, expected):
    assert task_invocation.task_result(outcome, "1.0", "i", "t") == expected


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
)


@given(ANY, ANY, ANY)
def test_any_return_value_gives_the_task_a_result(answer, results, treat):
    for value in (
        answer,
        {"invocationSchemaVersion": "1.0", "invocationId": "i", "results": results},
        {
            "invocationSchemaVersion": "1.0",
            "invocationId": "i",
            "treatMissingKeysAs": treat,
            "results": [{"taskId": "t", "resultCode": answer, "resultString": results}],
        },
    ):
        result = task_invocation.task_result(Returned(json.dumps(value).encode()), "1.0", "i", "t")
        assert result.code == "PermanentFailure"


def test_a_job_that_has_ended_does_not_change():
    ended = job()
    ended.move(Status.CANCELLING)
    ended.move(Status.ACTIVE)
    assert ended.status is Status.CANCELLING
    ended.move(Status.CANCELLED)
    ended.fail("Late", "too late")
    assert (ended.status, ended.stopping) == (Status.CANCELLED, False)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 600)), max_size=5))
def test_a_job_fails_once_more_than_half_of_a_thousand_tasks_or_more_have(runs):
    judged, bad, number = job(), 0, 0
    for good in (good for good, count in runs for _ in range(count)):
        number, bad = number + 1, bad + (not good)
        judged.add(JobTask("b", "k", None), Result(200, "" if good else "PermanentFailure", ""))
        if number >= 1000 and bad * 2 > number:
            assert judged.status is Status.FAILING
            assert str(bad) in judged.failure[1]
            return
        assert judged.status is Status.NEW
