"""Over HTTP: a signed request, the endpoint, a worker, and the bytes that the library makes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit
from xml.etree import ElementTree as ET

import boto3
import pytest
import urllib3
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from handler import doors
from jitprep.emulator import routing
from jitprep.emulator.control.access_points import AccessPoints
from jitprep.emulator.function_url import event as function_url_event
from jitprep.service import s3
from jitprep.service.config import config
from jitprep.service.results import spill
from preprocessing import Pipeline, Seed

from ..paths import ROOT

DEFAULT = "resize:256/center_crop:224/npy"
CROP = "random_resized_crop:32/random_horizontal_flip/npy"
LARGE = "resize:1300,1300/npy"
GRAY = "grayscale/resize:224,224/png"
KEYS = ("rocket.jpg", "coffee.jpg", "retina.jpg")
HARD = ("/first.jpg", "a b+c.jpg", "d//e.jpg", "100%.jpg", "%2F.jpg", "q?x=1&y#z.jpg", "ü/日本.jpg")
Ask = Callable[..., urllib3.BaseHTTPResponse]


def asker(url: str, client: Any) -> Ask:
    """Return a function that signs a request for Lambda, as any client can, and sends it."""

    def ask(
        path: str, method: str = "GET", headers: Mapping[str, str] | None = None, **query: object
    ) -> urllib3.BaseHTTPResponse:
        target = f"{url}{path}?{urlencode(query, quote_via=quote)}" if query else url + path
        request = AWSRequest(method, target, headers or {})
        SigV4Auth(Credentials("test", "test"), "lambda", "us-east-1").add_auth(request)
        return client.request(
            method, request.url, headers=dict(request.headers.items()), retries=False
        )

    return ask


@pytest.fixture(scope="module", autouse=True)
def own_client() -> Iterator[None]:
    """Forget the client that another test has left in this process, perhaps without credentials."""
    s3.client.cache_clear()
    yield
    s3.client.cache_clear()


@pytest.fixture(scope="module")
def ask(over_http: Any) -> Ask:
    return asker(over_http.function_url(), urllib3.PoolManager())


def code(answer: urllib3.BaseHTTPResponse) -> tuple[int, str | None]:
    root = ET.fromstring(answer.data)
    assert root.findtext("RequestId") == answer.headers["x-amzn-requestid"]
    return answer.status, root.findtext("Code")


@pytest.mark.parametrize("key", KEYS)
def test_what_is_read_is_what_the_library_makes(ask, photos, key):
    for query, spec, seed in (
        ({}, DEFAULT, 0),
        ({"pipeline": "grayscale-224"}, GRAY, 0),
        ({"pipeline": "crop"}, CROP, 0),
        ({"pipeline": "crop", "seed": 7}, CROP, 7),
    ):
        answer = ask(f"/photos/{key}", **query)
        etag = answer.headers["x-amz-meta-jitprep-source-etag"]
        encoded = Pipeline.parse(spec).encode(photos[key], seed=Seed(seed, key, etag))
        assert answer.status == 200
        assert answer.data == encoded.body
        assert answer.headers["content-type"] == encoded.content_type
        assert answer.headers["x-amz-meta-jitprep-pipeline"] == spec


def test_a_seed_in_a_header_is_the_seed_of_an_access_points_read(ask, over_http, photos):
    """The door changes nothing: bytes, ETag and metadata are equal."""
    payload = json.dumps({"pipeline": "crop"})
    alias = over_http.create_access_point("same-crop", "photos", payload=payload)
    s3 = over_http.client("s3")

    def add_seed(request: Any, **_: Any) -> None:
        request.headers["x-jitprep-seed"] = "5"

    s3.meta.events.register("before-sign.s3.GetObject", add_seed)
    by_point = s3.get_object(Bucket=alias, Key="rocket.jpg")
    by_url = ask("/photos/rocket.jpg", "GET", {"x-jitprep-seed": "5"}, pipeline="crop")
    assert by_url.data == by_point["Body"].read()
    assert by_url.headers["etag"] == by_point["ETag"]
    assert by_point["Metadata"] == {
        name.removeprefix("x-amz-meta-"): value
        for name, value in by_url.headers.items()
        if name.startswith("x-amz-meta-")
    }


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
    url = function_url_event.Url("f", found.path, found.domain or "f.lambda-url.us-east-1.on.aws")
    event = json.loads(function_url_event.event(url, Request(scope), b"", "123456789012", "id"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JITPREP_BUCKETS", "photos")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        config.cache_clear()
        request = doors.choose(event).parse(event)
    config.cache_clear()
    assert getattr(request, "key", None) == key
    assert unquote(urlsplit(request.source.url).path).removeprefix("/photos") == f"/{key}"


@pytest.mark.parametrize("preset", ["imagenet-uint8", "grayscale-224", "crop", "large"])
def test_head_says_what_get_gives(ask, over_http, preset):
    head = ask("/photos/coffee.jpg", "HEAD", pipeline=preset)
    get = ask("/photos/coffee.jpg", pipeline=preset)
    if get.status == 307:
        get = urllib3.request("GET", get.headers["location"])
    assert (head.status, get.status) == (200, 200)
    assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.data))
    assert head.headers["content-type"] == get.headers["content-type"]
    assert head.data == b""


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


def test_ranges_put_together_are_the_whole(ask):
    whole = ask("/photos/coffee.jpg")
    step, pieces = -(-len(whole.data) // 5), []
    for start in range(0, len(whole.data), step):
        asked = {"Range": f"bytes={start}-{start + step - 1}", "If-Match": whole.headers["etag"]}
        part = ask("/photos/coffee.jpg", "GET", asked)
        assert part.status == 206
        pieces.append(part.data)
        stop = start + len(part.data)
        expected = f"bytes {start}-{stop - 1}/{len(whole.data)}"
        assert part.headers["content-range"] == expected
    assert b"".join(pieces) == whole.data


def test_a_condition_that_fails_has_no_body_or_an_error(ask):
    etag = ask("/photos/rocket.jpg").headers["etag"]
    same = ask("/photos/rocket.jpg", "GET", {"If-None-Match": etag})
    assert (same.status, same.data, same.headers["etag"]) == (304, b"", etag)
    other = ask("/photos/rocket.jpg", "GET", {"If-Match": '"other"'})
    assert code(other) == (412, "PreconditionFailed")


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/photos/none.jpg", {}, (404, "NoSuchKey")),
        ("/spilled/rocket.jpg", {}, (403, "BucketNotAllowed")),
        ("/gone/rocket.jpg", {}, (404, "NoSuchBucket")),
        ("/photos/rocket.jpg", {"Range": "bytes=99999999-"}, (416, "InvalidRange")),
    ],
)
def test_what_cannot_be_read_says_why(ask, path, headers, expected):
    assert code(ask(path, "GET", headers)) == expected
    assert ask(path, "HEAD", headers).status == expected[0]


def test_what_is_no_photo_says_so(ask, over_http):
    over_http.client("s3").put_object(Bucket="photos", Key="words.txt", Body=b"words, no photo")
    assert code(ask("/photos/words.txt")) == (400, "UnknownFormat")


def test_nothing_is_written_or_deleted(ask, over_http):
    assert code(ask("/photos/rocket.jpg", "DELETE")) == (405, "MethodNotAllowed")
    assert ask("/photos/rocket.jpg", "HEAD").status == 200


def test_a_large_object_is_fetched_from_where_it_was_put(ask, over_http, photos):
    answer = ask("/photos/rocket.jpg", pipeline="large")
    expected = Pipeline.parse(LARGE).encode(photos["rocket.jpg"])
    assert (answer.status, answer.data) == (307, b"")
    place = urlsplit(answer.headers["location"])
    assert place.path.startswith("/spilled/over/")
    assert parse_qs(place.query)["X-Amz-Expires"] == ["900"]
    for _ in range(2):  # for as long as it lasts, not once
        fetched = urllib3.request("GET", answer.headers["location"])
        assert (fetched.status, fetched.data) == (200, expected.body)
        assert fetched.headers["content-type"] == expected.content_type
    part = urllib3.request("GET", answer.headers["location"], headers={"Range": "bytes=5-9"})
    assert (part.status, part.data) == (206, expected.body[5:10])
    etag = answer.headers["etag"]
    assert ask("/photos/rocket.jpg", "HEAD", pipeline="large").headers["etag"] == etag
    same = ask("/photos/rocket.jpg", "GET", {"If-None-Match": etag}, pipeline="large")
    assert same.status == 304
    most = {"Range": f"bytes=0-{spill.room() - 1}"}
    fits = ask("/photos/rocket.jpg", "GET", most, pipeline="large")
    assert (fits.status, fits.data) == (206, expected.body[: spill.room()])
    more = ask("/photos/rocket.jpg", "GET", {"Range": f"bytes=0-{spill.room()}"}, pipeline="large")
    assert code(more) == (413, "ResponseTooLarge")


@pytest.mark.parametrize("header", ["Authorization", "X-Amz-Date"])
def test_the_signature_for_lambda_must_not_be_sent_along(ask, header):
    """Why docs/http.md has clients ask anew: most that follow keep a header of it, and S3 minds."""
    place = ask("/photos/rocket.jpg", pipeline="large").headers["location"]
    value = "AWS4-HMAC-SHA256 Credential=x" if header == "Authorization" else "20261125T000000Z"
    assert urllib3.request("GET", place, headers={header: value}).status in {400, 403}


def test_the_unsigned_are_forbidden(over_http):
    answer = urllib3.request("GET", f"{over_http.function_url()}/photos/rocket.jpg")
    assert (answer.status, answer.json()) == (403, {"Message": "Forbidden"})


def test_without_settings_no_bucket_is_read_and_s3s_sdk_signs_for_another_service(local):
    """The endpoint of the other tests here, whose function is told nothing."""
    ask = asker(local.function_url(), urllib3.PoolManager())
    assert code(ask("/photos/rocket.jpg")) == (403, "BucketNotAllowed")
    style = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, proxies={})
    s3 = boto3.Session("test", "test", region_name="us-east-1").client(
        "s3", endpoint_url=local.function_url(), config=style
    )
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="photos", Key="rocket.jpg")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.fixture(scope="module")
def open_to_all(object_lambda_endpoint, over_http_settings, photos):
    """An endpoint at which nobody need sign, and which has no folder for large answers."""
    settings = {name: value for name, value in over_http_settings.items() if "SPILL" not in name}
    started = object_lambda_endpoint(
        task_root=ROOT, workers=1, verify_signatures=False, worker_env=settings
    )
    s3 = started.client("s3")
    s3.create_bucket(Bucket="photos")
    for key in KEYS:
        s3.put_object(Bucket="photos", Key=key, Body=photos[key])
    return started


def test_without_a_folder_a_large_object_is_refused(open_to_all):
    url = f"{open_to_all.function_url()}/photos/rocket.jpg?pipeline=large"
    assert code(urllib3.request("GET", url)) == (413, "ResponseTooLarge")


def test_boto3_reads_where_nobody_need_sign(open_to_all, photos, tmp_path):
    style = Config(
        signature_version=UNSIGNED,
        s3={"addressing_style": "path"},
        retries={"total_max_attempts": 1},
        proxies={},
    )
    s3 = boto3.client(
        "s3", endpoint_url=open_to_all.function_url(), region_name="us-east-1", config=style
    )
    expected = Pipeline.parse(DEFAULT).encode(photos["rocket.jpg"])
    get = s3.get_object(Bucket="photos", Key="rocket.jpg")
    assert get["Body"].read() == expected.body
    assert get["Metadata"]["jitprep-pipeline"] == DEFAULT
    head = s3.head_object(Bucket="photos", Key="rocket.jpg")
    assert (head["ContentLength"], head["ETag"]) == (len(expected.body), get["ETag"])
    s3.download_file("photos", "rocket.jpg", str(tmp_path / "rocket.npy"))
    assert (tmp_path / "rocket.npy").read_bytes() == expected.body
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket="photos", PaginationConfig={"PageSize": 2}
    )
    listed = {entry["Key"]: entry["Size"] for page in pages for entry in page["Contents"]}
    assert listed == dict.fromkeys(KEYS, len(expected.body))
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="photos", Key="none.jpg")
    assert caught.value.response["Error"]["Code"] == "NoSuchKey"
    for call in (s3.list_objects, s3.get_bucket_location):
        with pytest.raises(ClientError) as caught:
            call(Bucket="photos")
        assert caught.value.response["Error"]["Code"] == "NotImplemented"
