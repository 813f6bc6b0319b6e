"""URLs of sources: only https on S3's own hosts is read."""

from __future__ import annotations

import pytest

from jitprep.service import errors
from jitprep.service.config import config
from jitprep.service.deadline import Deadline
from jitprep.service.messages import Presigned
from jitprep.service.source.opening import open_original


@pytest.fixture(autouse=True)
def fresh_config(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    config.cache_clear()
    yield
    config.cache_clear()


@pytest.mark.parametrize(
    "url",
    [
        "http://photos.s3.us-east-1.amazonaws.com/a",
        "https://127.0.0.1/a",
        "https://169.254.169.254/latest/meta-data",
        "https://s3.amazonaws.com.evil.example/a",
        "https://evil.example/s3.amazonaws.com",
        "https://s3.us-east-1.amazonaws.com@evil.example/a",
        "https://user@photos.s3.us-east-1.amazonaws.com/a",
        "https://photos.s3.us-east-1.amazonaws.com:8443/a",
        "https://s3.us-east-1.elb.amazonaws.com/a",
        "https://s3-lookalike-1.us-east-1.elb.amazonaws.com/a",
        "file:///etc/passwd",
        "",
    ],
)
def test_only_s3_is_read(url):
    with (
        pytest.raises(errors.RequestFailed) as caught,
        open_original(Presigned(url), Deadline.of(60_000)),
    ):
        pass
    assert caught.value.code == "SourceNotAllowed"
    assert url not in caught.value.message or not url


@pytest.mark.parametrize(
    "host",
    [
        "myap-123412341234.s3-accesspoint.us-east-1.amazonaws.com",
        "photos.s3.eu-central-1.amazonaws.com",
        "photos.with.dots.s3.amazonaws.com",
        "s3.dualstack.us-gov-west-1.amazonaws.com",
        "ap-1.s3-accesspoint-fips.dualstack.us-east-1.amazonaws.com",
        "photos.s3.cn-north-1.amazonaws.com.cn",
    ],
)
def test_s3s_own_hosts_are_allowed(host):
    # With no time left an allowed URL gets as far as the clock, and no packet is sent.
    source = Presigned(f"https://{host}/a?X-Amz-Signature=x")
    with pytest.raises(errors.RequestFailed) as caught, open_original(source, Deadline.of(0)):
        pass
    assert caught.value.code == "DeadlineExceeded"
