"""How the tests read from a store, and what they read."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from jitprep.service.deadline import Deadline
from jitprep.service.errors import RequestFailed
from jitprep.service.source.aws_credentials import StoreCredentials
from jitprep.service.source.opening import open_original
from jitprep.service.source.stored_object import StoredObject

from .server import Page, WebServer

BODY = bytes(range(256)) * 1024 * 8
TOKEN = "SECRETTOKEN"
Opened = Callable[..., StoredObject]


def credentials() -> StoreCredentials:
    return StoreCredentials("KEY", "SECRETKEY", TOKEN, datetime(2100, 1, 1, tzinfo=UTC))


def soon(seconds: float = 60) -> Deadline:
    return Deadline(time.monotonic() + seconds)


def put(web: WebServer, body: bytes = BODY, key: str = "a", **given: Any) -> Page:
    page = web.pages[f"/bucket/pre/fix/{key}"] = Page(body, **given)
    return page


def whole(source: StoredObject, limit: int = 2**30) -> bytes:
    with open_original(source, soon()) as original:
        return original.read(limit)


def failure(ask: Callable[[], Any]) -> RequestFailed:
    with pytest.raises(RequestFailed) as caught:
        ask()
    words = f"{caught.value.message} {caught.value.code}"
    for secret in (TOKEN, "SECRETKEY", "Authorization", "pre/fix"):
        assert secret not in words
    return caught.value
