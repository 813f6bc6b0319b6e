"""A store of photographs, and readers of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from jitprep.reader import Reader, open_reader
from jitprep.reader.doors import open_tables
from jitprep.reader.transport import stores
from jitprep.service.config import config
from tests.jitprep.service.source.stored.server import MODIFIED, Page, WebServer, served
from tests.photos import photo

CROPS = "random_resized_crop:16/random_horizontal_flip/npy"
NAMES = {"a.jpg": "rocket", "b c.jpg": "coffee", "ü/日本.jpg": "chelsea", "100%.jpg": "astronaut"}
Opened = Callable[..., Reader]


def page(body: bytes, etag: str, more: Mapping[str, str] = MappingProxyType({})) -> Page:
    return Page(body, {"ETag": f'"{etag}"', "Last-Modified": MODIFIED, **more})


@pytest.fixture
def store() -> Iterator[WebServer]:
    """A server of photographs below a prefix, by HTTP or by S3's protocol."""
    with served() as web:
        for key, name in NAMES.items():
            web.pages[f"/bucket/pre/fix/{key}"] = page(photo(name), name)
        web.pages["/bucket/pre/fix/cut.jpg"] = Page(photo("rocket")[:20_000])
        web.pages["/bucket/pre/fix/empty.jpg"] = Page(b"")
        config.cache_clear()
        yield web
        config.cache_clear()


@pytest.fixture
def clouds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, store: WebServer) -> None:
    """Let Google's and Azure's clients ask the server."""
    account = {"gcs_base_url": store.url, "disable_oauth": True}
    nothing = dict.fromkeys(("client_email", "private_key", "private_key_id"), "")
    (tmp_path / "account.json").write_text(json.dumps(account | nothing))
    for name, value in {
        "GOOGLE_ALLOW_HTTP": "true",
        "GOOGLE_SERVICE_ACCOUNT": str(tmp_path / "account.json"),
        "AZURE_ALLOW_HTTP": "true",
        "AZURE_STORAGE_ACCOUNT_NAME": "account",
        "AZURE_STORAGE_ACCOUNT_KEY": base64.b64encode(bytes(32)).decode(),
        "AZURE_STORAGE_ENDPOINT": store.url,
    }.items():
        monkeypatch.setenv(name, value)
    stores.forget_stores()


@pytest.fixture(params=["http", "s3", "gs", "az"])
def opened(request: pytest.FixtureRequest, store: WebServer, clouds: None) -> Opened:
    def reader(spec: str = CROPS, **options: Any) -> Reader:
        if request.param == "http":
            return open_reader(f"{store.url}/bucket/pre/fix", pipeline=spec, **options)
        address = f"{request.param}://bucket/pre/fix"
        if request.param == "s3":
            options["endpoint_url"] = store.url
        return open_reader(address, pipeline=spec, **options)

    return reader


@pytest.fixture
def waits(pauses: list[float]) -> Callable[[], int]:
    """Return a function that counts the pauses of the reader; the server's are of 0 s."""
    return lambda: len([pause for pause in pauses if pause])


@pytest.fixture(autouse=True)
def no_tables() -> Iterator[None]:
    """Let each test open its tables anew."""
    open_tables.forget_all()
    yield
    open_tables.forget_all()
