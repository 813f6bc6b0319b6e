"""AWS clients, created once per process, and the meaning of their errors."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from json import JSONDecodeError
from threading import Lock
from types import MappingProxyType
from typing import Any, Literal

import boto3
from botocore import exceptions as sdk
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config

from jitprep.reader.errors import (
    STALE,
    CannotOpen,
    ReaderError,
    ReadError,
    Refused,
    Unavailable,
    read_error,
)
from jitprep.reader.transport.environment import client_environment

# The function may take a minute, and its response is worth waiting for.
READ_S, CONNECT_S = 70, 10
# Seconds until a process that found no credentials looks again. A search may take seconds, and a machine
# that is starting has none yet.
_NO_CREDENTIALS_S = 60.0
# Credentials could not be loaded. A retry looks for them again.
_CREDENTIALS = tuple(
    getattr(sdk, name)
    for name in (
        *("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"),
        *("MetadataRetrievalError", "NoAuthTokenError", "TokenRetrievalError", "SSOError"),
        "LoginError",  # newer SDKs only
    )
    if hasattr(sdk, name)
)
_NO_CREDENTIALS = (
    "; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE. An anonymous mount needs none "
    "at its http:// address"
)
# The connection failed, or the response was incomplete.
_BROKEN = (
    sdk.ConnectionError,
    sdk.HTTPClientError,
    sdk.IncompleteReadError,
    sdk.FlexibleChecksumError,
)


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Settings of a client.

    Parameters
    ----------
    service : {"s3", "lambda"}
    region, endpoint_url : str, optional
        None for AWS's configuration.
    connections : int
        Connections that it keeps open.
    by_proxy : bool
        Whether the endpoint is also the client's HTTP proxy.
    """

    service: Literal["s3", "lambda"]
    region: str | None
    endpoint_url: str | None
    connections: int
    by_proxy: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """Credentials and region that requests are signed with.

    Parameters
    ----------
    credentials : botocore.credentials.Credentials, optional
        They renew themselves; None where there are none.
    region : str, optional
    found_at : float
        Time of the search, from `time.monotonic`.
    """

    credentials: Any = field(repr=False)
    region: str | None
    found_at: float


# Headers of each GetObject in the block of `asking_for`.
_asked: ContextVar[Mapping[str, str]] = ContextVar("asked", default=MappingProxyType({}))

# One thread creates what all of a batch wait for. No process forks meanwhile: its child would deadlock.
_MAKING = Lock()
os.register_at_fork(
    before=_MAKING.acquire, after_in_parent=_MAKING.release, after_in_child=_MAKING.release
)


def shared_client(made_of: ClientSettings) -> Any:
    """Return the client of this process."""
    with _MAKING:
        return _client(made_of, client_environment())


def identity() -> Identity:
    """Return the identity that this process signs with."""
    with _MAKING:
        me = _identity(client_environment())
        if me.credentials is None and time.monotonic() - me.found_at > _NO_CREDENTIALS_S:
            _identity.cache_clear()
            me = _identity(client_environment())
        return me


def forget() -> None:
    """Make the next request look for credentials again, after they were refused or missing."""
    with _MAKING:
        _client.cache_clear()
        _identity.cache_clear()


@lru_cache(maxsize=16)
def _client(made_of: ClientSettings, environment: tuple[object, ...]) -> Any:  # noqa: ARG001
    proxies = {"http": made_of.endpoint_url} if made_of.by_proxy else None
    config = Config(
        max_pool_connections=made_of.connections,
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        retries={"total_max_attempts": 1},  # `jitprep.reader.transport.retry` retries
        proxies=proxies,
    )
    place = {"region_name": made_of.region, "endpoint_url": made_of.endpoint_url}
    try:
        made = boto3.Session().client(made_of.service, config=config, **place)
    except (*_CREDENTIALS, JSONDecodeError):  # a credential process may print invalid JSON
        raise
    except (sdk.BotoCoreError, ValueError) as error:
        raise CannotOpen(str(error)) from None
    made.meta.events.register("before-call.s3.GetObject", _ask)
    return made


def _ask(params: dict[str, Any], **_: Any) -> None:
    params["headers"].update(_asked.get())


@contextmanager
def asking_for(seed: int, preset: str | None) -> Iterator[None]:
    """Send a seed and a preset with each GetObject in the block; 0 and None send none.

    They are headers of the request and not settings of the client, or each epoch would create one.
    """
    asked = {"x-jitprep-seed": seed, "x-jitprep-pipeline": preset}
    before = _asked.set({name: str(value) for name, value in asked.items() if value})
    try:
        yield
    finally:
        _asked.reset(before)


def signature_headers(
    method: str, url: str, service: str, region: str, credentials: Any, body: bytes = b""
) -> dict[str, str]:
    """Return the headers that sign a request.

    Parameters
    ----------
    method, url, service, region : str
    credentials : botocore.credentials.Credentials
    body : bytes
    """
    request = AWSRequest(method, url, data=body)
    auth = S3SigV4Auth if service == "s3" else SigV4Auth  # S3 takes a path as it is sent
    auth(credentials.get_frozen_credentials(), service, region).add_auth(request)
    return dict(request.headers)


@lru_cache(maxsize=1)
def _identity(environment: tuple[object, ...]) -> Identity:  # noqa: ARG001
    session = boto3.Session()
    return Identity(session.get_credentials(), session.region_name, time.monotonic())


@contextmanager
def translate_errors(key: str | None) -> Iterator[None]:
    """Translate the SDK's errors in the block into a `ReadError` about `key`.

    Credentials may be renewed in the block, by a program, a file or a service. Any error of theirs may
    pass, so it is `Unavailable`.
    """
    try:
        yield
    except ReadError as error:
        if error.code in STALE:
            forget()
        raise
    except ReaderError:
        raise
    except sdk.ClientError as error:
        fields = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = fields.get("Code", "Unknown")
        if code in STALE:
            forget()
        raise read_error(status, code, fields.get("Message", ""), key) from None
    except _BROKEN as error:
        raise Unavailable(str(error), key=key, code=type(error).__name__) from None
    except sdk.BotoCoreError as error:
        if not isinstance(error, _CREDENTIALS):
            raise Refused(str(error), key=key, code=type(error).__name__) from None
        forget()
        remedy = _NO_CREDENTIALS if isinstance(error, sdk.NoCredentialsError) else ""
        raise Unavailable(f"{error}{remedy}", key=key, code=type(error).__name__) from None
    except Exception as error:
        forget()
        why = f"the AWS SDK failed, perhaps while renewing credentials: {error}"
        raise Unavailable(why, key=key, code=type(error).__name__) from None
