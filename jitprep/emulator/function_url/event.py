"""The event of a request to a Function URL, in payload format 2.0."""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from jitprep.sigv4.request_head import RequestHead
from jitprep.sigv4.signature import credential

# The caller's credentials, which must not reach the function or its log.
_SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "proxy-connection", "x-amz-security-token"}
)
_TEXT = re.compile(r"text/.*|application/(?:javascript|(?:[^/]*\+)?(?:json|xml))")


@dataclass(frozen=True)
class FunctionUrlRequest:
    """The function, path and host of a request to a Function URL.

    Parameters
    ----------
    name
        The function's name, as in the URL.
    path
        The path below the URL, percent-encoded.
    domain
        The URL's host, without a port.
    """

    name: str
    path: str
    domain: str


def function_url_event(
    url: FunctionUrlRequest, request: Request, body: bytes, account: str, request_id: str
) -> bytes:
    """Return the event as JSON.

    Parameters
    ----------
    url
        The requested function, path and host.
    request, body
        The request, and its body.
    account
        The account of the function and of the caller.
    request_id
        The ID of the invocation.
    """
    request_head = RequestHead.of_asgi(request.scope)
    headers = _headers(url, request_head, request)
    fields: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": url.path,
        "rawQueryString": request_head.query,
    }
    if cookies := list(_cookies(request_head)):
        fields["cookies"] = cookies
    fields["headers"] = headers
    if parameters := _joined(parse_qsl(request_head.query, keep_blank_values=True)):
        fields["queryStringParameters"] = parameters
    fields["requestContext"] = _context(url, request_head, request, account, request_id)
    return json.dumps(fields | _body(body, headers.get("content-type", ""))).encode()


def _headers(
    url: FunctionUrlRequest, request_head: RequestHead, request: Request
) -> dict[str, str]:
    """Return the headers, including those that AWS adds."""
    left_out = _SECRET_HEADERS | {"cookie"}
    headers = _joined((name, value) for name, value in request_head.headers if name not in left_out)
    if not headers.get("host", "").lower().startswith(url.domain):  # the function is in the path
        headers["host"] = url.domain
    return {
        **headers,
        "x-amzn-trace-id": f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}",
        "x-forwarded-for": _address(request),
        "x-forwarded-port": str(request.scope["server"][1]),
        "x-forwarded-proto": request.scope["scheme"],
    }


def _joined(pairs: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> dict[str, str]:
    """Return values by name; values of the same name are joined with commas."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _cookies(request_head: RequestHead) -> Iterator[str]:
    for name, value in request_head.headers:
        if name == "cookie":
            yield from (cookie for part in value.split(";") if (cookie := part.strip()))


def _context(
    url: FunctionUrlRequest,
    request_head: RequestHead,
    request: Request,
    account: str,
    request_id: str,
) -> dict[str, Any]:
    now = datetime.now(UTC)
    access_key = credential(
        request_head.header("authorization") or "",
        request_head.parameters.get("X-Amz-Credential", ""),
    ).partition("/")[0]
    context: dict[str, Any] = {
        "accountId": account if access_key else "anonymous",
        "apiId": url.name,
        "domainName": url.domain,
        "domainPrefix": url.name,
        "http": {
            "method": request.method,
            "path": url.path,
            "protocol": f"HTTP/{request.scope['http_version']}",
            "sourceIp": _address(request),
            "userAgent": request_head.header("user-agent") or "",
        },
        "requestId": request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now.timestamp() * 1000),
    }
    if access_key:
        context["authentication"] = None
        context["authorizer"] = {"iam": _caller(account, access_key)}
    return context


def _caller(account: str, access_key: str) -> dict[str, str | None]:
    return {
        "accessKey": access_key,
        "accountId": account,
        "callerId": "AIDALOCALUSER",
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": f"arn:aws:iam::{account}:user/local",
        "userId": "AIDALOCALUSER",
    }


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _body(body: bytes, content_type: str) -> dict[str, Any]:
    """Return the fields of a body: as text if its type is text and it is UTF-8, else in base64."""
    if not body:
        return {"isBase64Encoded": False}
    if _TEXT.fullmatch(content_type.partition(";")[0].strip().lower()):
        try:
            return {"body": body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
