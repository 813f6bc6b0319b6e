"""Parsing of what a function returns for HEAD and LIST."""

from __future__ import annotations

import json
from contextlib import suppress
from xml.etree import ElementTree as ET

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.emulator.data_plane.function_result import head_object, list_objects
from jitprep.emulator.data_plane.object_headers import OBJECT_HEADERS
from jitprep.emulator.s3_errors import S3Error

HEAD = botocore.session.get_session().get_service_model("s3").operation_model("HeadObject")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
# Characters that XML can represent; listings of other keys are URL-encoded.
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], include_characters="\t\n\r")
)
TEXT = TEXT.filter(lambda text: not set(text) & {"\ufffe", "\uffff"})
RESULT = {"name": "n", "maxKeys": 1, "isTruncated": False}


def encoded(value):
    return json.dumps(value).encode()


def refused(parse, payload):
    with pytest.raises(S3Error) as caught:
        parse(payload)
    assert (caught.value.status, caught.value.code) == (400, "LambdaInvalidResponse")
    return caught.value.message


def test_the_headers_are_those_of_head_object():
    members = HEAD.output_shape.members.values()
    names = {m.serialization["name"].lower() for m in members if m.type_name != "map"}
    assert names == OBJECT_HEADERS


@given(
    st.integers(0),
    st.dictionaries(
        st.from_regex(r"x-amz-meta-[a-z0-9-]+", fullmatch=True),
        st.from_regex(r"[ -~]*", fullmatch=True),
    ),
)
def test_length_and_metadata_come_back(length, metadata):
    answer = head_object(
        encoded({"statusCode": 200, "headers": metadata | {"CONTENT-LENGTH": length}})
    )
    assert answer.headers == metadata | {"content-length": str(length)}
    assert answer.body == b""


def test_what_aws_own_example_returns_is_accepted():
    """It returns each header that S3 sent, as strings, with one of them empty."""
    headers = {
        "Content-Length": "5",
        "Content-Type": "",
        "Connection": "close",
        "Date": "Wed, 21 Oct 2015 07:28:00 GMT",
        "Server": "AmazonS3",
        "Transfer-Encoding": "chunked",
        "x-amz-id-2": "another",
        "x-amz-request-id": "another",
    }
    answer = head_object(encoded({"statusCode": 200, "headers": headers}))
    assert answer.headers == {"content-length": "5", "content-type": ""}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        ([1], "must be an object"),
        ("text", "must be an object"),
        ({}, "no statusCode"),
        ({"statusCode": "200"}, 'statusCode is "200"'),
        ({"statusCode": True}, "statusCode is true"),
        ({"statusCode": 200.0}, "statusCode is 200.0"),
        ({"statusCode": 99}, "statusCode is 99"),
        ({"statusCode": 600}, "statusCode is 600"),
        ({"statusCode": 204}, "204"),
        ({"statusCode": 404, "errorCode": 7}, "errorCode is 7"),
        ({"statusCode": 404, "errorMessage": []}, "errorMessage is []"),
        ({"statusCode": 200, "errorCode": "NoSuchKey"}, "are not allowed with statusCode 200"),
        ({"statusCode": 206, "errorMessage": "gone"}, "are not allowed with statusCode 206"),
    ],
)
@pytest.mark.parametrize("parse", [head_object, list_objects])
def test_an_invalid_result_is_explained(parse, value, words):
    assert words in refused(parse, encoded(value))


