"""Listings of stores: what a reader calls keys."""

from __future__ import annotations

import pytest

from jitprep.reader import Refused, open_reader
from tests.jitprep.service.source.stored.server import Fault

from .conftest import CROPS

DOWN = Fault(503, b"<Error><Code>SlowDown</Code></Error>")
PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name>
<EncodingType>url</EncodingType><Prefix>pre/fix/</Prefix><IsTruncated>{more}</IsTruncated>{rest}{keys}
</ListBucketResult>"""
CONTENTS = "<Contents><Key>{}</Key><Size>{}</Size></Contents>"


def test_keys_are_listed_below_the_prefix_page_by_page(store, waits, caplog):
    first = [("", 0), ("", 3), ("a%2Bb.jpg", 3), (".hidden", 3), ("deep/", 0)]
    second = [("deep/c%0A.jpg", 3)]
    token = "<NextContinuationToken>t+1</NextContinuationToken>"
    pages = [
        PAGE.format(
            more=str(bool(rest)).lower(),
            rest=rest,
            keys="".join(CONTENTS.format(f"pre/fix/{key}", size) for key, size in found),
        ).encode()
        for found, rest in ((first, token), (second, ""))
    ]
    store.faults = [DOWN, *(Fault(200, page) for page in pages)]
    reader = open_reader("s3://bucket/pre/fix", endpoint_url=store.url, pipeline=CROPS)
    assert list(reader.keys("")) == ["a+b.jpg", "deep/c\n.jpg"]
    assert "1 hidden objects" in caplog.text
    assert waits() == 1
    (_, asked, signed), (_, second_asked, _) = store.requests[-2:]
    assert "prefix=pre%2Ffix%2F&" in f"{asked}&"
    assert "continuation-token=t%2B1" in second_asked
    assert "AWS4-HMAC-SHA256" in signed["authorization"]


def test_a_web_server_has_no_listing(store):
    with pytest.raises(Refused, match="have no listing; ask for objects by their keys"):
        list(open_reader(f"{store.url}/bucket", pipeline=CROPS).keys())
