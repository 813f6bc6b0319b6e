"""Every failure of a function is reported to its client."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

FUNCTIONS = Path(__file__).parents[1] / "functions"


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


def test_every_worker_that_dies_is_replaced(reader, expect_error):
    before = {reader.get("upper")["Metadata"]["process"] for _ in range(8)}
    for _ in range(6):
        with expect_error("LambdaRuntimeError", 500):
            reader.get("exit_process:again")
    after = {reader.get("upper")["Metadata"]["process"] for _ in range(8)}
    assert not before & after


def test_a_body_that_stalls_breaks_the_read_in_time(reader):
    body = reader.get("halves:/a file that nobody makes")["Body"]
    assert body.read(len(b"first half,")) == b"first half,"
    with pytest.raises(BotoCoreError):
        body.read()
    assert reader.body("upper") == b"HELLO"


def test_a_response_that_lambda_cannot_carry_is_an_error(reader, expect_error):
    alias = reader.alias("return_large", actions=("ListObjectsV2",))
    with expect_error("LambdaRuntimeError", 500) as message:
        reader.s3.list_objects_v2(Bucket=alias)
    assert "Function.ResponseSizeTooLarge" in message()
    assert "6291556 bytes" in message()


def test_reads_above_the_concurrency_get_slow_down(object_lambda_endpoint, expect_error, tmp_path):
    local = object_lambda_endpoint(
        handler="behaviours.handler", task_root=FUNCTIONS, workers=1, concurrency=1
    )
    s3 = local.client("s3")
    s3.create_bucket(Bucket="texts")
    gate = tmp_path / "gate"
    alias = local.create_access_point(
        "narrow", "texts", payload=f"halves:{gate}", actions=("GetObject", "HeadObject")
    )
    first = s3.get_object(Bucket=alias, Key="k")["Body"]
    assert first.read(1) == b"f", "it is under way"
    with expect_error("SlowDown", 503) as message:
        s3.get_object(Bucket=alias, Key="k")
    assert "concurrency" in message()
    with expect_error("503", 503):
        s3.head_object(Bucket=alias, Key="k")
    gate.touch()
    assert first.read() == b"irst half,second half"
    eventually(lambda: s3.get_object(Bucket=alias, Key="k"))


def eventually(attempt):
    """Retry until it succeeds: an invocation ends shortly after its client has the body."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return attempt()
        except ClientError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
