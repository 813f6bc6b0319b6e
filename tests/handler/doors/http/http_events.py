"""Events of payload format 2.0, with every field that AWS documents."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

REQUEST_ID = "1d3f5a7c-0000-4000-8000-00000000000b"
_NONE: Mapping[str, str] = MappingProxyType({})
_CONTEXT = {
    "accountId": "123456789012",
    "authentication": None,
    "requestId": REQUEST_ID,
    "routeKey": "$default",
    "stage": "$default",
    "time": "25/Nov/2026:09:00:00 +0000",
    "timeEpoch": 1795597200000,
}
_CALLER = {
    "accessKey": "AKIASECRETACCESSKEY",
    "accountId": "111122223333",
    "callerId": "AIDASECRETCALLER",
    "cognitoIdentity": None,
    "principalOrgId": None,
    "userArn": "arn:aws:iam::111122223333:user/secret-user",
    "userId": "AIDASECRETCALLER",
}


def function_url(
    path: str,
    query: str = "",
    method: str = "GET",
    headers: Mapping[str, str] = _NONE,
    **more: Any,
) -> dict[str, Any]:
    """Return the event of a Function URL; ``path`` is as it was sent."""
    domain = "abcdefghijklmnop.lambda-url.us-east-1.on.aws"
    return _event(domain, path, query, method, headers, more) | {
        "pathParameters": None,
        "stageVariables": None,
    }


def http_api(
    path: str,
    query: str = "",
    method: str = "GET",
    headers: Mapping[str, str] = _NONE,
    stage: str = "$default",
    domain: str = "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
    **more: Any,
) -> dict[str, Any]:
    """Return the event of an HTTP API; ``path`` is decoded, and follows the stage's name."""
    prefix = "" if stage == "$default" else f"/{stage}"
    event = _event(domain, prefix + path, query, method, headers, more)
    event["routeKey"] = event["requestContext"]["routeKey"] = "ANY /{proxy+}"
    event["requestContext"]["stage"] = stage
    return event | {"pathParameters": {"proxy": path.removeprefix("/")}}


def _event(
    domain: str,
    path: str,
    query: str,
    method: str,
    headers: Mapping[str, str],
    more: Mapping[str, Any],
) -> dict[str, Any]:
    context = copy.deepcopy(_CONTEXT) | {
        "apiId": domain.partition(".")[0],
        "authorizer": {"iam": dict(_CALLER)},
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "http": {
            "method": method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.1",
            "userAgent": "agent",
        },
    }
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "cookies": ["session=SECRETCOOKIE"],
        "headers": {"host": domain, "x-forwarded-proto": "https", **headers},
        "requestContext": context,
        "isBase64Encoded": False,
        **more,
    }
    if query:
        event["queryStringParameters"] = dict(parse_qsl(query, keep_blank_values=True))
    return event


def rest_api(
    path: str,
    query: str = "",
    method: str = "GET",
    headers: Mapping[str, str] = _NONE,
    **more: Any,
) -> dict[str, Any]:
    """Return the event of a REST API, of payload format 1.0; ``path`` is as it was sent."""
    domain = "e5d4c3b2a1.execute-api.us-east-1.amazonaws.com"
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        values.setdefault(name, []).append(value)
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": dict(headers) or None,
        "multiValueHeaders": {name: [value] for name, value in headers.items()} or None,
        "queryStringParameters": {name: found[-1] for name, found in values.items()} or None,
        "multiValueQueryStringParameters": values or None,
        "pathParameters": {"proxy": path.removeprefix("/")},
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": domain.partition(".")[0],
            "domainName": domain,
            "httpMethod": method,
            "identity": {"sourceIp": "192.0.2.1", "userArn": _CALLER["userArn"]},
            "path": f"/live{path}",
            "protocol": "HTTP/1.1",
            "requestId": REQUEST_ID,
            "resourcePath": "/{proxy+}",
            "stage": "live",
        },
        "body": None,
        "isBase64Encoded": False,
        **more,
    }
