"""Response to an Invoke, parsed into a typed value or an error."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jitprep.reader.errors import ReadError, Refused, Unavailable, Undecodable, read_error
from jitprep.reader.transport.xml_errors import error_fields

# Prefixes of errors of the function's process, and not of its code: another process may succeed.
_OF_THE_PROCESS = ("Runtime.", "Sandbox.", "Extension.", "Lambda.")


@dataclass(frozen=True, slots=True)
class InvokeResult:
    """Response of status 200 or 307.

    Parameters
    ----------
    headers : mapping of str to str
        Names in lower case. With 307, ``location`` is the URL of the body.
    body : bytes, optional
        None where it is elsewhere, or absent.
    keys : sequence of str
        Keys of the body's rows, in a response for many objects.
    errors : mapping of str to ReadError
        Errors by key, of objects without a row.
    """

    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    keys: Sequence[str]
    errors: Mapping[str, ReadError]


def parse_response(payload: bytes, failed: bool, key: str | None) -> InvokeResult:
    """Parse the payload that a function returned.

    Parameters
    ----------
    payload : bytes
        JSON.
    failed : bool
        Whether Lambda reports that the function failed.
    key : str, optional
        Key for error messages.

    Raises
    ------
    ReadError
        Of the type that the response means; `Undecodable` where its form is not jitprep's.
    """
    try:
        answer = json.loads(payload)
        if failed:
            raise _function_error(answer, key)
        if answer["statusCode"] not in {200, 307}:
            raise _refusal(answer, key)
        return _returned(answer)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        kind = type(error).__name__
        message = f"the response does not have jitprep's form ({kind}); check the function's name"
        raise Undecodable(message, key=key) from None


def _function_error(answer: Mapping[str, Any], key: str | None) -> ReadError:
    kind = str(answer["errorType"])
    means = Unavailable if kind.startswith(_OF_THE_PROCESS) else Refused
    return means(str(answer["errorMessage"]), key=key, code=kind)


def _refusal(answer: Mapping[str, Any], key: str | None) -> ReadError:
    """Return the error of a response in the form of Invoke, or of HTTP."""
    if "errorCode" in answer:
        return read_error(answer["statusCode"], answer["errorCode"], answer["errorMessage"], key)
    return read_error(answer["statusCode"], *error_fields(_body(answer) or b""), key)


def _returned(answer: Mapping[str, Any]) -> InvokeResult:
    errors = {
        one["key"]: read_error(one["statusCode"], one["errorCode"], one["errorMessage"], one["key"])
        for one in answer.get("errors", ())
    }
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    return InvokeResult(headers, _body(answer), answer.get("keys", ()), errors)


def _body(answer: Mapping[str, Any]) -> bytes | None:
    text: str | None = answer.get("body")
    if text is None:
        return None
    return base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
