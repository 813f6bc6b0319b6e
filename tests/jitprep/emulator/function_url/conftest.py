"""A function with a URL, and signed requests to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from jitprep.emulator.testing import LocalObjectLambda

from ..conftest import FUNCTIONS, TIMEOUT_S
from .urls import Ask


@pytest.fixture(scope="session")
def urls(object_lambda_endpoint: Callable[..., LocalObjectLambda]) -> LocalObjectLambda:
    return object_lambda_endpoint(handler="urls.handler", task_root=FUNCTIONS, timeout=TIMEOUT_S)


@pytest.fixture(scope="session")
def ask(urls: LocalObjectLambda) -> Ask:
    """Return a function that signs a request to the function's URL and sends it."""
    http = urllib3.PoolManager()

    def call(
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        url: str = "",
        service: str = "lambda",
        keys: tuple[str, str] = ("test", "test"),
        signer: Any = SigV4Auth,
        client: Any = http,
    ) -> urllib3.BaseHTTPResponse:
        request = AWSRequest(method, (url or urls.function_url()) + path, headers or {}, body)
        signer(Credentials(*keys), service, "us-east-1").add_auth(request)
        sent = dict(request.headers.items())
        return client.request(
            method, request.url, headers=sent, body=body, redirect=False, retries=False
        )

    return call


@pytest.fixture(scope="session")
def event_of(ask: Ask) -> Callable[..., dict[str, Any]]:
    return lambda path="/echo", *arguments, **settings: ask(path, *arguments, **settings).json()
