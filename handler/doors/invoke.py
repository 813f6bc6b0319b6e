"""Lambda's Invoke: the event names a bucket, and one key or many.

``{"bucket": "photos", "key": "a.jpg"}`` or ``{"bucket": "photos", "keys": ["a.jpg", "b.jpg"]}``, with
``"pipeline"`` or ``"spec"``, and ``"seed"``. The answer is what the function returns. With ``"stream":
true`` it is streamed: the same JSON without the body, eight NUL bytes, and the body as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pybase64

from handler.doors.streamed import OCTETS, StreamedReply, stream_head
from jitprep.service.deadline import LAMBDA_CLIENT_TIMEOUT_S
from jitprep.service.errors import RequestFailed
from jitprep.service.http import client_request
from jitprep.service.lambda_limits import body_limit
from jitprep.service.messages import (
    BatchRequest,
    BatchResponse,
    ObjectName,
    ObjectRequest,
    PipelineChoice,
    Response,
)

_STREAM = "stream"
_OF_ALL = frozenset({"bucket", "pipeline", "spec", "seed", _STREAM})
_OF_ONE = _OF_ALL | {"key", "versionId"}
_OF_MANY = _OF_ALL | {"keys"}
# As many keys as a page of a listing has.
_MOST_KEYS = 1000
# Bytes of JSON of a row beside its key: an ETag of 42 characters, quotes and commas.
_BESIDE_KEY = 64
_LONGEST_MESSAGE = 1000


class InvokeDoor:
    """A direct invocation.

    Parameters
    ----------
    streams : bool
        Whether the function's runtime client can send a streamed answer.
    """

    name = "invoke"
    client_timeout_s = LAMBDA_CLIENT_TIMEOUT_S

    def __init__(self, *, streams: bool = False) -> None:
        self._streams = streams

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Return whether the event names a bucket, and a key or keys."""
        return "bucket" in event and ("key" in event or "keys" in event)

    def parse(self, event: Mapping[str, Any]) -> ObjectRequest | BatchRequest:
        """Read the event.

        Raises
        ------
        RequestFailed
            ``InvalidEvent``, ``InvalidPipeline``, ``InvalidSeed``; ``NotImplemented`` for a stream that
            the function cannot send.
        """
        many = "keys" in event
        _require_known(event, _OF_MANY if many else _OF_ONE)
        streamed = self._streamed(event)
        bucket, choice = _text(event["bucket"], "bucket"), _choice(event)
        # The metadata has the pipeline's canonical spelling, which may be longer than the given one.
        overhead = 2 * len(choice.configuration)
        if many:
            keys = _keys(event["keys"])
            overhead += sum(len(json.dumps(key)) + _BESIDE_KEY for key in keys)
            names = tuple(ObjectName(bucket, key) for key in keys)
            return BatchRequest(names, choice, body_limit(overhead, streamed=streamed))
        version = _text(event["versionId"], "versionId") if "versionId" in event else None
        name = ObjectName(bucket, _text(event["key"], "key"), version)
        limit = body_limit(overhead, streamed=streamed)
        return ObjectRequest("GET", name.key, name, choice, checksum=True, body_limit=limit)

    def reply(self, event: Mapping[str, Any], response: Response) -> dict[str, Any] | StreamedReply:
        """Return the function's result."""
        answer = _described(response)
        if self._streams and event.get(_STREAM) is True:
            return StreamedReply(OCTETS, stream_head(answer), response.body)
        if _has_body(response):
            answer["body"] = pybase64.b64encode_as_string(response.whole_body)
            answer["isBase64Encoded"] = True
        return answer

    def _streamed(self, event: Mapping[str, Any]) -> bool:
        """Return whether the event asks for a streamed answer. Raises RequestFailed."""
        asked = event.get(_STREAM, False)
        if not isinstance(asked, bool):
            raise _invalid("stream must be true or false")
        if asked and not self._streams:
            raise RequestFailed(
                501,
                "NotImplemented",
                "this function cannot stream its answers; set JITPREP_RUNTIME_CLIENT=jitprep in its "
                "environment, or leave stream out",
            )
        return asked


def _described(response: Response) -> dict[str, Any]:
    """Return the answer without its body."""
    if response.error_code is not None:
        return _failure(response.status, response.error_code, response.error_message or "")
    headers = {name: _sendable(value) for name, value in response.headers.items()}
    answer = {"statusCode": response.status, "headers": headers}
    return answer | (_per_key(response) if isinstance(response, BatchResponse) else {})


def _has_body(response: Response) -> bool:
    """Return whether a body belongs to the answer; of a batch without rows, none does."""
    rows = response.rows if isinstance(response, BatchResponse) else True
    return response.status == 200 and response.error_code is None and bool(rows)


def _per_key(batch: BatchResponse) -> dict[str, Any]:
    """Return the members that describe each key of a batch."""
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
    """Return text that UTF-8 can encode: a lone surrogate would crash the function's runtime."""
    return text.encode("utf-8", "backslashreplace").decode()


def _require_known(event: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(event.keys() - known)
    if unknown:
        raise _invalid(
            f"the event has the unknown member {unknown[0][:100]!r}; it may have "
            f"{', '.join(sorted(known))}"
        )


def _choice(event: Mapping[str, Any]) -> PipelineChoice:
    """Return the pipeline, in the form of an access point's payload, and the seed."""
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
    # Python refuses to convert numbers of thousands of digits to text.
    number = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**64
    return client_request.parse_seed(str(value) if number else "")


def _keys(value: object) -> Sequence[str]:
    if not isinstance(value, list) or not 1 <= len(value) <= _MOST_KEYS:
        raise _invalid(f"keys must be a list of 1 to {_MOST_KEYS} keys")
    return [_text(key, f"keys[{index}]") for index, key in enumerate(value)]


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise _invalid(f"{name} must be a non-empty string")
    if _sendable(value) != value:
        raise _invalid(f"{name} is not valid Unicode")
    return value


def _invalid(what: str) -> RequestFailed:
    return RequestFailed(
        400,
        "InvalidEvent",
        f'{what}; invoke with {{"bucket": ..., "key": ...}} or {{"bucket": ..., "keys": [...]}}',
    )
