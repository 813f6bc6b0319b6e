"""Buckets of S3 by signed requests: how listings spell keys."""

from __future__ import annotations

from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

import pytest

from jitprep.service.source.stored.s3_bucket import S3Bucket
from jitprep.service.source.stores import SourceUrl

KEY = "a b+c/100%.jpg"
LISTING = (
    "<ListBucketResult><Name>bucket</Name><Prefix>{prefix}</Prefix>{encoding}"
    "<Contents><Key>{key}</Key></Contents></ListBucketResult>"
)
CODED = "<EncodingType>url</EncodingType>"


@pytest.mark.parametrize(
    ("prefix", "encoding", "key"),
    [
        ("my train/", "", "my train/a b+c/100%.jpg"),
        ("my+train/", CODED, "my+train/a+b%2Bc/100%25.jpg"),  # AWS
        ("my%20train/", CODED, "my%20train/a%20b%2Bc/100%25.jpg"),
        ("my train/", CODED, "my%20train%2Fa%20b%2Bc%2F100%25.jpg"),  # Ceph
    ],
)
def test_a_listing_has_the_keys_below_the_prefix(prefix, encoding, key):
    bucket = S3Bucket(SourceUrl.parse("s3://bucket/my train"), "http://store", None, None)
    xml = LISTING.format(prefix=prefix, encoding=encoding, key=key).encode()
    root = ET.fromstring(bucket.relative(xml, "photos"))
    found = root.findtext("Contents/Key") or ""
    assert (unquote_plus(found) if encoding else found) == KEY
    assert not root.findtext("Prefix")
    assert root.findtext("Name") == "photos"
