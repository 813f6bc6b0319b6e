"""The event of a task, and the result that its function returns."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

from jitprep.emulator.jobs.files import encode_key
from jitprep.emulator.jobs.job import BatchJob, JobTask, Result
from jitprep.emulator.workers.function import (
    Died,
    InvocationOutcome,
    NotInvoked,
    Raised,
    Returned,
    TimedOut,
)

_FAILED = "PermanentFailure"
_CODES = frozenset({"Succeeded", "TemporaryFailure", _FAILED})
# Statuses of Lambda's Invoke after which a retry may succeed: throttled, or a server error.
_THROTTLED, _SERVER = 429, 500


def new_id() -> str:
    """Return a new ID for an invocation or a task, in AWS's format."""
    return base64.b64encode(secrets.token_bytes(24)).decode()


def task_event(job: BatchJob, task: JobTask, invocation_id: str, task_id: str) -> bytes:
    """Return the event of a task, in the schema that the job names."""
    request = job.request
    job_fields: dict[str, Any] = {"id": job.id}
    asked = {"taskId": task_id, "s3Key": encode_key(task.key), "s3VersionId": task.version}
    if request.schema == "2.0":
        if request.arguments is not None:
            job_fields["userArguments"] = dict(request.arguments)
        asked["s3Bucket"] = task.bucket
    else:
        asked["s3BucketArn"] = f"arn:aws:s3:::{task.bucket}"
    return json.dumps(
        {
            "invocationSchemaVersion": request.schema,
            "invocationId": invocation_id,
            "job": job_fields,
            "tasks": [asked],
        }
    ).encode()


def task_result(
    outcome: InvocationOutcome, schema: str, invocation_id: str, task_id: str
) -> Result:
    """Return the result of a task, from the outcome of its invocation."""
    match outcome:
        case Returned(payload):
            return _result_of_payload(payload, schema, invocation_id, task_id)
        case Raised(payload):
            return _failed(f"Lambda returned function error: {payload.decode(errors='replace')}")
        case TimedOut(seconds):
            error = {"errorMessage": f"Task timed out after {seconds:.2f} seconds"}
            return _failed(f"Lambda returned function error: {json.dumps(error)}")
        case Died(detail):
            error = {"errorMessage": detail}
            return _failed(f"Lambda returned function error: {json.dumps(error)}")
        case NotInvoked(status, kind, detail):
            temporary = status == _THROTTLED or status >= _SERVER
            return Result(status, kind, detail, temporary)


def _result_of_payload(payload: bytes, schema: str, invocation_id: str, task_id: str) -> Result:
    try:
        answer = json.loads(payload)
    except ValueError:
        return _failed("Invalid JSON returned in Lambda payload")
    problem = _problem(answer, schema, invocation_id)
    if problem is not None:
        return _failed(f"Invalid response from the function: {problem}")
    missing = {"resultCode": answer.get("treatMissingKeysAs", _FAILED)}
    found = next((one for one in answer["results"] if one.get("taskId") == task_id), missing)
    code = found.get("resultCode")
    message = str(found.get("resultString", ""))
    if found is missing:
        message = (
            f"The function returned no result for task {task_id}, so treatMissingKeysAs applies."
        )
    if not isinstance(code, str) or code not in _CODES:
        return _failed(f"Invalid response from the function: resultCode is {code!r}")
    if code == "Succeeded":
        return Result(200, "", message)
    return Result(200, code, message, temporary=code == "TemporaryFailure")


def _problem(answer: Any, schema: str, invocation_id: str) -> str | None:
    """Return why a response is not valid, or None."""
    if not isinstance(answer, dict):
        return "it is not an object"
    if answer.get("invocationSchemaVersion") != schema:
        return f"invocationSchemaVersion is not that of the event, {schema}"
    if answer.get("invocationId") != invocation_id:
        return "invocationId is not that of the event"
    results = answer.get("results")
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        return "results is not a list of objects"
    return None


def _failed(message: str) -> Result:
    return Result(200, _FAILED, message)
