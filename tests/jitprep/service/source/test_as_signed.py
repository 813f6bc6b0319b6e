"""Requests go out exactly as signed, for every key and door, and no key leaves its bucket."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from handler.app import lambda_handler
from jitprep.service.config import config
from jitprep.service.messages import ListingName, ObjectName, Presigned
from jitprep.service.source import bucket_source
from jitprep.service.source.hosts import ParsedUrl

from ....handler.doors.http.http_events import function_url, http_api
from ....handler.doors.object_lambda.test_get_object import photo
from ....scripted_s3 import Answer, Context, _forget

SPEC = json.dumps({"spec": "resize:8,8/npy"})
PARTS = st.sampled_from([
    *("", ".", "..", "...", "a", "%2e%2e", "%2F", "%", "%zz", "\\", "..\\..", "a b", "a+b", "ü", "日本"),
    *("~", "a?b=c", "a#b", "a;b", "a:b@c", "[x]", "\x01", "\n", "\r\nHost: evil", "'\"<>^`{|}"),
])  # fmt: skip
KEYS = st.one_of(
    st.lists(PARTS, min_size=1, max_size=5).map("/".join),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
).filter(bool)
UNHURRIED = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
PHOTO = photo()


@pytest.fixture
def configured(s3, monkeypatch):
    monkeypatch.setenv("JITPREP_BUCKETS", "photos")
    monkeypatch.setenv("JITPREP_OUTPUTS", "copies")
    monkeypatch.setenv("JITPREP_DEFAULT_PRESET", "imagenet-uint8")
    config.cache_clear()
    s3.answer.body = PHOTO


def asked(s3: Any, *events: Any) -> list[str]:
    """Answer events; return the paths that S3 was asked for."""
    s3.targets.clear()
    for event in events:
        lambda_handler(event, Context())
    return [path.partition("?")[0] for _, path in s3.targets]


@UNHURRIED
@example("../secret/s.png")
@example("d/../e.jpg")
@example("/")
@example("./a")
@given(KEYS)
@pytest.mark.usefixtures("configured")
def test_every_door_that_reads_by_itself_asks_for_the_key(s3, key):
    path = f"/photos/{quote(key, safe='/~')}"
    invoked = {"bucket": "photos", **json.loads(SPEC)}
    paths = asked(
        s3,
        {**invoked, "key": key},
        {**invoked, "keys": [key, key]},
        function_url(path),
        function_url(path, method="HEAD"),
        http_api(f"/photos/{key}"),
    )
    assert len(paths) >= 6
    assert set(paths) == {path}
    s3.script = [Answer(404)] if not key.endswith("/") else [Answer(), Answer(404)]
    task = {"taskId": "t", "s3Bucket": "photos", "s3Key": quote(key), "s3VersionId": None}
    batch = {"invocationSchemaVersion": "2.0", "invocationId": "i", "tasks": [task]}
    paths = asked(s3, batch)
    assert set(paths) <= {path, f"/copies/{quote(key, safe='/~')}"}
    s3.script.clear()


@UNHURRIED
@example("/photos/d/../e.jpg?X-Amz-Signature=a%2fb&x=../..")
@example("/photos/%2e%2e/secret/%7E%zz//?")
@example("//")
@given(st.from_regex(r"/[!-\"$-~]{0,40}", fullmatch=True))
@pytest.mark.usefixtures("configured")
def test_a_presigned_url_is_sent_letter_by_letter(s3, target):
    for context in ("getObjectContext", "headObjectContext", "listObjectsV2Context"):
        event = s3.event(SPEC)
        event.pop("getObjectContext")
        event[context] = {
            "inputS3Url": s3.url + target,
            "outputRoute": "io-iad-cell001",
            "outputToken": "token",
        }
        s3.targets.clear()
        lambda_handler(event, Context())
        assert s3.targets
        assert {sent for _, sent in s3.targets} == {target}


@pytest.mark.usefixtures("configured")
def test_so_is_one_that_is_read_by_ranges(s3):
    event = s3.event(json.dumps({"spec": "sample_frames:2/resize:8,8/npy"}))
    event["getObjectContext"]["inputS3Url"] = f"{s3.url}/photos/d/../e.mp4?X-Amz-Signature=x"
    lambda_handler(event, Context())
    assert {sent for _, sent in s3.targets} == {"/photos/d/../e.mp4?X-Amz-Signature=x"}


@pytest.mark.usefixtures("configured")
def test_the_host_that_was_signed_is_named_and_nothing_of_ours_is_sent(s3):
    event = s3.event(SPEC)
    event["getObjectContext"]["inputS3Url"] = (
        "https://photos.s3.us-east-1.amazonaws.com/a?X-Amz-Signature=x"
    )
    lambda_handler(event, Context())
    (headers,) = s3.gets
    assert headers["host"] == "photos.s3.us-east-1.amazonaws.com"
    assert headers.keys() == {"host", "accept-encoding", "user-agent"}


@UNHURRIED
@given(KEYS)
@pytest.mark.usefixtures("configured")
def test_what_is_signed_is_in_the_bucket(s3, key):
    """By S3's own rule: everything behind the bucket's name, once decoded, is the key."""
    for method in ("GET", "HEAD"):
        source = bucket_source.resolve(ObjectName("photos", key), method)
        address = ParsedUrl.of(source.url)
        assert address is not None
        assert address.target.partition("?")[0] == f"/photos/{quote(key, safe='/~')}"


def test_the_owner_of_a_bucket_is_left_to_aws_to_compare(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    settings_ = {
        "JITPREP_BUCKETS": "photos",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in settings_.items():
        monkeypatch.setenv(name, value)
    _forget()
    try:
        name = ObjectName("photos", "a", owner="123456789012")
        get, head = (bucket_source.resolve(name, method) for method in ("GET", "HEAD"))
        listing = bucket_source.signed_listing(ListingName("photos", owner="123456789012"))
    finally:
        _forget()
    for source in (get, head, listing):
        assert isinstance(source, Presigned)
        assert source.headers["x-amz-expected-bucket-owner"] == "123456789012"
        assert "x-amz-expected-bucket-owner" in source.headers["authorization"]
