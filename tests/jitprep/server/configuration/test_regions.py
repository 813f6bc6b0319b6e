"""Regions of mounts: listings and reads go to the same one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jitprep.server.configuration.settings import ServerSettings
from jitprep.service.config import config

MOUNT = '[mounts.photos]\nsource = "s3://my-photos"\npipeline = "imagenet-uint8"\n'


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
    assert mount.source.bucket is not None
    assert mount.source.bucket.base == "https://my-photos.s3.eu-central-1.amazonaws.com"
    assert mount.source.store.config["region"] == "eu-central-1"


@pytest.mark.usefixtures("environment")
def test_without_any_it_is_us_east_1():
    mount = ServerSettings.read().mounts["photos"]
    assert mount.source.bucket is not None
    assert mount.source.bucket.base == "https://my-photos.s3.us-east-1.amazonaws.com"
