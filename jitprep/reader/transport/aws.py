"""Clients of AWS, made once in each process that reads, and what their errors mean."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from json import JSONDecodeError
from threading import Lock
from typing import Any, Literal

import boto3
from botocore import exceptions as sdk
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

# The function has a minute; what it answers then is worth waiting for.
READ_S, CONNECT_S = 70, 10
# How long a process that found no credentials believes that there are none. To look for them may take
# seconds, and a machine that is starting has none yet.
_NOBODY_S = 60.0
# Credentials that could not be had now: another try looks for them anew.
_CREDENTIALS = tuple(
    getattr(sdk, name)
    for name in (
        *("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"),
        *("MetadataRetrievalError", "NoAuthTokenError", "TokenRetrievalError", "SSOError"),
        "LoginError",  # of newer SDKs
    )
    if hasattr(sdk, name)
)
# The connection failed, or its answer broke off.
_BROKEN = (
    sdk.ConnectionError,
    sdk.HTTPClientError,
    sdk.IncompleteReadError,
    sdk.FlexibleChecksumError,
)


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What a client is made of.

    Parameters
    ----------
    service : {"s3", "lambda"}
    region, endpoint_url : str, optional
        None for what AWS's own configuration says.
    connections : int
        How many it keeps open.
    by_proxy : bool
        Whether the endpoint is the client's plain-HTTP proxy too.
    """

    service: Literal["s3", "lambda"]
    region: str | None
    endpoint_url: str | None
    connections: int
    by_proxy: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs, and where.

    Parameters
    ----------
    credentials : botocore.credentials.Credentials, optional
        Which renew themselves; None where there are none.
    region : str, optional
    found_at : float
        In seconds of `time.monotonic`.
    """

    credentials: Any = field(repr=False)
    region: str | None
    found_at: float


_seed: ContextVar[int] = ContextVar("seed", default=0)

# One thread makes what all of a batch wait for. No process forks meanwhile: its child would never go on.
_MAKING = Lock()
os.register_at_fork(
    before=_MAKING.acquire, after_in_parent=_MAKING.release, after_in_child=_MAKING.release
)


def shared_client(made_of: ClientSettings) -> Any:
    """Return this process's client."""
    with _MAKING:
        return _client(made_of, os.getpid())


def identity() -> Identity:
    """Return whom this process signs as."""
    with _MAKING:
        me = _identity(os.getpid())
        if me.credentials is None and time.monotonic() - me.found_at > _NOBODY_S:
            _identity.cache_clear()
            me = _identity(os.getpid())
        return me


def forget() -> None:
    """Have the next request find its credentials anew: those of now are refused, or were not there."""
    with _MAKING:
        _client.cache_clear()
        _identity.cache_clear()


@lru_cache(maxsize=16)
def _client(made_of: ClientSettings, pid: int) -> Any:  # noqa: ARG001  a forked process makes its own
    proxies = {"http": made_of.endpoint_url} if made_of.by_proxy else None
    config = Config(
        max_pool_connections=made_of.connections,
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        retries={"total_max_attempts": 1},  # `jitprep.reader.transport.retry` does it
        proxies=proxies,
    )
    place = {"region_name": made_of.region, "endpoint_url": made_of.endpoint_url}
    try:
        made = boto3.Session().client(made_of.service, config=config, **place)
    except (*_CREDENTIALS, JSONDecodeError):  # what a process printed may be no JSON
        raise
    except (sdk.BotoCoreError, ValueError) as error:
        raise CannotOpen(str(error)) from None
    made.meta.events.register("before-call.s3.GetObject", _ask_for_seed)
    return made


def _ask_for_seed(params: dict[str, Any], **_: Any) -> None:
    if seed := _seed.get():
        params["headers"]["x-jitprep-seed"] = str(seed)


@contextmanager
def asking_for(seed: int) -> Iterator[None]:
    """Have GetObject ask for a seed in the block; 0 asks for none.

    A header of the request, and not a part of the client: an epoch would make a client each.
    """
    before = _seed.set(seed)
    try:
        yield
    finally:
        _seed.reset(before)


@lru_cache(maxsize=1)
def _identity(pid: int) -> Identity:  # noqa: ARG001
    session = boto3.Session()
    return Identity(session.get_credentials(), session.region_name, time.monotonic())


@contextmanager
def translate_errors(key: str | None) -> Iterator[None]:
    """Turn what the SDK raises in the block into a `ReadError` about `key`.

    Credentials may be renewed while the block runs, by a program, a file or a service that fails: that
    may pass, whatever it raises.
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
        told = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = told.get("Code", "Unknown")
        if code in STALE:
            forget()
        raise read_error(status, code, told.get("Message", ""), key) from None
    except _BROKEN as error:
        raise Unavailable(str(error), key=key, code=type(error).__name__) from None
    except sdk.BotoCoreError as error:
        if not isinstance(error, _CREDENTIALS):
            raise Refused(str(error), key=key, code=type(error).__name__) from None
        forget()
        raise Unavailable(str(error), key=key, code=type(error).__name__) from None
    except Exception as error:
        forget()
        why = f"the AWS SDK failed, perhaps as it renewed credentials: {error}"
        raise Unavailable(why, key=key, code=type(error).__name__) from None
