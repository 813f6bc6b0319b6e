"""What obstore reads keeps the rules of signed URLs: bounded, and of one version."""

from __future__ import annotations

import gzip

import pytest

from jitprep.service import read
from jitprep.service.config import config
from jitprep.service.messages import ObjectRequest
from jitprep.service.request_metrics import RequestMetrics
from jitprep.service.results.derived_object import result_cache
from jitprep.service.source.opening import head_original, open_original, open_ranges
from jitprep.service.source.ranged_source import Ranges
from jitprep.service.source.stored_object import StoredObject
from jitprep.service.source.stores import SourceUrl, open_store
from preprocessing import Pipeline
from tests.photos import photo

from .reading import BODY, TOKEN, credentials, failure, put, soon, whole
from .server import MODIFIED, Fault


@pytest.mark.parametrize("length", [0, 1, 2**20, 2**20 + 1, len(BODY)])
def test_the_bytes_are_read(web, opened, length):
    put(web, BODY[:length])
    assert whole(opened()) == BODY[:length]
    assert len(web.requests) == 1


def test_heads_are_those_of_the_server(web, opened):
    put(web, headers={
        "ETag": '"e1"', "Last-Modified": MODIFIED, "Content-Type": "image/jpeg",
        "Cache-Control": "no-cache", "x-amz-meta-Owner": "me", "x-amz-version-id": "v1",
        "Content-Disposition": "inline", "Content-Language": "en",
    })  # fmt: skip
    source = opened()
    head = head_original(source, soon())
    with open_original(source, soon()) as original:
        assert original.object_head == head
    with open_ranges(source, soon()) as original:
        assert original.object_head == head
    assert (head.etag, head.last_modified, head.length) == ('"e1"', MODIFIED, len(BODY))
    assert head.content_type == "image/jpeg"
    expected = {"cache-control": "no-cache"}
    if source.place.startswith("s3"):
        expected |= {"x-amz-meta-owner": "me", "x-amz-version-id": "v1"}
    assert head.headers == expected
    assert [method for method, _, _ in web.requests] == ["HEAD", "GET", "GET"]


@pytest.mark.parametrize("status", [405, 501])
def test_a_head_is_that_of_a_get_where_the_server_answers_none(web, opened, status):
    put(web)
    expected = head_original(opened(), soon())
    web.faults.append(Fault(status=status))
    assert head_original(opened(), soon()) == expected
    assert [method for method, _, _ in web.requests] == ["HEAD", "HEAD", "GET"]


@pytest.mark.parametrize(
    "key", ["a b+c.jpg", "100%.jpg", "%2e%2e", "q?x=1&y#z", "ü/日本", "~(1)*!'"]
)
def test_keys_are_asked_for_as_they_are(web, opened, key):
    put(web, b"found", key=key)
    assert whole(opened(key)) == b"found"


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "./a", "a/../b", "..", "a\nb", "a\x7f"])
def test_keys_that_obstore_cannot_name_are_refused_by_name(web, opened, key):
    refused = failure(lambda: whole(opened(key)))
    assert (refused.status, refused.code) == (400, "InvalidRequest")
    assert "cannot be read from" in refused.message
    assert web.requests == []


def test_a_version_is_asked_for(web, opened):
    put(web)
    source = opened(version="v1")
    whole(source)
    if source.place.startswith("s3"):
        assert web.requests[0][1].endswith("?versionId=v1")


def test_out_of_time(web, opened):
    put(web)
    for source, deadline in ((opened(), soon(-1)), (opened(timeout_s=-1), soon())):
        for ask in (open_original, open_ranges):
            assert failure(ask(source, deadline).__enter__).code == "DeadlineExceeded"
    assert web.requests == []


def test_the_limit_holds_before_the_body(web, opened):
    put(web)
    refused = failure(lambda: whole(opened(), len(BODY) - 1))
    assert refused.code == "ObjectTooLarge"


def test_a_content_encoding_is_undone(web, opened):
    coded = gzip.compress(BODY)
    put(web, coded, headers={"ETag": '"z"', "Content-Encoding": "gzip", "Last-Modified": MODIFIED})
    assert whole(opened()) == BODY
    with open_ranges(opened(), soon()) as original:
        assert not isinstance(original, Ranges)
        assert original.object_head.length == len(coded)
        assert original.read(2**30) == BODY


