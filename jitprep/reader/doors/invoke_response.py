"""What a function returned for an Invoke, read into a typed value or an error."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jitprep.reader.errors import ReadError, Refused, Unavailable, Undecodable, read_error
from jitprep.reader.transport.xml_errors import error_fields

# Errors of the function's process, and not of its code: the next one may do better.
_OF_THE_PROCESS = ("Runtime.", "Sandbox.", "Extension.", "Lambda.")


@dataclass(frozen=True, slots=True)
class InvokeResult:
    """An answer of status 200 or 307.

    Parameters
    ----------
    headers : mapping of str to str
        Names in lower case. With 307, ``location`` tells where the body is.
    body : bytes, optional
        None where it is elsewhere, and where there is none.
    keys : sequence of str
        Of many objects, those of the body's rows.
    errors : mapping of str to ReadError
        Of many objects, why others have none.
    """

    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    keys: Sequence[str]
    errors: Mapping[str, ReadError]


def parse_response(payload: bytes, failed: bool, key: str | None) -> InvokeResult:
    """Read what a function returned.

    Parameters
    ----------
    payload : bytes
        JSON.
    failed : bool
        Whether Lambda says that the function failed, and not that it returned.
    key : str, optional
        For the error.

    Raises
    ------
    ReadError
        Of the type that the answer means; `Undecodable` for one that is none of jitprep's.
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
        message = (
            f"the function's answer is not of jitprep's form ({kind}): is it another function?"
        )
        raise Undecodable(message, key=key) from None


def _function_error(answer: Mapping[str, Any], key: str | None) -> ReadError:
    kind = str(answer["errorType"])
    means = Unavailable if kind.startswith(_OF_THE_PROCESS) else Refused
    return means(str(answer["errorMessage"]), key=key, code=kind)


def _refusal(answer: Mapping[str, Any], key: str | None) -> ReadError:
    """Return the error: of Invoke's own form, or of HTTP's."""
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
