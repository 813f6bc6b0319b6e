"""A source of a mount is read from the mount's own store; a wrong endpoint is refused at the start."""

from __future__ import annotations

import time

import pytest

from jitprep.service.config import config
from jitprep.service.deadline import Deadline
from jitprep.service.messages import Presigned
from jitprep.service.source.connection import prepare_connections
from jitprep.service.source.opening import open_ranges
from jitprep.service.source.ranged_source import Ranges

from .test_ranged_source import Ranged


def test_ranges_are_read_from_the_store_of_the_mount(s3, monkeypatch):
    """Every request of a read goes there, not to the endpoint of the process, nor to AWS alone."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    config.cache_clear()
    body = bytes(range(256)) * 1000
    s3.objects = Ranged(s3, body)
    source = Presigned(f"{s3.url}/photos/a", endpoint=s3.url)
    with open_ranges(source, Deadline(time.monotonic() + 60)) as ranges:
        assert isinstance(ranges, Ranges)
        assert ranges.read_at(200_000, 100) == body[200_000:200_100]
    config.cache_clear()


@pytest.mark.parametrize(
    "url", ["http://user:pa55word@s3.test", "ftp://s3.test", "http://s3.test:99999", "s3.test"]
)
def test_a_wrong_endpoint_is_refused_before_the_first_request(monkeypatch, url):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
    config.cache_clear()
    with pytest.raises(ValueError, match="without a user") as refused:
        prepare_connections()
    assert "pa55word" not in str(refused.value)
    config.cache_clear()
