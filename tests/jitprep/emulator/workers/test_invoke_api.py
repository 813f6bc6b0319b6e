"""Lambda's Invoke, through boto3."""

from __future__ import annotations

import io
import json

import pytest

from ..conftest import FUNCTIONS

ARN = "arn:aws:lambda:us-east-1:123456789012:function:preprocess"


@pytest.fixture(scope="module")
def invoke(local):
    return invoking(local)


def invoking(local):
    client = local.client("lambda")

    def call(name, payload, **parameters):
        event = {"getObjectContext": dict.fromkeys(("outputRoute", "outputToken"), "none")}
        event["configuration"] = {"payload": payload}
        return client.invoke(FunctionName=name, Payload=json.dumps(event), **parameters)

    return call


@pytest.mark.parametrize("name", ["preprocess", "preprocess:live", ARN, f"{ARN}:$LATEST"])
def test_the_function_can_be_invoked_by_each_of_its_names(invoke, name):
    answer = invoke(name, "return_silently")
    assert "FunctionError" not in answer
    assert json.load(answer["Payload"]) == {"ignored": "value"}


@pytest.mark.parametrize(
    ("payload", "kind", "words"),
    [
        ("raise_error:boom", "ValueError", "boom"),
        ("exit_process:bye", "Runtime.ExitError", "status 17"),
        ("sleep", "Sandbox.Timedout", "5.00 seconds"),
    ],
)
def test_a_failure_is_a_function_error(invoke, payload, kind, words):
    answer = invoke("preprocess", payload)
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    error = json.load(answer["Payload"])
    assert error["errorType"] == kind
    assert words in error["errorMessage"]


def test_a_response_over_six_megabytes_is_a_function_error_and_ends_the_process(
    object_lambda_endpoint,
):
    """As on AWS, whose Runtime API answers 413, which ends awslambdaric."""
    invoke = invoking(
        object_lambda_endpoint(handler="behaviours.handler", task_root=FUNCTIONS, workers=1)
    )
    before = json.load(invoke("preprocess", "return_process")["Payload"])
    largest = invoke("preprocess", "return_text:6291556")
    assert "FunctionError" not in largest
    assert len(largest["Payload"].read()) == 6_291_556
    assert json.load(invoke("preprocess", "return_process")["Payload"]) == before
    for _ in range(2):
        answer = invoke("preprocess", "return_text:6291557")
        assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
        assert json.load(answer["Payload"]) == {
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size "
            "(6291556 bytes).",
        }
        after = json.load(invoke("preprocess", "return_process")["Payload"])
        assert after != before
        before = after


def test_an_unknown_function_is_not_found(invoke, expect_error):
    with expect_error("ResourceNotFoundException", 404) as message:
        invoke("nobody", "upper")
    assert "preprocess" in message()


def test_a_dry_run_runs_nothing(invoke):
    assert invoke("preprocess", "raise_error:x", InvocationType="DryRun")["StatusCode"] == 204


def test_an_asynchronous_invoke_is_refused(invoke, expect_error):
    with expect_error("InvalidParameterValueException", 400) as message:
        invoke("preprocess", "upper", InvocationType="Event")
    assert "RequestResponse" in message()


def test_a_payload_over_six_megabytes_is_refused(local, expect_error):
    with expect_error("RequestTooLargeException", 413):
        local.client("lambda").invoke(
            FunctionName="preprocess", Payload=io.BytesIO(b" " * (6 * 1024 * 1024 + 1))
        )
