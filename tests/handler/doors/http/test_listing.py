"""Listings and paths over HTTP: ListObjectsV2, stages, and what is not UTF-8."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest

from preprocessing import Pipeline

from .http_events import function_url, http_api
from .test_http import DEFAULT, EVENTS, JPEG, allowed, body_of, error_of  # noqa: F401

XML = b"""<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>photos</Name>
<Contents><Key>a%20b.jpg</Key><ETag>&quot;one&quot;</ETag><Size>12345</Size></Contents>
</ListBucketResult>"""


@pytest.mark.parametrize("path", ["/photos", "/photos/"])
@pytest.mark.parametrize("event", EVENTS)
def test_a_listing_has_the_derived_sizes(s3, ask, event, path):
    s3.answer = replace(s3.answer, body=XML, headers={})
    answer = ask(event(path, "list-type=2&prefix=a%20b%2F%2B"))
    root = ET.fromstring(body_of(answer))
    assert (answer["statusCode"], answer["headers"]) == (200, {"Content-Type": "application/xml"})
    assert root.findtext("{*}Contents/{*}Size") == str(Pipeline.parse(DEFAULT).output.nbytes)
    (_, target) = s3.targets[-1]
    asked = parse_qs(urlsplit(target).query)
    signed = {name: value for name, value in asked.items() if not name.startswith("X-Amz-")}
    assert signed == {"list-type": ["2"], "prefix": ["a b/+"]}, "neither more nor less is asked"


def test_every_parameter_of_a_listing_reaches_s3(s3, ask):
    s3.answer = replace(s3.answer, body=XML, headers={})
    query = (
        "list-type=2&prefix=a&delimiter=%2F&max-keys=7&continuation-token=x%2By%3D&start-after=b"
        "&encoding-type=url&fetch-owner=true&x-id=ListObjectsV2"
    )
    assert ask(function_url("/train", query))["statusCode"] == 200
    (_, target) = s3.targets[-1]
    assert urlsplit(target).path == "/company-photos/"
    for name, values in parse_qs(query).items():
        if name != "x-id":
            assert parse_qs(urlsplit(target).query)[name] == values


@pytest.mark.parametrize("stage", ["prod", "photos", "v1"])
def test_a_stages_name_is_not_part_of_the_path(s3, ask, stage):
    for path in ("/photos/prod/r.jpg", "/photos//prod/r.jpg"):
        answer = ask(http_api(path, stage=stage, domain="photos.example.com"))
        assert answer["statusCode"] == 200
        assert urlsplit(s3.targets[-1][1]).path == path


def test_a_bucket_named_as_the_stage_begins_is_not_cut(ask):
    event = http_api("/photos/r.jpg")
    event["requestContext"]["stage"] = "phot"
    assert ask(event)["statusCode"] == 200


@pytest.mark.parametrize("path", ["/photos/%FF.jpg", "/photos/%ED%A0%80", "/%FF/a.jpg"])
def test_a_path_that_is_not_utf8_is_refused(s3, ask, path):
    assert error_of(ask(function_url(path))) == (400, "InvalidURI")
    assert s3.targets == []


def test_a_lone_surrogate_is_not_a_key(ask):
    assert error_of(ask(http_api("/photos/\ud800.jpg"))) == (400, "InvalidURI")
