"""Errors: their types, pickling, and retries."""

from __future__ import annotations

import pickle
import random
import re
from pathlib import Path

import pytest

from jitprep.reader import BadObject, ReadError, Refused, Unavailable
from jitprep.reader.errors import OF_THE_OBJECT, read_error
from jitprep.reader.transport.retry import TRIES, with_retries

PAGE = (Path(__file__).parents[3] / "docs/errors.md").read_text(encoding="utf-8")


def test_bad_objects_are_those_of_the_page_of_errors():
    """All codes of its section on the object, except temporary ones and those on permissions."""
    section = PAGE.partition("## The object")[2].partition("\n## ")[0]
    codes = {
        code
        for row in re.findall(r"^\| (.*?) \|", section, re.M)
        for code in re.findall(r"`(\w+)`", row)
    }
    others = {"AccessDenied", "PreconditionFailed", "BucketNotAllowed", "SourceRefused"}
    assert codes - others == OF_THE_OBJECT


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "NoSuchKey", BadObject),
        (400, "CorruptObject", BadObject),
        (404, "NoSuchBucket", Refused),
        (403, "AccessDenied", Refused),
        (400, "OverrideNotAllowed", Refused),
        (413, "ResponseTooLarge", Refused),
        (501, "NotImplemented", Refused),
        (500, "InternalError", Unavailable),
        (503, "SlowDown", Unavailable),
        (429, "TooManyRequestsException", Unavailable),
        (400, "RequestTimeout", Unavailable),
    ],
)
def test_a_response_has_the_type_that_says_what_to_do(status, code, kind):
    error = read_error(status, code, "why", "a.jpg")
    assert type(error) is kind
    assert str(error) == f"a.jpg: {code} ({status}): why"
    assert (error.key, error.code, error.status) == ("a.jpg", code, status)


def test_errors_can_be_pickled_and_built_from_a_message():
    error = read_error(400, "CorruptObject", "why", "a.jpg")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (BadObject, str(error), vars(error))
    assert str(BadObject(str(error))) == str(error)


class Door:
    def __init__(self, fails: int, error: ReadError) -> None:
        self.fails, self.error, self.tries = fails, error, 0

    def read(self) -> str:
        self.tries += 1
        if self.tries <= self.fails:
            raise self.error
        return "read"


@pytest.mark.parametrize("fails", range(TRIES))
def test_temporary_errors_are_retried_after_growing_pauses(fails, pauses):
    door = Door(fails, Unavailable("busy"))
    assert with_retries(door.read) == "read"
    assert door.tries == fails + 1
    assert len(pauses) == fails
    assert all(0 <= pause <= 0.1 * 2**n for n, pause in enumerate(pauses))


def test_after_the_last_try_the_error_is_raised(pauses):
    door = Door(TRIES, Unavailable("busy"))
    with pytest.raises(Unavailable, match="busy"):
        with_retries(door.read)
    assert door.tries == TRIES
    assert sum(0.1 * 2**n for n in range(len(pauses))) < 13


@pytest.mark.parametrize("kind", [BadObject, Refused])
def test_permanent_errors_are_not_retried(kind, pauses):
    door = Door(1, kind("no"))
    with pytest.raises(kind):
        with_retries(door.read)
    assert (door.tries, pauses) == (1, [])


@pytest.mark.usefixtures("pauses")
def test_a_pause_takes_nothing_from_the_trainers_random_numbers():
    state = random.getstate()
    with_retries(Door(3, Unavailable("busy")).read)
    assert random.getstate() == state
