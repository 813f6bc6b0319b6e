"""Converts what a function returned for a request to its URL to an HTTP response."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # what HTTP allows in a header
_REMAPPED = "x-amzn-remapped-"
# Headers that only the URL itself may set; a function's are renamed.
_NOT_THE_FUNCTIONS = frozenset(
    {
        "connection",
        "date",
        "keep-alive",
        "proxy-authenticate",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


class InvalidReply(Exception):
    """What the function returned is not a valid response; the message is for the log."""


@dataclass(frozen=True)
class FunctionUrlHead:
    """The status, headers and cookies of a response."""

    status: int
    headers: Mapping[str, str]
    cookies: Sequence[str] = ()

    def with_cookies(self, answer: Response) -> Response:
        """Return ``answer`` with the cookies."""
        for cookie in self.cookies:
            answer.headers.append("set-cookie", cookie)
        return answer


def client_response(payload: bytes, method: str) -> Response:
    """Return the response that a function's JSON describes.

    Without a statusCode, the JSON itself is the body.

    Raises
    ------
    InvalidReply
        If Lambda would answer 502.
    """
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidReply(f"it is not JSON ({error})") from error
    if not isinstance(value, dict) or "statusCode" not in value:
        return Response(payload, 200, media_type="application/json")
    head = reply_head(value, method)
    return head.with_cookies(Response(_body(value), head.status, head.headers))


def reply_head(value: Mapping[str, Any], method: str) -> FunctionUrlHead:
    """Return the head that a function's JSON describes.

    Raises
    ------
    InvalidReply
        If Lambda would answer 502.
    """
    headers = {"content-type": "application/json"} | _headers(value.get("headers"))
    if method != "HEAD":  # a HEAD has no body to take the length from
        headers.pop("content-length", None)
    return FunctionUrlHead(
        _status(value.get("statusCode")), headers, _cookies(value.get("cookies"))
    )


def _status(status: object) -> int:
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:
        raise InvalidReply(f"statusCode is {status!r}; it must be a number from 200 to 599")
    return status


def _headers(given: object) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise InvalidReply("headers must be an object")
    headers = {}
    for name, value in given.items():
        lower = name.lower()
        if not _NAME.fullmatch(lower):
            raise InvalidReply(f"{name!r} is not a valid header name")
        kept = _REMAPPED + lower if lower in _NOT_THE_FUNCTIONS else lower
        headers[kept] = _value(name, value)
    return headers


def _cookies(given: object) -> list[str]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise InvalidReply("cookies must be a list")
    return [_value("cookies", cookie) for cookie in given]


def _value(name: str, value: object) -> str:
    text = json.dumps(value) if isinstance(value, bool | int | float) else value
    if not isinstance(text, str) or not _VALUE.fullmatch(text):
        raise InvalidReply(f"the header {name} is {value!r}, which HTTP cannot carry")
    return text


def _body(answer: Mapping[str, Any]) -> bytes:
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        return json.dumps(body).encode()
    try:
        return (
            base64.b64decode(body, validate=True)
            if answer.get("isBase64Encoded")
            else body.encode()
        )
    except ValueError as error:
        raise InvalidReply(f"body does not match isBase64Encoded ({error})") from error
