"""A web server, and objects of it that are read by HTTP or by S3's protocol."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from jitprep.service.config import config
from jitprep.service.results.derived_object import result_cache
from jitprep.service.source.stored_object import StoredObject
from jitprep.service.source.stores import SourceUrl, open_store

from .reading import Opened, credentials
from .server import WebServer, served


@pytest.fixture(autouse=True)
def unconfigured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    config.cache_clear()
    result_cache.cache_clear()
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with served() as server:
        yield server


@pytest.fixture(params=["http", "s3"])
def opened(request: pytest.FixtureRequest, web: WebServer) -> Opened:
    """Return a function that names an object of the web server, read by HTTP or by S3's protocol."""

    def name(key: str = "a", **given: Any) -> StoredObject:
        if request.param == "http":
            url = SourceUrl.parse(f"{web.url}/bucket/pre/fix")
            store = open_store(url, timeout_s=30)
        else:
            url = SourceUrl.parse("s3://bucket/pre/fix")
            store = open_store(url, endpoint=web.url, credentials=credentials, timeout_s=30)
        place = url.path_of(key)
        return StoredObject(store, key, place, url.place, **given)

    return name


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
