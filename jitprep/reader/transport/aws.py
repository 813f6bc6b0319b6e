"""AWS clients, created once per process, and the meaning of their errors."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
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
from botocore.awsrequest import AWSPreparedRequest
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
from jitprep.sigv4.signing import SigningCredentials, sign

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
    made.meta.events.register("before-send", _stop)
    return made


def _ask(params: dict[str, Any], **_: Any) -> None:
    params["headers"].update(_asked.get())


def choice_headers(seed: int, preset: str | None) -> dict[str, str]:
    """Return the headers that choose a seed and a preset; none for 0 and None."""
    asked = {"x-jitprep-seed": seed, "x-jitprep-pipeline": preset}
    return {name: str(value) for name, value in asked.items() if value}


@contextmanager
def asking_for(seed: int, preset: str | None) -> Iterator[None]:
    """Send a seed and a preset with each GetObject in the block.

    They are headers of the request and not settings of the client, or each epoch would create one.
    """
    before = _asked.set(choice_headers(seed, preset))
    try:
        yield
    finally:
        _asked.reset(before)


class _Stopped(Exception):
    """A request that a client has prepared, and does not send."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        super().__init__()
        self.request = request


# Whether the client's calls in this thread only prepare requests.
_preparing: ContextVar[bool] = ContextVar("preparing", default=False)


def _stop(request: AWSPreparedRequest, **_: Any) -> None:
    if _preparing.get():
        raise _Stopped(request)


def prepared_request(call: Callable[[], object]) -> AWSPreparedRequest:
    """Return the request that a call of a shared client would send, signed; nothing is sent."""
    before = _preparing.set(True)
    try:
        call()
    except _Stopped as stopped:
        return stopped.request
    finally:
        _preparing.reset(before)
    raise AssertionError("the client sent a request")


def signature_headers(
    method: str,
    url: str,
    service: str,
    region: str,
    credentials: Any,
    body: bytes = b"",
    headers: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Return the headers of a request, with its signature; a quarter of the CPU of the SDK's signer.

    Parameters
    ----------
    method, url, service, region : str
    credentials : botocore.credentials.Credentials
    body : bytes
    headers : mapping of str to str
    """
    found = credentials.get_frozen_credentials()
    own = SigningCredentials(found.access_key, found.secret_key, found.token)
    return sign(method, url, headers, own, region, service, body)


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
