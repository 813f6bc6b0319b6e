"""Lambda's Invoke, through boto3."""

from __future__ import annotations

import io
import json

import pytest

ARN = "arn:aws:lambda:us-east-1:123456789012:function:preprocess"


@pytest.fixture(scope="module")
def invoke(local):
    client = local.client("lambda")

    def call(name, payload, **parameters):
        event = {"getObjectContext": dict.fromkeys(("outputRoute", "outputToken"), "none")}
        event["configuration"] = {"payload": payload}
        return client.invoke(FunctionName=name, Payload=json.dumps(event), **parameters)

    return call


@pytest.mark.parametrize("name", ["preprocess", "preprocess:live", ARN, f"{ARN}:$LATEST"])
def test_every_name_of_the_function_runs_it(invoke, name):
    answer = invoke(name, "return_silently")
    assert "FunctionError" not in answer
    assert json.load(answer["Payload"]) == {"nobody": "reads this"}


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
