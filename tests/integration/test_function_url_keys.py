"""Keys in the URLs of a function, and its listings."""

from __future__ import annotations

import json
from urllib.parse import quote, unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from handler.app import choose_door
from jitprep.emulator import routing
from jitprep.emulator.control.access_points import AccessPoints
from jitprep.emulator.function_url.event import FunctionUrlRequest, function_url_event
from jitprep.service.config import config
from jitprep.service.source import bucket_source
from preprocessing import Pipeline, Seed

pytestmark = pytest.mark.usefixtures("own_client")
CROP = "random_resized_crop:32/random_horizontal_flip/npy"
HARD = ("/first.jpg", "a b+c.jpg", "d//e.jpg", "100%.jpg", "%2F.jpg", "q?x=1&y#z.jpg", "ü/日本.jpg")


@pytest.mark.parametrize("key", HARD)
@pytest.mark.parametrize("safe", ["/", ""])
def test_every_key_is_read_by_its_url(ask, over_http, photos, key, safe):
    over_http.client("s3").put_object(Bucket="photos", Key=key, Body=photos["rocket.jpg"])
    answer = ask(f"/photos/{quote(key, safe=safe)}", pipeline="crop", seed=1)
    etag = answer.headers["x-amz-meta-jitprep-source-etag"]
    expected = Pipeline.parse(CROP).encode(photos["rocket.jpg"], seed=Seed(1, key, etag)).body
    assert answer.data == expected, "the key is part of what is drawn from"


@settings(deadline=None)  # boto3's client is made with the first
@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    st.sampled_from(["", "/", "/~", "!$&'()*+,;=:@/"]),
    st.booleans(),
)
def test_a_key_comes_through_url_event_and_door_unchanged(key, safe, by_host):
    path = f"/photos/{quote(key, safe=safe)}"
    host = "f.lambda-url.us-east-1.on.aws" if by_host else "127.0.0.1:9000"
    sent = path if by_host else f"/_lambda-url/f{path}"
    found = routing.route("GET", host, sent, "lambda", AccessPoints())
    assert isinstance(found, routing.ToFunctionUrl)
    scope = {
        "type": "http",
        "method": "GET",
        "raw_path": sent.encode(),
        "query_string": b"",
        "headers": [(b"host", host.encode())],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 9000),
        "client": ("127.0.0.1", 50000),
    }
    url = FunctionUrlRequest("f", found.path, found.domain or "f.lambda-url.us-east-1.on.aws")
    event = json.loads(function_url_event(url, Request(scope), b"", "123456789012", "id"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JITPREP_BUCKETS", "photos")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        config.cache_clear()
        request = choose_door(event).parse(event)
        source = bucket_source.resolve(request.source, "GET")
    config.cache_clear()
    assert getattr(request, "key", None) == key
    assert unquote(urlsplit(source.url).path).removeprefix("/photos") == f"/{key}"


def test_a_listing_comes_in_pages_and_says_what_head_says(ask, photos):
    listed, more = {}, {}
    while True:
        answer = ask("/photos", **{"list-type": 2, "max-keys": 7, "prefix": "0-"}, **more)
        page = ET.fromstring(answer.data)
        assert answer.status == 200
        for entry in page.iterfind("{*}Contents"):
            listed[entry.findtext("{*}Key")] = entry
        if page.findtext("{*}IsTruncated") != "true":
            break
        more = {"continuation-token": page.findtext("{*}NextContinuationToken")}
    assert listed.keys() == {key for key in photos if key.startswith("0-")}
    assert more, "one page would prove nothing"
    for key, entry in listed.items():
        head = ask(f"/photos/{key}", "HEAD")
        assert entry.findtext("{*}Size") == head.headers["content-length"]
        assert entry.findtext("{*}ETag") == head.headers["etag"]


def test_a_listing_is_what_the_client_asks_for(ask, over_http, photos):
    over_http.client("s3").put_object(Bucket="photos", Key="l i+st/ü.jpg", Body=b"x")
    plain = ET.fromstring(ask("/photos", **{"list-type": 2, "prefix": "l i+"}).data)
    assert plain.findtext("{*}Contents/{*}Key") == "l i+st/ü.jpg"
    assert plain.find("{*}EncodingType") is None
    encoded = {"list-type": 2, "prefix": "l i+", "encoding-type": "url"}
    key = ET.fromstring(ask("/photos", **encoded).data).findtext("{*}Contents/{*}Key")
    assert key != "l i+st/ü.jpg"
    assert unquote(key or "") == "l i+st/ü.jpg"
    folded = ET.fromstring(ask("/photos", **{"list-type": 2, "prefix": "l", "delimiter": "/"}).data)
    assert folded.findtext("{*}CommonPrefixes/{*}Prefix") == "l i+st/"
