"""Signed requests to a Function URL, and the errors in responses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

Ask = Callable[..., urllib3.BaseHTTPResponse]


def asker(url: str, client: Any) -> Ask:
    """Return a function that signs a request for Lambda, as any client can, and sends it."""

    def ask(
        path: str, method: str = "GET", headers: Mapping[str, str] | None = None, **query: object
    ) -> urllib3.BaseHTTPResponse:
        target = f"{url}{path}?{urlencode(query, quote_via=quote)}" if query else url + path
        request = AWSRequest(method, target, headers or {})
        SigV4Auth(Credentials("test", "test"), "lambda", "us-east-1").add_auth(request)
        return client.request(
            method, request.url, headers=dict(request.headers.items()), retries=False
        )

    return ask


def code(answer: urllib3.BaseHTTPResponse) -> tuple[int, str | None]:
    """Return the status and the error code of a response."""
    root = ET.fromstring(answer.data)
    assert root.findtext("RequestId") == answer.headers["x-amzn-requestid"]
    return answer.status, root.findtext("Code")