@pytest.mark.parametrize("payload", [b"", b"{", b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("parse", [head_object, list_objects])
def test_a_result_that_is_not_json_is_explained(parse, payload):
    assert "not JSON" in refused(parse, payload)


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        (None, "Content-Length"),
        ({}, "Content-Length"),
        ("text", "headers is"),
        ({"Content-Length": -1}, "Content-Length is -1"),
        ({"Content-Length": 1.5}, "Content-Length is 1.5"),
        ({"Content-Length": "five"}, 'Content-Length is "five"'),
        ({"Content-Length": "٥"}, "Content-Length"),
        ({"Content-Length": True}, "Content-Length is true"),
        ({"Content-Length": 1, "ETag": 5}, "ETag is 5"),
        ({"Content-Length": 1, "ETag": {}}, "ETag is {}"),
        ({"Content-Length": 1, "x-amz-delete-marker": "maybe"}, "delete-marker"),
        ({"Content-Length": 1, "x-amz-meta-a": "two\r\nlines"}, "x-amz-meta-a"),
        ({"Content-Length": 1, "x-amz-meta-a": "\u2014"}, "x-amz-meta-a"),
    ],
)
def test_an_invalid_header_is_explained(headers, words):
    assert words in refused(head_object, encoded({"statusCode": 200, "headers": headers}))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "neither"),
        ({"statusCode": 206}, "206"),
        ({"listResultXml": "<a/>", "listBucketResult": RESULT}, "both"),
        ({"listResultXml": 7}, "listResultXml is 7"),
        ({"listResultXml": "<ListBucketResult>"}, "not well-formed"),
        ({"listResultXml": "<ListBucketResult>\ud800</ListBucketResult>"}, "not well-formed"),
        (
            {"listResultXml": '<?xml version="1.0" encoding="no"?><ListBucketResult/>'},
            "well-formed",
        ),
        ({"listResultXml": "<Error/>"}, "root of listResultXml is Error"),
        ({"listBucketResult": []}, "listBucketResult is []"),
        ({"listBucketResult": {}}, "listBucketResult.name is missing"),
        ({"listBucketResult": {"name": "n"}}, "listBucketResult.maxKeys is missing"),
        ({"listBucketResult": {"name": "n", "maxKeys": 1}}, "isTruncated is missing"),
        ({"listBucketResult": RESULT | {"name": 1}}, "name is 1; it must be a string"),
        ({"listBucketResult": RESULT | {"maxKeys": "1"}}, "maxKeys"),
        ({"listBucketResult": RESULT | {"maxKeys": True}}, "maxKeys is true"),
        ({"listBucketResult": RESULT | {"isTruncated": "false"}}, "isTruncated"),
        ({"listBucketResult": RESULT | {"contents": {}}}, "contents is {}; it must be a list"),
        ({"listBucketResult": RESULT | {"contents": ["a"]}}, "contents[0]"),
        ({"listBucketResult": RESULT | {"contents": [{"size": 1}]}}, "contents[0].key is missing"),
        (
            {"listBucketResult": RESULT | {"contents": [{"key": "a"}]}},
            "contents[0].size is missing",
        ),
        ({"listBucketResult": RESULT | {"contents": [{"key": "a", "size": -1}]}}, "size is -1"),
        ({"listBucketResult": RESULT | {"contents": [{"key": "\0", "size": 1}]}}, "encodingType"),
        ({"listBucketResult": RESULT | {"commonPrefixes": [{}]}}, "commonPrefixes[0].prefix"),
    ],
)
def test_an_invalid_listing_is_explained(value, words):
    assert words in refused(list_objects, encoded({"statusCode": 200} | value))


def test_an_error_of_s3s_may_be_forwarded_as_xml():
    xml = "<Error><Code>AccessDenied</Code><Message>m</Message></Error>"
    answer = list_objects(encoded({"statusCode": 403, "listResultXml": xml}))
    assert (answer.status, answer.body) == (403, xml.encode())
    listing = "<ListBucketResult/>"
    assert "must be Error" in refused(
        list_objects, encoded({"statusCode": 403, "listResultXml": listing})
    )


@given(JSON)
@pytest.mark.parametrize("parse", [head_object, list_objects])
def test_any_result_is_a_response_or_an_s3_error(parse, value):
    for whole in (value, {"statusCode": 200, "headers": value, "listBucketResult": value}):
        with suppress(S3Error):
            assert parse(encoded(whole)).status in range(200, 600)


@given(st.lists(st.tuples(TEXT, st.integers(0))))
def test_every_key_and_size_comes_back(objects):
    contents = [{"key": key, "size": size} for key, size in objects]
    result = RESULT | {"contents": contents}
    body = list_objects(encoded({"statusCode": 200, "listBucketResult": result})).body
    assert body.startswith(
        b'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.'
    )
    found = [
        (item.findtext("{*}Key"), int(item.findtext("{*}Size")))
        for item in ET.fromstring(body).iterfind("{*}Contents")
    ]
    assert found == objects


def test_the_elements_are_in_s3s_order():
    """The order in S3's API reference."""
    result = RESULT | {
        "prefix": "",
        "keyCount": 0,
        "delimiter": "/",
        "commonPrefixes": [{"prefix": "p"}],
    }
    result["contents"] = [
        {"size": 1, "storageClass": "STANDARD", "eTag": '"e"', "key": "k", "lastModified": "t"}
    ]
    body = list_objects(encoded({"statusCode": 200, "listBucketResult": result})).body
    assert [child.tag.partition("}")[2] for child in ET.fromstring(body)] == [
        "Name",
        "Prefix",
        "KeyCount",
        "MaxKeys",
        "Delimiter",
        "IsTruncated",
        "Contents",
        "CommonPrefixes",
    ]
    assert (
        b"<Key>k</Key><LastModified>t</LastModified><ETag>&quot;e&quot;</ETag>"
        b"<Size>1</Size><StorageClass>STANDARD</StorageClass>"
    ) in body
