"""Range and partNumber require the feature of their action."""

from __future__ import annotations

import json
import urllib.request
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import pytest

EVERY = ("GetObject-Range", "GetObject-PartNumber", "HeadObject-Range", "HeadObject-PartNumber")
ASKED = {"Range": {"Range": "bytes=0-1"}, "PartNumber": {"PartNumber": 1}}


@pytest.mark.parametrize("part", ASKED)
@pytest.mark.parametrize("action", ["GetObject", "HeadObject"])
def test_a_part_needs_its_own_feature(reader, expect_error, action, part):
    others = tuple(feature for feature in EVERY if feature != f"{action}-{part}")
    alias = reader.alias("upper", actions=("GetObject", "HeadObject"), features=others)
    call = reader.s3.get_object if action == "GetObject" else reader.s3.head_object
    with expect_error("NotImplemented" if action == "GetObject" else "501", 501) as message:
        call(Bucket=alias, Key="greeting.txt", **ASKED[part])
    if action == "GetObject":
        assert f"{action}-{part}" in message()
    assert call(Bucket=alias, Key="greeting.txt")["ContentLength"] == 5


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("query", ["Range=bytes%3D0-1", "range=bytes%3D0-1", "partnumber=1"])
def test_a_part_in_the_query_needs_it_too_in_any_case(reader, signed, method, query):
    alias = reader.alias("upper", actions=("GetObject", "HeadObject"))
    with pytest.raises(HTTPError) as caught:
        urllib.request.urlopen(signed(f"/{alias}/greeting.txt?{query}", method=method))
    assert caught.value.code == 501
    caught.value.close()


def test_without_a_function_s3_returns_the_part(reader):
    alias = reader.alias("upper", actions=("HeadObject",))
    answer = reader.s3.get_object(Bucket=alias, Key="greeting.txt", Range="bytes=0-1")
    assert (answer["Body"].read(), answer["ContentRange"]) == (b"he", "bytes 0-1/5")


def test_an_allowed_part_reaches_the_function_and_is_not_presigned(reader, signed):
    alias = reader.alias("echo_event", features=EVERY)
    by_header = reader.s3.get_object(Bucket=alias, Key="greeting.txt", Range="bytes=0-1")
    by_number = reader.s3.get_object(Bucket=alias, Key="greeting.txt", PartNumber=2)
    events = [json.load(answer["Body"]) for answer in (by_header, by_number)]
    path = f"/{alias}/greeting.txt?Range=bytes%3D0-1&versionId=null"
    with urllib.request.urlopen(signed(path)) as response:
        events.append(json.load(response))
    asked = [urlsplit(event["userRequest"]["url"]).query for event in events]
    assert events[0]["userRequest"]["headers"]["Range"] == "bytes=0-1"
    assert asked == ["", "partNumber=2", "Range=bytes=0-1&versionId=null"]
    for event in events:
        names = parse_qs(urlsplit(event["getObjectContext"]["inputS3Url"]).query).keys()
        assert not {name.lower() for name in names} & {"range", "partnumber"}
    assert names >= {"versionId"}
