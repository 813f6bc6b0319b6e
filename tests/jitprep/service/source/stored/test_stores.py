"""Sources by their URLs: read strictly, opened lazily, and shown without secrets."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from dateutil.tz import tzutc

from jitprep.service.config import config
from jitprep.service.source.aws_credentials import StoreCredentials
from jitprep.service.source.stored.folder import Folder
from jitprep.service.source.stored_object import StoredObject
from jitprep.service.source.stores import SourceUrl, open_store

from .reading import BODY, put, whole


@pytest.fixture(autouse=True)
def unconfigured(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AZURE_STORAGE_ACCOUNT_NAME"):
        monkeypatch.delenv(name, raising=False)
    config.cache_clear()


@pytest.mark.parametrize(
    ("text", "parts", "path"),
    [
        ("s3://bucket", ("s3", "bucket", ""), "k"),
        ("s3://bucket/", ("s3", "bucket", ""), "k"),
        ("s3://bucket/a/b/", ("s3", "bucket", "a/b/"), "a/b/k"),
        ("s3://bucket/100%25", ("s3", "bucket", "100%25/"), "100%25/k"),
        ("gs://my_bucket.example/p", ("gs", "my_bucket.example", "p/"), "p/k"),
        ("az://$web/p", ("az", "$web", "p/"), "p/k"),
        ("https://host:8443/a%20b", ("https", "host:8443", "a b/"), "a b/k"),
        ("http://[::1]:90", ("http", "[::1]:90", ""), "k"),
        ("file:///a%20b/c", ("file", "/a b/c", ""), "k"),
        ("/a%20b/c/", ("file", "/a%20b/c", ""), "k"),
        ("data", ("file", str(Path("data").absolute()), ""), "k"),
    ],
)
def test_urls_are_read(text, parts, path):
    url = SourceUrl.parse(text)
    assert (url.scheme, url.host, url.prefix) == parts
    assert url.path_of("k") == path
    assert url.place == f"{parts[0]}://{parts[1]}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ftp://host/a", "ftp:// is not a source; use s3://"),
        ("s3://", "the name of a bucket"),
        ("gs:///a", "the name of a bucket"),
        ("https://user:SECRET@host/", "the name of a host"),
        ("https://host/a?sig=SECRET", "no query"),
        ("https://host/a#b", "no fragment"),
        ("file://host/a", "file:///PATH"),
        ("file:", "path of a folder"),
        ("", "path of a folder"),
    ],
)
def test_other_urls_are_refused_without_secrets(text, words):
    with pytest.raises(ValueError, match=words) as caught:
        SourceUrl.parse(text)
    assert "SECRET" not in str(caught.value)


def test_stores_are_opened_without_connecting(tmp_path, monkeypatch):
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    kinds = {"s3": "S3Store", "gs": "GCSStore", "az": "AzureStore", "https": "HTTPStore"}
    for scheme, kind in kinds.items():
        for anonymous in (False, True):
            store = open_store(SourceUrl(scheme, "name", "p/"), anonymous=anonymous)
            assert type(store).__name__ == kind
    assert open_store(SourceUrl.parse(str(tmp_path))) == Folder(tmp_path)


def test_what_cannot_be_opened_is_one_line(tmp_path):
    for url, words in (
        (SourceUrl.parse(f"{tmp_path}/no"), "is not a folder"),
        (SourceUrl.parse("az://container"), "Account must be specified"),
    ):
        with pytest.raises(ValueError, match=words) as caught:
            open_store(url)
        assert "\n" not in str(caught.value)


def test_obstore_is_named_where_it_is_missing(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(
        ValueError, match=r"s3:// sources need obstore: pip install 'jitprep\[server\]'"
    ):
        open_store(SourceUrl.parse("s3://bucket"))
    open_store(SourceUrl.parse(str(tmp_path)))


def test_secrets_are_not_shown():
    shown = repr(StoreCredentials("KEY", "SECRET", "SECRET"))
    shown += repr(StoredObject("SECRET", "a", "a", "s3://b"))
    assert "SECRET" not in shown
    assert "KEY" in shown


def test_the_function_loads_nothing_of_stores():
    """The function has none, and pays for every import at each cold start."""
    program = (
        "import sys, jitprep.service.dispatch, jitprep.service.source.opening;"
        "stores = ('obstore', 'jitprep.service.source.stored', 'jitprep.service.source.stores');"
        "print(*[name for name in stores if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"


@pytest.mark.parametrize("zone", [UTC, tzutc(), timezone(timedelta(hours=2))], ids=str)
def test_credentials_may_expire_in_any_timezone(web, zone):
    """botocore's have a UTC of dateutil's, which obstore refuses."""

    def credentials() -> StoreCredentials:
        return StoreCredentials("KEY", "SECRET", None, datetime.now(zone) + timedelta(hours=1))

    store = open_store(SourceUrl.parse("s3://bucket"), endpoint=web.url, credentials=credentials)
    put(web)
    assert whole(StoredObject(store, "a", "pre/fix/a", "s3://bucket")) == BODY
