from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.request import Request

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from jitprep.emulator.testing import LocalObjectLambda

FUNCTIONS = Path(__file__).parent / "functions"
BUCKET = "texts"
ACTIONS = ("GetObject", "HeadObject", "ListObjects", "ListObjectsV2")
# Long enough to start a worker on a busy machine, short enough for tests that wait for it.
TIMEOUT_S = 5.0


class Reader:
    """A bucket with one object, and access points that are created on first use."""

    def __init__(self, local: LocalObjectLambda) -> None:
        self.local = local
        self.s3 = local.client("s3")
        self.s3.create_bucket(Bucket=BUCKET)
        self.s3.put_object(Bucket=BUCKET, Key="greeting.txt", Body=b"hello")
        self._aliases: dict[tuple[Any, ...], str] = {}
        self._numbers = itertools.count()

    def alias(self, payload: str, **settings: Any) -> str:
        """Return the alias of an access point whose function gets ``payload``."""
        key = (payload, *sorted(settings.items()))
        if key not in self._aliases:
            name = f"point-{next(self._numbers)}"
            self._aliases[key] = self.local.create_access_point(
                name, BUCKET, payload=payload, **settings
            )
        return self._aliases[key]

    def get(self, payload: str, key: str = "greeting.txt", **parameters: Any) -> Any:
        return self.s3.get_object(Bucket=self.alias(payload), Key=key, **parameters)

    def head(self, payload: str, key: str = "greeting.txt", **parameters: Any) -> Any:
        alias = self.alias(payload, actions=ACTIONS)
        return self.s3.head_object(Bucket=alias, Key=key, **parameters)

    def body(self, payload: str, key: str = "greeting.txt", **parameters: Any) -> bytes:
        return bytes(self.get(payload, key, **parameters)["Body"].read())


@pytest.fixture(scope="session")
def local(object_lambda_endpoint: Callable[..., LocalObjectLambda]) -> LocalObjectLambda:
    return object_lambda_endpoint(
        handler="behaviours.handler", task_root=FUNCTIONS, timeout=TIMEOUT_S
    )


@pytest.fixture(scope="session")
def streams(object_lambda_endpoint: Callable[..., LocalObjectLambda]) -> LocalObjectLambda:
    """Return an endpoint whose function streams, in one worker."""
    return object_lambda_endpoint(
        handler="streaming",
        runtime_client="streaming",
        task_root=FUNCTIONS,
        timeout=2,
        workers=1,
        invoke_mode="RESPONSE_STREAM",
    )


@pytest.fixture(scope="session")
def reader(local: LocalObjectLambda) -> Reader:
    return Reader(local)


@pytest.fixture(scope="session")
def signed(local: LocalObjectLambda) -> Callable[..., Request]:
    """Return a function that signs a request to the endpoint."""

    def sign(
        path: str,
        *,
        host: str = "",
        method: str = "GET",
        service: str = "s3",
        headers: Mapping[str, str] = MappingProxyType({}),
        body: bytes | None = None,
    ) -> Request:
        given = {**headers, **({"Host": host} if host else {})}
        request = AWSRequest(method, local.url + path, headers=given, data=body)
        settings = local.endpoint.config
        credentials = Credentials(settings.access_key, settings.secret_key)
        S3SigV4Auth(credentials, service, settings.region).add_auth(request)
        sent = dict(request.headers.items())
        return Request(request.url, body, sent, method=method)

    return sign


@contextlib.contextmanager
def s3_error(code: str, status: int) -> Iterator[Callable[[], str]]:
    """Expect a ClientError; yield a function that returns its message."""
    with pytest.raises(ClientError) as caught:
        yield lambda: str(caught.value.response["Error"]["Message"])
    response = caught.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (
        code,
        status,
    )


@pytest.fixture(scope="session")
def expect_error() -> Callable[[str, int], contextlib.AbstractContextManager[Callable[[], str]]]:
    return s3_error
