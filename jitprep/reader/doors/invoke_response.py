"""Response to an Invoke, returned or streamed, parsed into a typed value or an error."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pybase64

from jitprep.reader.errors import ReadError, Refused, Unavailable, Undecodable, read_error
from jitprep.reader.transport.xml_errors import error_fields

# Prefixes of errors of the function's process, and not of its code: another process may succeed.
_OF_THE_PROCESS = ("Runtime.", "Sandbox.", "Extension.", "Lambda.")
# What precedes the body of a streamed answer.
_SEPARATOR = bytes(8)
# The member that holds the body, and the part of a response in which it is looked for.
_BODY, _WITHIN = re.compile(rb'"body"\s*:\s*"'), 2**16


@dataclass(frozen=True, slots=True)
class InvokeResult:
    """Response of status 200 or 307.

    Parameters
    ----------
    headers : mapping of str to str
        Names in lower case. With 307, ``location`` is the URL of the body.
    body : bytearray, optional
        Not shared. None where it is elsewhere, or absent.
    keys : sequence of str
        Keys of the body's rows, in a response for many objects.
    errors : mapping of str to ReadError
        Errors by key, of objects without a row.
    """

    headers: Mapping[str, str] = field(repr=False)
    body: bytearray | None = field(repr=False)
    keys: Sequence[str]
    errors: Mapping[str, ReadError]


def parse_response(payload: bytearray, key: str | None, *, failed: bool = False) -> InvokeResult:
    """Parse the payload that a function returned or streamed.

    Parameters
    ----------
    payload : bytearray
        JSON; streamed: JSON, eight NUL bytes, and the body, which becomes the result's.
    key : str, optional
        Key for error messages.
    failed : bool
        Whether Lambda reports that the function failed.

    Raises
    ------
    ReadError
        Of the type that the response means; `Undecodable` where its form is not jitprep's.
    """
    try:
        answer = _parsed(payload)
        if failed:
            raise _function_error(str(answer["errorType"]), str(answer["errorMessage"]), key)
        if answer["statusCode"] not in {200, 307}:
            raise _refusal(answer, key)
        return _returned(answer)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        kind = type(error).__name__
        message = f"the response does not have jitprep's form ({kind}); check the function's name"
        raise Undecodable(message, key=key) from None


def joined_payload(events: Iterable[Mapping[str, Any]], key: str | None) -> bytearray:
    """Return the payload of a streamed answer.

    Parameters
    ----------
    events : iterable of mapping
        As the SDK yields those of InvokeWithResponseStream.
    key : str, optional
        Key for error messages.

    Raises
    ------
    ReadError
        Where the function failed, also midway, or the stream has no end.
    """
    payload, complete = bytearray(), False
    for event in events:
        if "PayloadChunk" in event:
            payload += event["PayloadChunk"]["Payload"]
        elif "InvokeComplete" in event:
            complete = True
            _require_success(event["InvokeComplete"], bool(payload), key)
    if not complete:
        raise Unavailable("the answer was cut off", key=key, code="IncompleteStream")
    return payload


def _require_success(end: Mapping[str, Any], begun: bool, key: str | None) -> None:
    """Raise the error that ends a streamed answer, if one does."""
    kind, message = end.get("ErrorCode"), str(end.get("ErrorDetails") or "")
    if not kind:
        return
    with suppress(ValueError, LookupError, TypeError):  # where they are not a runtime's JSON
        details = json.loads(message)
        kind, message = details["errorType"], str(details["errorMessage"])
    if begun:  # the function answered, and may do so again
        raise Unavailable(f"the answer ended early: {message}", key=key, code=str(kind))
    raise _function_error(str(kind), message, key)


def _parsed(payload: bytearray) -> Any:
    """Return the JSON, with the body that follows it, if one does."""
    end = payload.find(_SEPARATOR)  # JSON has no NUL
    if end < 0:
        return _returned_json(payload)
    answer = json.loads(payload[:end])
    del payload[: end + len(_SEPARATOR)]
    return answer | {"body": payload}


def _returned_json(payload: bytearray) -> Any:
    """Return the JSON; the text of a body in base64 is a view, because parsing it costs a quarter more.

    Quotes within strings are escaped, so what looks like the member is one. A body in base64 ends with
    the next quote, since base64 has no escapes.
    """
    found = _BODY.search(payload, 0, _WITHIN)
    end = payload.find(b'"', found.end()) if found else -1
    if found is None or end < 0:
        return json.loads(payload)
    answer = json.loads(payload[: found.end()] + payload[end:])
    if not (
        isinstance(answer, dict) and answer.get("isBase64Encoded") and answer.get("body") == ""
    ):
        return json.loads(payload)  # it is another member, or a text
    return answer | {"body": memoryview(payload)[found.end() : end]}


def _function_error(kind: str, message: str, key: str | None) -> ReadError:
    means = Unavailable if kind.startswith(_OF_THE_PROCESS) else Refused
    return means(message, key=key, code=kind)


def _refusal(answer: Mapping[str, Any], key: str | None) -> ReadError:
    """Return the error of a response in the form of Invoke, or of HTTP."""
    if "errorCode" in answer:
        return read_error(answer["statusCode"], answer["errorCode"], answer["errorMessage"], key)
    return read_error(answer["statusCode"], *error_fields(bytes(_body(answer) or b"")), key)


def _returned(answer: Mapping[str, Any]) -> InvokeResult:
    errors = {
        one["key"]: read_error(one["statusCode"], one["errorCode"], one["errorMessage"], one["key"])
        for one in answer.get("errors", ())
    }
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    return InvokeResult(headers, _body(answer), answer.get("keys", ()), errors)


def _body(answer: Mapping[str, Any]) -> bytearray | None:
    text = answer.get("body")
    if text is None or isinstance(text, bytearray):
        return text
    if answer.get("isBase64Encoded"):
        decoded: bytearray = pybase64.b64decode_as_bytearray(text, validate=True)
        return decoded
    return bytearray(text.encode())
