"""Lambda's Invoke: whoever may invoke the function names a bucket, and one key or many.

``{"bucket": "photos", "key": "a.jpg"}`` or ``{"bucket": "photos", "keys": ["a.jpg", "b.jpg"]}``, with
``"pipeline"`` or ``"spec"``, and ``"seed"``. The answer is what the function returns.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from jitprep.service.deadline import LAMBDA_CLIENT_TIMEOUT_S
from jitprep.service.errors import RequestFailed
from jitprep.service.http import overrides
from jitprep.service.lambda_limits import max_body_bytes
from jitprep.service.messages import (
    BatchRequest,
    BatchResponse,
    ObjectRequest,
    PipelineChoice,
    Response,
)
from jitprep.service.source import bucket_source

_OF_ALL = frozenset({"bucket", "pipeline", "spec", "seed"})
_OF_ONE = _OF_ALL | {"key", "versionId"}
_OF_MANY = _OF_ALL | {"keys"}
# As many as a page of a listing has.
_MOST_KEYS = 1000
# What the answer says of a row beside its key: an ETag of 42 characters, quotes and commas.
_BESIDE_KEY = 64
_LONGEST_MESSAGE = 1000


class InvokeDoor:
    """A direct invoke."""

    name = "invoke"
    client_timeout_s = LAMBDA_CLIENT_TIMEOUT_S

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Whether the event names a bucket, and keys in it."""
        return "bucket" in event and ("key" in event or "keys" in event)

    def parse(self, event: Mapping[str, Any]) -> ObjectRequest | BatchRequest:
        """Read the event.

        Raises
        ------
        RequestFailed
            ``InvalidEvent``, ``InvalidPipeline``, ``InvalidSeed``, ``BucketNotAllowed``.
        """
        many = "keys" in event
        _require_known(event, _OF_MANY if many else _OF_ONE)
        bucket, choice = _text(event["bucket"], "bucket"), _choice(event)
        # The pipeline's line is in the metadata, and may be longer than what was given for it.
        said = 2 * len(choice.configuration)
        if many:
            keys = _keys(event["keys"])
            said += sum(len(json.dumps(key)) + _BESIDE_KEY for key in keys)
            objects = tuple(_object(bucket, key, choice) for key in keys)
            return BatchRequest(objects, choice, max_body_bytes(said))
        version = _text(event["versionId"], "versionId") if "versionId" in event else None
        return _object(bucket, _text(event["key"], "key"), choice, version, max_body_bytes(said))

    def reply(self, event: Mapping[str, Any], response: Response) -> dict[str, Any]:  # noqa: ARG002
        """Return the function's result."""
        if response.error_code is not None:
            return _failure(response.status, response.error_code, response.error_message or "")
        batch = response if isinstance(response, BatchResponse) else None
        headers = {name: _sendable(value) for name, value in response.headers.items()}
        answer: dict[str, Any] = {"statusCode": response.status, "headers": headers}
        if response.status == 200 and (batch is None or batch.rows):
            answer |= {"body": b64encode(response.body).decode(), "isBase64Encoded": True}
        return answer | (_told(batch) if batch else {})


def _told(batch: BatchResponse) -> dict[str, Any]:
    """Return what the answer to many keys says of each."""
    return {
        "keys": [row.key for row in batch.rows],
        "etags": [row.etag for row in batch.rows],
        "errors": [
            {"key": one.key} | _failure(one.failure.status, one.failure.code, one.failure.message)
            for one in batch.unread
        ],
    }


def _failure(status: int, code: str, message: str) -> dict[str, Any]:
    short = _sendable(message[:_LONGEST_MESSAGE])
    return {"statusCode": status, "errorCode": code, "errorMessage": short}


def _sendable(text: str) -> str:
    """Return a text that UTF-8 can write: half of a pair of surrogates ends the function's runtime."""
    return text.encode("utf-8", "backslashreplace").decode()


def _require_known(event: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(event.keys() - known)
    if unknown:
        raise _invalid(
            f"the event has {unknown[0][:100]!r}, and may have {', '.join(sorted(known))}"
        )


def _choice(event: Mapping[str, Any]) -> PipelineChoice:
    """Return the pipeline, as an access point's payload has it, and the seed."""
    named = [name for name in ("pipeline", "spec") if name in event]
    if len(named) > 1:
        raise _invalid("the event names both a pipeline and a spec; leave one of them out")
    payload = ""
    if named:
        try:
            payload = json.dumps({named[0]: event[named[0]]})
        except RecursionError:
            raise RequestFailed(400, "InvalidPipeline", "the spec is nested too deeply") from None
    return PipelineChoice(payload, seed=_seed(event.get("seed", 0)))


def _seed(value: object) -> int:
    # Python writes no number of thousands of digits.
    number = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**64
    return overrides.seed_of(str(value) if number else "")


def _object(
    bucket: str,
    key: str,
    choice: PipelineChoice,
    version: str | None = None,
    max_body_bytes: int | None = None,
) -> ObjectRequest:
    return ObjectRequest(
        "GET",
        key,
        bucket_source.of_object("GET", bucket, key, version),
        choice,
        max_body_bytes=max_body_bytes,
    )


def _keys(value: object) -> Sequence[str]:
    if not isinstance(value, list) or not 1 <= len(value) <= _MOST_KEYS:
        raise _invalid(f"keys must be a list of 1 to {_MOST_KEYS} keys")
    return [_text(key, f"keys[{index}]") for index, key in enumerate(value)]


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise _invalid(f"{name} must be a text that is not empty")
    if _sendable(value) != value:
        raise _invalid(f"{name} is not valid Unicode")
    return value


def _invalid(what: str) -> RequestFailed:
    return RequestFailed(
        400,
        "InvalidEvent",
        f'{what}; invoke with {{"bucket": ..., "key": ...}} or {{"bucket": ..., "keys": [...]}}',
    )
