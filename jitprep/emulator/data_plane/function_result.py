"""Converts what a function returned for a HeadObject or a listing to the client's response."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

from jitprep.emulator.data_plane.actions import Action
from jitprep.emulator.data_plane.list_bucket_result import MalformedListing, listing_xml
from jitprep.emulator.data_plane.object_headers import BOOLEANS, METADATA, NUMBERS, OBJECT_HEADERS
from jitprep.emulator.s3_errors import (
    S3Error,
    invalid_response_error,
    no_response_error,
    reported_error,
)
from jitprep.emulator.workers.function import InvocationOutcome, Returned

_METADATA = re.compile(METADATA + r"[a-z0-9!#$%&'*+.^_`|~-]+")
_NUMBER = re.compile(r"[0-9]+")
_BOOLEAN = re.compile(r"true|false")
_STRING = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # what HTTP allows in a header
_WANTED = {_NUMBER: "a number", _BOOLEAN: "true or false", _STRING: "a string that HTTP can carry"}


@dataclass(frozen=True)
class FunctionAnswer:
    """The response to the client, without the request's identifiers."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def client_answer(action: Action, outcome: InvocationOutcome) -> FunctionAnswer:
    """Return the response to ``action``, for which the function returns JSON.

    Raises
    ------
    S3Error
        If the function failed, reports an error, or returned a value that is not valid.
    """
    if not isinstance(outcome, Returned):
        raise no_response_error(outcome)
    parse = head_object if action is Action.HEAD_OBJECT else list_objects
    return parse(outcome.payload)


def head_object(payload: bytes) -> FunctionAnswer:
    """Parse what a function returned for a HeadObject.

    Raises
    ------
    S3Error
        LambdaInvalidResponse if AWS would not accept it.
    """
    answer = _answer(payload)
    status, error = _status(answer), _error(answer)
    if status < 300 and status not in {200, 206}:
        raise _invalid(f"statusCode {status} is not valid for a HeadObject.")
    headers = _headers(answer)
    if error is None and status < 300 and "content-length" not in headers:
        raise _invalid("headers has no Content-Length, which a HeadObject requires.")
    if error is not None or status >= 300:  # the response has no object
        headers.pop("content-length", None)
    return FunctionAnswer(status, headers)


def list_objects(payload: bytes) -> FunctionAnswer:
    """Parse what a function returned for a ListObjects or ListObjectsV2.

    Raises
    ------
    S3Error
        LambdaInvalidResponse if AWS would not accept it, or the error that the function reports.
    """
    answer = _answer(payload)
    status, error = _status(answer), _error(answer)
    xml, result = answer.get("listResultXml"), answer.get("listBucketResult")
    if error is not None and xml is not None and answer.get("errorCode") is None:
        body = _listing(xml, result, "Error")  # an error document of S3's, forwarded unchanged
    elif error is not None:
        raise error
    elif status == 200:
        body = _listing(xml, result, "ListBucketResult")
    else:
        raise _invalid(f"statusCode {status} is not valid for a listing.")
    return FunctionAnswer(status, {"content-type": "application/xml"}, body)


def _answer(payload: bytes) -> dict[str, Any]:
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise _invalid(f"it is not JSON ({error}).") from error
    if not isinstance(value, dict):
        raise _invalid(f"it is {_shown(value)}; it must be an object.")
    return value


def _status(answer: Mapping[str, Any]) -> int:
    status = answer.get("statusCode")
    if status is None:
        raise _invalid("it has no statusCode.")
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:
        raise _invalid(f"statusCode is {_shown(status)}; it must be a number from 200 to 599.")
    return status


def _error(answer: Mapping[str, Any]) -> S3Error | None:
    """Return the error that the function reports, or None."""
    status = _status(answer)
    code, message = (_optional(answer, name, str) for name in ("errorCode", "errorMessage"))
    if status < 400 and (code or message):
        raise _invalid(f"errorCode and errorMessage are not allowed with statusCode {status}.")
    return reported_error(status, code, message) if status >= 400 else None


def _headers(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return the client's headers, with names in lower case."""
    given = _optional(answer, "headers", dict) or {}
    return {
        name.lower(): _header(name, value)
        for name, value in given.items()
        if value is not None
        and (name.lower() in OBJECT_HEADERS or _METADATA.fullmatch(name.lower()))
    }


def _header(name: str, value: object) -> str:
    """Return a header's value as text.

    A number or a boolean may be a string: AWS's own example returns the headers that S3 sent.
    """
    lower = name.lower()
    pattern = _NUMBER if lower in NUMBERS else _BOOLEAN if lower in BOOLEANS else _STRING
    text = json.dumps(value) if pattern is not _STRING and isinstance(value, int) else value
    if not isinstance(text, str) or not pattern.fullmatch(text):
        raise _invalid(f"the header {name} is {_shown(value)}; it must be {_WANTED[pattern]}.")
    return text


def _listing(xml: object, result: object, root: str) -> bytes:
    match xml, result:
        case None, None:
            raise _invalid("it has neither listResultXml nor listBucketResult.")
        case str(), None:
            return _xml_body(xml, root)
        case None, _:
            try:
                return listing_xml(result)
            except MalformedListing as error:
                raise _invalid(str(error)) from error
        case _, None:
            raise _invalid(f"listResultXml is {_shown(xml)}; it must be a string.")
    raise _invalid("it has both listResultXml and listBucketResult; it must have one of them.")


def _xml_body(xml: str, wanted: str) -> bytes:
    try:
        body = xml.encode()
        root = ET.fromstring(body)  # noqa: S314 - expat itself limits entity expansion
    except (ET.ParseError, UnicodeError, LookupError) as error:
        raise _invalid(f"listResultXml is not well-formed XML ({error}).") from error
    name = root.tag.rpartition("}")[2]
    if name != wanted:
        raise _invalid(f"the root of listResultXml is {name}; it must be {wanted}.")
    return body


def _optional(answer: Mapping[str, Any], name: str, kind: type) -> Any:
    value = answer.get(name)
    if value is not None and not isinstance(value, kind):
        wanted = "an object" if kind is dict else "a string"
        raise _invalid(f"{name} is {_shown(value)}; it must be {wanted}.")
    return value


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


def _invalid(reason: str) -> S3Error:
    return invalid_response_error(f"What the function returned is not valid: {reason}")