def test_an_object_that_is_replaced_before_another_try_is_not_mixed(web, opened):
    page = put(web)
    web.faults = [Fault(keeps=1000)]
    with open_original(opened(), soon()) as original:
        page.headers = {"ETag": '"e2"', "Last-Modified": MODIFIED}
        assert "replaced" in failure(lambda: original.read(2**30)).message


@pytest.mark.parametrize("etag", ['"e2"', None])
def test_ranges_are_of_one_version(web, opened, etag):
    page = put(web)
    with open_ranges(opened(), soon()) as original:
        assert isinstance(original, Ranges)
        page.headers = {"Last-Modified": "Thu, 22 Oct 2015 07:28:00 GMT"}
        page.headers |= {"ETag": etag} if etag else {}
        refused = failure(lambda: original.read_at(10**6, 10))
        assert (refused.status, "replaced" in refused.message) == (503, True)
        page.body = b"short"
        assert "replaced" in failure(lambda: original.read_at(10**6, 10)).message


def test_ranges_of_an_empty_object(web, opened):
    put(web, b"")
    with open_ranges(opened(), soon()) as original:
        assert not isinstance(original, Ranges)
        assert original.read(10) == b""


def test_a_server_without_ranges_is_read_whole(web, opened):
    put(web, ranged=False)
    with open_ranges(opened(), soon()) as original:
        assert not isinstance(original, Ranges)
        assert original.read(2**30) == BODY


@pytest.mark.parametrize("headers", [{"ETag": 'W/"weak"'}, {"Last-Modified": MODIFIED}])
def test_weak_or_missing_etags_still_tell_versions_apart(web, headers):
    put(web, headers=headers)
    url = SourceUrl.parse(f"{web.url}/bucket/pre/fix")
    source = StoredObject(open_store(url), "a", url.path_of("a"), url.place)
    head = head_original(source, soon())
    assert head.etag.endswith('"')
    with open_ranges(source, soon()) as original:
        assert isinstance(original, Ranges)
        assert original.object_head.etag == head.etag
        assert original.read_at(10**6, 5) == BODY[10**6 : 10**6 + 5]


@pytest.mark.parametrize(
    "headers",
    [{}, {"Last-Modified": "yesterday"}, {"ETag": '"e"', "Transfer-Encoding": "chunked"}],
)
def test_a_server_that_tells_no_version_is_told_what_to_send(web, opened, headers):
    put(web, b"0\r\n\r\n" if "Transfer-Encoding" in headers else b"x", headers=headers)
    for ask in (lambda: whole(opened()), lambda: head_original(opened(), soon())):
        refused = failure(ask)
        assert (refused.status, refused.code) == (400, "InvalidRequest")
        assert "must send Content-Length, and an ETag" in refused.message


def test_an_object_is_transformed_by_get_and_head(web, opened):
    put(web, photo("rocket"))
    source, pipeline = opened(), Pipeline.parse("resize:16/jpeg")
    got = read.get(
        ObjectRequest("GET", "a", source),
        source,
        pipeline,
        config().policy,
        soon(),
        RequestMetrics(),
    )
    assert got.body == pipeline.encode(photo("rocket")).body
    result_cache.cache_clear()
    head = read.head(
        ObjectRequest("HEAD", "a", source),
        lambda _: source,
        pipeline,
        config().policy,
        soon(),
        RequestMetrics(),
    )
    assert head.headers["ETag"] == got.headers["ETag"]
    assert int(head.headers["Content-Length"]) == len(got.body)


def test_requests_to_s3_are_signed_with_the_token(web):
    put(web)
    url = SourceUrl.parse("s3://bucket/pre/fix")
    for anonymous in (False, True):
        store = open_store(
            url, endpoint=web.url, credentials=credentials, anonymous=anonymous, region="eu-west-1"
        )
        whole(StoredObject(store, "a", url.path_of("a"), url.place))
    signed, unsigned = (headers for _, _, headers in web.requests)
    assert "Credential=KEY/" in signed["authorization"]
    assert "/eu-west-1/s3/" in signed["authorization"]
    assert signed["x-amz-security-token"] == TOKEN
    assert "authorization" not in unsigned
