"""SnapStart: hooks, and credentials that expire in the snapshot."""

from __future__ import annotations

import json
from io import StringIO

from ..conftest import FUNCTIONS, TIMEOUT_S


def invoke(object_lambda_endpoint, **settings):
    local = object_lambda_endpoint(
        handler="snapshot.handler",
        task_root=FUNCTIONS,
        workers=1,
        snap_start=True,
        timeout=TIMEOUT_S,
        output=StringIO(),  # a line that comes late would be in another test's output
        **settings,
    )
    answer = local.client("lambda").invoke(FunctionName="preprocess")
    return json.load(answer["Payload"])


def test_a_function_is_restored_by_its_first_event_with_new_credentials(object_lambda_endpoint):
    assert invoke(object_lambda_endpoint) == {
        "hooks": ["before", "after"],
        "refusal": "InvalidAccessKeyId",
        "type": "snap-start",
    }


def test_a_hook_that_fails_after_the_restore_fails_the_function(object_lambda_endpoint):
    error = invoke(object_lambda_endpoint, worker_env={"HOOK": "fails"})
    assert error["errorType"] == "Runtime.ExitError"
    assert "no entropy" in error["errorMessage"]
