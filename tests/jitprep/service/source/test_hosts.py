"""Only S3's hosts are allowed, in every partition that botocore knows."""

from __future__ import annotations

from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointProviderError, EndpointVariantError
from botocore.regions import EndpointResolver
from botocore.session import Session
from hypothesis import given, settings
from hypothesis import strategies as st

from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.source.hosts import ParsedUrl, is_s3_host, require_allowed
from tools import make_s3_hosts

ACCOUNT = "123456789012"


@pytest.fixture(autouse=True)
def on_aws(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    config.cache_clear()
    yield
    config.cache_clear()


def test_the_table_is_botocores():
    """Else: python -m tools.make_s3_hosts."""
    assert make_s3_hosts.PLACE.read_text() == make_s3_hosts.source()


SESSION = Session()
REGIONS = [
    (partition, region)
    for partition in SESSION.get_available_partitions()
    for region in SESSION.get_available_regions("s3", partition)
]


def presigned(region: str, bucket: str, **settings: bool) -> str:
    config = Config(signature_version="s3v4", s3={"use_arn_region": True}, **settings)
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y"}
    s3 = boto3.client("s3", region_name=region, config=config, **keys)
    return str(s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a/../b"}))


@pytest.mark.parametrize("partition", SESSION.get_available_partitions())
def test_every_host_that_botocore_signs_for_is_allowed(partition):
    region = next(region for of, region in REGIONS if of == partition)
    arn = f"arn:{partition}:s3:{region}:{ACCOUNT}:accesspoint/ap"
    for bucket in ("photos", "with.dots", arn):
        for settings_ in ({}, {"use_dualstack_endpoint": True}, {"use_fips_endpoint": True}):
            try:
                url = presigned(region, bucket, **settings_)
            except (EndpointVariantError, EndpointProviderError):  # that partition has none
                continue
            address = require_allowed(url)
            assert address.target == url.partition(urlsplit(url).netloc)[2]


def test_every_region_is():
    resolver = EndpointResolver(SESSION.get_data("endpoints"))
    for partition, region in REGIONS:
        host = resolver.construct_endpoint("s3", region, partition)["hostname"]
        assert is_s3_host(host)
        assert is_s3_host(f"photos.{host}")


@pytest.mark.parametrize(
    "host",
    [
        "s3.amazonaws.com",
        "photos.s3.us-east-1.amazonaws.com",
        "a.b.s3.dualstack.eu-central-1.amazonaws.com",
        "photos.s3.eusc-de-east-1.amazonaws.eu",
        "ap-123456789012.s3-accesspoint.eusc-de-east-1.amazonaws.eu",
        "ap-1.s3-accesspoint-fips.dualstack.us-gov-west-1.amazonaws.com",
        "alias.accesspoint.s3-global.amazonaws.com",
        "bucket.vpce-0a1b2c-d4e5.s3.us-east-1.vpce.amazonaws.com",
        "photos.bucket.vpce-0a1b2c-d4e5-us-east-1a.s3.us-east-1.vpce.amazonaws.com",
        "accesspoint.vpce-0a1b2c-d4e5.s3.eusc-de-east-1.vpce.amazonaws.eu",
    ],
)
def test_hosts_of_s3(host):
    assert is_s3_host(host)


@pytest.mark.parametrize(
    "url",
    [
        "https://mine.execute-api.us-east-1.amazonaws.com/k",
        "https://s3.us-east-1.elb.amazonaws.com/k",
        "https://s3.mine.us-east-1.amazonaws.com/k",
        "https://mys3.us-east-1.amazonaws.com/k",
        "https://x.vpce-1.s3.mine.us-east-1.vpce.amazonaws.com/k",
        "https://vpce-1-abc.execute-api.us-east-1.vpce.amazonaws.com/k",
        "https://s3.us-east-1.amazonaws.com.evil.org/k",
        "https://s3.cn-north-1.amazonaws.com/k",
        "https://s3.us-east-1.amazonaws.eu/k",
        "https://s3.amazonaws.com\n/k",
        "https://s3.amaz\nonaws.com/k",
        "https://s3.amazonaws.com\t/k",
        "https://s3.amazonaws.com\\@evil.org/k",
        "https://evil.org\\.s3.amazonaws.com/k",
        "https://evil.org/.s3.amazonaws.com",
        "https://evil.org#.s3.amazonaws.com/k",
        "https://evil.org?.s3.amazonaws.com/k",
        "https://user@s3.amazonaws.com/k",
        "https://evil.org:443@s3.amazonaws.com/k",
        "https://s3.amazonaws.com:8443/k",
        "https://s3.amazonaws.com./k",
        "https://a..s3.amazonaws.com/k",
        "https://.s3.amazonaws.com/k",
        "http://s3.amazonaws.com/k",
        "//s3.amazonaws.com/k",
        "https://s3.amazonaws.com/k#fragment",
        "https://s3.amazonaws.com/k\r\nX-Injected: 1",
        "https://s3.amazonaws.com/a b",
        "https://s3.amazonaws.com/\u00e9",
        "https://s3.\u0661.amazonaws.com/k",
        "https://s3.amazonaws.com%0a/k",
        "",
    ],
)
def test_nothing_else_is_allowed(url):
    with pytest.raises(RequestFailed) as caught:
        require_allowed(url)
    assert (caught.value.status, caught.value.code) == (403, "SourceNotAllowed")


@given(
    st.text(max_size=20), st.text(max_size=20), st.sampled_from(["s3.amazonaws.com", "evil.org"])
)
@settings(max_examples=300)
def test_what_is_checked_is_what_is_connected_to(before, after, host):
    """Whatever surrounds a host, the parsed host is the one that a client would connect to."""
    address = ParsedUrl.of(f"https://{before}{host}{after}")
    if address is None:
        return
    assert f"https://{address.host}".lower() in f"https://{before}{host}{after}".lower()
    assert address.target.startswith("/")
    assert all("!" <= sign <= "~" for sign in address.target)
