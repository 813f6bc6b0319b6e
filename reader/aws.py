"""Clients of AWS, made once in each process that reads, and what their errors mean."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.exceptions import ConnectionError as NotConnected

from reader.errors import CannotOpen, Refused, Unavailable, failure

# The function has a minute; what it answers then is worth waiting for.
READ_S, CONNECT_S = 70, 10


@dataclass(frozen=True, slots=True)
class Client:
    """What a client is made of.

    Parameters
    ----------
    service : {"s3", "lambda"}
    region, endpoint_url : str, optional
        None for what AWS's own configuration says.
    connections : int
        How many it keeps open.
    seed : int
        What S3's GetObject asks for; 0 asks for none.
    by_proxy : bool
        Whether the endpoint is the client's plain-HTTP proxy too.
    """

    service: Literal["s3", "lambda"]
    region: str | None
    endpoint_url: str | None
    connections: int
    seed: int = 0
    by_proxy: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs, and where.

    Parameters
    ----------
    credentials : botocore.credentials.Credentials, optional
        Which renew themselves; None where there are none.
    region : str, optional
    """

    credentials: Any = field(repr=False)
    region: str | None


# One thread makes what all of a batch wait for. No process forks meanwhile: its child would never go on.
_MAKING = Lock()
os.register_at_fork(
    before=_MAKING.acquire, after_in_parent=_MAKING.release, after_in_child=_MAKING.release
)


def client(made_of: Client) -> Any:
    """Return this process's client."""
    with _MAKING:
        return _client(made_of, os.getpid())


def identity() -> Identity:
    """Return whom this process signs as."""
    with _MAKING:
        return _identity(os.getpid())


@lru_cache(maxsize=16)
def _client(made_of: Client, pid: int) -> Any:  # noqa: ARG001  a forked process makes its own
    proxies = {"http": made_of.endpoint_url} if made_of.by_proxy else None
    config = Config(
        max_pool_connections=made_of.connections,
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        retries={"total_max_attempts": 1},  # `reader.retry` does it
        proxies=proxies,
    )
    place = {"region_name": made_of.region, "endpoint_url": made_of.endpoint_url}
    try:
        made = boto3.Session().client(made_of.service, config=config, **place)
    except (BotoCoreError, ValueError) as error:
        raise CannotOpen(str(error)) from None
    if made_of.seed:

        def ask_for_seed(request: Any, **_: Any) -> None:
            request.headers["x-jitprep-seed"] = str(made_of.seed)

        made.meta.events.register("before-sign.s3.GetObject", ask_for_seed)
    return made


@lru_cache(maxsize=1)
def _identity(pid: int) -> Identity:  # noqa: ARG001
    session = boto3.Session()
    return Identity(session.get_credentials(), session.region_name)


@contextmanager
def told_of(key: str | None) -> Iterator[None]:
    """Turn what boto3 raises in the block into a `ReadError` about `key`."""
    try:
        yield
    except ClientError as error:
        told = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        raise failure(status, told.get("Code", "Unknown"), told.get("Message", ""), key) from None
    except (NotConnected, HTTPClientError, IncompleteReadError, FlexibleChecksumError) as error:
        raise Unavailable(str(error), key=key, code=type(error).__name__) from None
    except BotoCoreError as error:
        raise Refused(str(error), key=key, code=type(error).__name__) from None
