"""A listing has the sizes and ETags of GET and HEAD."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from jitprep.service import listing
from jitprep.service.config import config
from jitprep.service.results.derived_object import derived_etag
from jitprep.service.source.original import LARGEST_PAGE
from preprocessing import Pipeline

FIXED, UNKNOWN = "resize:16,16/npy", "resize:16,16/png"
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
XML = f"""<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="{NAMESPACE}"><Name>photos</Name><Prefix></Prefix><KeyCount>3</KeyCount>
<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>
<Contents><Key>a.jpg</Key><LastModified>2026-11-23T00:00:00.000Z</LastModified>
<ETag>&quot;one&quot;</ETag><ChecksumAlgorithm>CRC32</ChecksumAlgorithm>
<ChecksumType>FULL_OBJECT</ChecksumType><Size>12345</Size><StorageClass>STANDARD</StorageClass></Contents>
<Contents><Key>b %26 &lt;ü&gt;.jpg</Key><LastModified>2026-11-23T00:00:00.000Z</LastModified>
<ETag>&quot;two&quot;</ETag><Size>54321</Size><StorageClass>STANDARD</StorageClass></Contents>
<Contents><Key>folder/</Key><LastModified>2026-11-23T00:00:00.000Z</LastModified>
<ETag>&quot;none&quot;</ETag><Size>0</Size><StorageClass>STANDARD</StorageClass></Contents>
<CommonPrefixes><Prefix>sub/</Prefix></CommonPrefixes></ListBucketResult>""".encode()


def contents(xml: str | bytes) -> list[dict[str, str]]:
    root = ET.fromstring(xml)
    assert root.tag == f"{{{NAMESPACE}}}ListBucketResult"
    return [
        {child.tag.rpartition("}")[2]: child.text or "" for child in element}
        for element in root.iter(f"{{{NAMESPACE}}}Contents")
    ]


@pytest.mark.parametrize("action", ["ListObjects", "ListObjectsV2"])
def test_sizes_and_etags_are_the_derived_objects(s3, ask, action):
    s3.answer.body = XML
    returned = ask(s3.event_of(action, json.dumps({"spec": FIXED}), url="/?prefix=a"))
    assert returned["statusCode"] == 200
    assert set(returned) == {"statusCode", "listResultXml"}
    pipeline = Pipeline.parse(FIXED)
    first, second, marker = contents(returned["listResultXml"])
    assert first["Size"] == second["Size"] == str(pipeline.output.nbytes)
    assert first["ETag"] == derived_etag('"one"', pipeline.fingerprint, 0)
    assert second["Key"] == "b %26 <ü>.jpg"
    assert "ChecksumAlgorithm" not in first
    assert "ChecksumType" not in first
    assert (marker["Size"], marker["ETag"]) == ("0", '"none"')
    root = ET.fromstring(returned["listResultXml"])
    assert root.findtext(f"{{{NAMESPACE}}}CommonPrefixes/{{{NAMESPACE}}}Prefix") == "sub/"


@pytest.mark.parametrize("unknown", ["source", "hide", "mark"])
def test_sizes_that_depend_on_the_pixels_are_the_sources_or_as_configured(unknown):
    derived = listing.derive(XML, Pipeline.parse(UNKNOWN), 0, unknown)
    keys = contents(derived)
    if unknown == "hide":
        assert [entry["Key"] for entry in keys] == ["folder/"]
        assert ET.fromstring(derived).findtext(f"{{{NAMESPACE}}}KeyCount") == "1"
        return
    assert [entry["Size"] for entry in keys] == ["12345", "54321", "0"]
    assert keys[0]["ETag"] == derived_etag('"one"', Pipeline.parse(UNKNOWN).fingerprint, 0)
    marks = [entry["StorageClass"] == listing.MARK for entry in keys]
    assert marks == [unknown == "mark", unknown == "mark", False]


def test_a_known_size_is_never_hidden_or_marked():
    for unknown in ("hide", "mark"):
        entries = contents(listing.derive(XML, Pipeline.parse(FIXED), 0, unknown))
        assert len(entries) == 3
        assert {entry["StorageClass"] for entry in entries} == {"STANDARD"}


def test_the_seed_is_part_of_a_random_pipelines_etags():
    pipeline = Pipeline.parse("random_resized_crop:8/npy")
    entry = contents(listing.derive(XML, pipeline, 7, "source"))[0]
    assert entry["ETag"] == derived_etag('"one"', pipeline.fingerprint, 7)


def test_a_listing_without_a_namespace_or_keys_is_one_too():
    bare = b"<ListBucketResult><Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>"
    derived = listing.derive(bare, Pipeline.parse(FIXED), 0, "source")
    assert ET.fromstring(derived).findtext("Contents/Size") == str(
        Pipeline.parse(FIXED).output.nbytes
    )
    empty = f'<ListBucketResult xmlns="{NAMESPACE}"><Name>photos</Name></ListBucketResult>'.encode()
    assert contents(listing.derive(empty, Pipeline.parse(FIXED), 0, "source")) == []


@pytest.mark.parametrize(
    "page",
    [
        b"<ListBucketResult><Key>\x01</Key></ListBucketResult>",
        b'<?xml version="1.0" encoding="none"?><ListBucketResult/>',
        b'<?xml version="1.0" encoding="utf-7"?><ListBucketResult/>',
    ],
)
def test_what_is_not_xml_is_an_error(s3, ask, page):
    s3.answer.body = page
    returned = ask(s3.event_of("ListObjects", json.dumps({"spec": FIXED})))
    assert (returned["statusCode"], returned["errorCode"]) == (400, "InvalidListing")


def test_s3s_refusal_passes(s3, ask):
    s3.answer.status = 403
    s3.answer.body = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    returned = ask(s3.event_of("ListObjectsV2", json.dumps({"spec": FIXED})))
    assert returned == {"statusCode": 403, "errorCode": "AccessDenied", "errorMessage": "no"}


def test_a_listing_without_end_is_refused(s3, ask):
    s3.answer.claimed_length = LARGEST_PAGE + 1
    returned = ask(s3.event_of("ListObjectsV2", json.dumps({"spec": FIXED})))
    assert (returned["statusCode"], returned["errorCode"]) == (400, "ObjectTooLarge")


@pytest.mark.parametrize("word", ["hidden", "SOURCE", "source,hide"])
def test_a_wrong_word_for_unknown_sizes_is_named(monkeypatch, word):
    monkeypatch.setenv("JITPREP_LIST_UNKNOWN_SIZES", word)
    config.cache_clear()
    with pytest.raises(ValueError, match="JITPREP_LIST_UNKNOWN_SIZES"):
        config()
    config.cache_clear()
