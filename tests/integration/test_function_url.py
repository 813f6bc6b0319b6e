"""Reads through a Function URL: bytes, metadata, ranges, conditions and errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
import urllib3

from preprocessing import Pipeline, Seed

from .support.http_client import code

pytestmark = pytest.mark.usefixtures("own_client")
DEFAULT = "resize:256/center_crop:224/npy"
CROP = "random_resized_crop:32/random_horizontal_flip/npy"
GRAY = "grayscale/resize:224,224/png"
KEYS = ("rocket.jpg", "coffee.jpg", "retina.jpg")


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


def test_an_object_of_unknown_format_is_an_error(ask, over_http):
    over_http.client("s3").put_object(Bucket="photos", Key="words.txt", Body=b"words, no photo")
    assert code(ask("/photos/words.txt")) == (400, "UnknownFormat")


def test_nothing_is_written_or_deleted(ask, over_http):
    assert code(ask("/photos/rocket.jpg", "DELETE")) == (405, "MethodNotAllowed")
    assert ask("/photos/rocket.jpg", "HEAD").status == 200
