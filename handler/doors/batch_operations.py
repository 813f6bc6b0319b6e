"""S3 Batch Operations, schemas 1.0 and 2.0: objects whose transformed copies are to be stored.

AWS's contract: "Invoke AWS Lambda function" in the S3 user guide, and LambdaInvokeOperation in its API.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from jitprep.service.deadline import LAMBDA_CLIENT_TIMEOUT_S
from jitprep.service.errors import RequestFailed
from jitprep.service.http import client_request
from jitprep.service.messages import ObjectName, PipelineChoice, Response, StoreRequest
from jitprep.service.s3_names import S3Prefix

_VERSION = "invocationSchemaVersion"
_PIPELINES = frozenset({"pipeline", "spec"})
_ARGUMENTS = _PIPELINES | {"seed", "to"}
_SCHEME = "s3://"
# Statuses and codes that a retry may fix. S3 answers 400 where it timed out waiting for a body.
_THROTTLED = 429
_TEMPORARY = frozenset({"RequestTimeout", "Throttling", "ThrottlingException"})
# Completion reports cut long results at a length that AWS does not document; S3's longest key fits.
_LONGEST = 1024


class BatchOperationsDoor:
    """Tasks of an S3 Batch Operations job. The answer is what the function returns."""

    name = "s3-batch-operations"
    client_timeout_s = LAMBDA_CLIENT_TIMEOUT_S

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Return whether the event has an ``invocationSchemaVersion``."""
        return _VERSION in event

    def parse(self, event: Mapping[str, Any]) -> StoreRequest:
        """Read the event.

        Raises
        ------
        RequestFailed
            ``InvalidEvent``; ``InvalidArgument``, ``InvalidSeed`` for a wrong user argument. Each task
            then fails with it.
        """
        version = event[_VERSION]
        if version not in ("1.0", "2.0"):
            raise _invalid(f"{_VERSION} must be 1.0 or 2.0, got {version!r}")
        tasks = event.get("tasks")
        if not isinstance(tasks, list) or not tasks:
            raise _invalid("tasks must be a list of at least one task")
        arguments = _arguments(event) if version == "2.0" else {}
        return StoreRequest(
            tuple(_task(task, version) for task in tasks),
            _output(arguments.get("to")),
            _choice(arguments),
        )

    def reply(self, event: Mapping[str, Any], response: Response) -> dict[str, Any]:
        """Return the function's result."""
        tasks = event.get("tasks")
        asked = tasks if isinstance(tasks, list) else []
        each = response.each or (response,) * len(asked)
        return {
            _VERSION: event[_VERSION],
            "treatMissingKeysAs": "PermanentFailure",
            "invocationId": event.get("invocationId"),
            "results": [
                {"taskId": task["taskId"], **_result(answer)}
                for task, answer in zip(asked, each, strict=True)
                if isinstance(task, Mapping) and "taskId" in task
            ],
        }


def _task(task: Any, version: str) -> ObjectName:
    if not isinstance(task, Mapping):
        raise _invalid("a task must be a JSON object")
    if version == "1.0":  # arn:aws:s3:::bucket; in older examples with a region and an account
        bucket = _text(task, "s3BucketArn").rpartition(":")[2]
    else:
        bucket = _text(task, "s3Bucket")
    number = task.get("s3VersionId")
    if number is not None and not (isinstance(number, str) and _encodable(number)):
        raise _invalid("s3VersionId must be a string or null")
    return ObjectName(bucket, _key(_text(task, "s3Key")), number or None)


def _key(encoded: str) -> str:
    """Decode a key, in which a space is ``+`` or ``%20``, and a plus is ``%2B``."""
    try:
        key = unquote_plus(encoded, errors="strict")
        key.encode()
    except UnicodeError:
        raise _invalid("s3Key must be URL-encoded UTF-8") from None
    return key


def _arguments(event: Mapping[str, Any]) -> Mapping[str, str]:
    job = event.get("job")
    arguments = job.get("userArguments") if isinstance(job, Mapping) else None
    if arguments is None:
        return {}
    if not isinstance(arguments, Mapping):
        raise _wrong(f"must be a JSON object, got {arguments!r}")
    for name, value in arguments.items():
        if name not in _ARGUMENTS:
            raise _wrong(
                f"have the unknown {name!r}; they may have {', '.join(sorted(_ARGUMENTS))}"
            )
        if not isinstance(value, str) or not _encodable(value):
            raise _wrong(f"must be strings of valid Unicode, got {value!r} for {name!r}")
    if arguments.keys() >= _PIPELINES:
        raise _wrong("have both 'pipeline' and 'spec'; leave one of them out")
    return arguments


def _encodable(text: str) -> bool:
    """Return whether UTF-8 can encode a text: JSON can hold a lone surrogate."""
    return text.encode(errors="replace").decode() == text


def _output(to: str | None) -> S3Prefix | None:
    if to is None:
        return None
    output = S3Prefix.parse(to.removeprefix(_SCHEME)).folder
    if not to.startswith(_SCHEME) or not output.bucket:
        raise RequestFailed(
            400, "InvalidArgument", f"'to' must be s3://bucket or s3://bucket/prefix, got {to!r}"
        )
    return output


def _choice(arguments: Mapping[str, str]) -> PipelineChoice:
    payload = {name: value for name, value in arguments.items() if name in _PIPELINES}
    seed = client_request.parse_seed(arguments.get("seed", "0"))
    return PipelineChoice(json.dumps(payload) if payload else "", seed=seed)


def _result(answer: Response) -> dict[str, str]:
    code = answer.error_code
    if code is None:
        return {"resultCode": "Succeeded", "resultString": _line(answer.whole_body.decode())}
    temporary = answer.status >= 500 or answer.status == _THROTTLED or code in _TEMPORARY
    return {
        "resultCode": "TemporaryFailure" if temporary else "PermanentFailure",
        "resultString": _line(f"{code}: {answer.error_message}"),
    }


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."


def _text(task: Mapping[str, Any], name: str) -> str:
    value = task.get(name)
    if not isinstance(value, str) or not value:
        raise _invalid(f"a task's {name} is missing")
    return value


def _wrong(what: str) -> RequestFailed:
    return RequestFailed(400, "InvalidArgument", f"the job's userArguments {what}")


def _invalid(what: str) -> RequestFailed:
    return RequestFailed(
        400, "InvalidEvent", f"this is not an event of S3 Batch Operations: {what}"
    )
