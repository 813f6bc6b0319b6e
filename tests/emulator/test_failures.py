"""Whatever a function does wrong, its reader gets an answer that says so."""

from __future__ import annotations

import time

import pytest


@pytest.mark.parametrize(
    ("payload", "code", "status", "words"),
    [
        ("raise_error:boom", "LambdaRuntimeError", 500, "ValueError: boom"),
        ("return_silently", "LambdaResponseNotReceived", 500, "WriteGetObjectResponse"),
        ("exit_process:last words", "LambdaRuntimeError", 500, "last words"),
        ("sleep", "LambdaTimeout", 500, "5 s"),
        ("no such behaviour", "LambdaRuntimeError", 500, "KeyError"),
        ("write_error:404/nosuchkey/m", "LambdaInvalidResponse", 400, "ErrorCode"),
        ("write_error:418/Teapot/m", "LambdaInvalidResponse", 400, "418"),
        ("write_error:200/NoSuchKey/m", "LambdaInvalidResponse", 400, "StatusCode 200"),
        ("write_error:404/NoSuchKey/no <such> key", "NoSuchKey", 404, "no <such> key"),
        ("write_error:503/SlowDown/later", "SlowDown", 503, "later"),
    ],
)
def test_each_misbehaviour_has_its_error(reader, expect_error, payload, code, status, words):
    with expect_error(code, status) as message:
        reader.get(payload)
    assert words in message()
    assert reader.body("upper") == b"HELLO", "the workers live on"


def test_an_error_after_the_whole_answer_changes_nothing(reader):
    assert reader.body("write_then_raise") == b"whole"


def test_a_token_is_good_for_one_answer(reader, capfd):
    assert reader.body("write_twice") == b"first"
    deadline = time.monotonic() + 5
    printed = ""
    while "second write: ValidationError" not in printed and time.monotonic() < deadline:
        printed += capfd.readouterr().out
        time.sleep(0.02)
    assert "second write: ValidationError" in printed


def test_a_made_up_token_is_refused(reader, expect_error):
    for route in ("io-local-cell001", "elsewhere"):
        with expect_error("ValidationError", 400):
            reader.s3.write_get_object_response(RequestRoute=route, RequestToken="made up")


def test_workers_that_die_are_replaced_for_ever(reader, expect_error):
    before = {reader.get("upper")["Metadata"]["process"] for _ in range(8)}
    for _ in range(6):
        with expect_error("LambdaRuntimeError", 500):
            reader.get("exit_process:again")
    after = {reader.get("upper")["Metadata"]["process"] for _ in range(8)}
    assert not before & after
