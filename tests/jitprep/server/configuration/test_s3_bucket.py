"""Stores of S3 behind a mount: where they are, how they spell keys, and what their webhooks require."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

import pytest

from jitprep.server.configuration.s3_bucket import S3Bucket
from jitprep.server.configuration.settings import ServerSettings
from jitprep.service.config import config
from jitprep.service.source.stores import SourceUrl

KEY = "a b+c/100%.jpg"
MOUNT = '[mounts.photos]\nsource = "s3://my-photos"\npipeline = "imagenet-uint8"\n'
LISTING = (
    "<ListBucketResult><Name>bucket</Name><Prefix>{prefix}</Prefix>{encoding}"
    "<Contents><Key>{key}</Key></Contents></ListBucketResult>"
)
CODED = "<EncodingType>url</EncodingType>"


@pytest.mark.parametrize(
    ("prefix", "encoding", "key"),
    [
        ("my train/", "", "my train/a b+c/100%.jpg"),
        ("my+train/", CODED, "my+train/a+b%2Bc/100%25.jpg"),  # AWS
        ("my%20train/", CODED, "my%20train/a%20b%2Bc/100%25.jpg"),
        ("my train/", CODED, "my%20train%2Fa%20b%2Bc%2F100%25.jpg"),  # Ceph
    ],
)
def test_a_listing_has_the_keys_below_the_prefix(prefix, encoding, key):
    bucket = S3Bucket(SourceUrl.parse("s3://bucket/my train"), "http://store", None, None)
    xml = LISTING.format(prefix=prefix, encoding=encoding, key=key).encode()
    root = ET.fromstring(bucket.relative(xml, "photos"))
    found = root.findtext("Contents/Key") or ""
    assert (unquote_plus(found) if encoding else found) == KEY
    assert not root.findtext("Prefix")
    assert root.findtext("Name") == "photos"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "jitprep.toml").write_text(MOUNT)
    monkeypatch.setenv("JITPREP_CONFIG", str(tmp_path / "jitprep.toml"))
    config.cache_clear()
    yield monkeypatch
    config.cache_clear()


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_listings_go_to_the_region_that_reads_go_to(environment, name):
    environment.setenv(name, "eu-central-1")
    mount = ServerSettings.read().mounts["photos"]
    assert mount.bucket is not None
    assert mount.bucket.base == "https://my-photos.s3.eu-central-1.amazonaws.com"
    assert mount.store.config["region"] == "eu-central-1"


@pytest.mark.usefixtures("environment")
def test_without_any_it_is_us_east_1():
    mount = ServerSettings.read().mounts["photos"]
    assert mount.bucket is not None
    assert mount.bucket.base == "https://my-photos.s3.us-east-1.amazonaws.com"
