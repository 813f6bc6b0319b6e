"""The listings of the S3 inside follow AWS's documentation."""

from __future__ import annotations

import itertools
import uuid
from urllib.error import HTTPError
from urllib.request import urlopen
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ..buckets import new_bucket

# Keys without surrogates, and without dots that clients resolve before they sign.
SEGMENT = st.text(
    st.one_of(
        st.sampled_from("ab/\n\r\t %?#&+;=<>\"'\\\x00\x01\x7f\x80\ufffd\uffff\u2028é😀"),
        st.characters(exclude_categories=["Cs"]),
    ),
    min_size=1,
    max_size=8,
).filter(lambda text: not {".", ".."} & set(text.split("/")))
KEYS = st.lists(SEGMENT, min_size=1, max_size=8, unique=True)


@pytest.fixture
def s3(local):
    return local.client("s3")


@pytest.fixture
def bucket(s3):
    return new_bucket(s3)


def rolled(keys, prefix, delimiter):
    """Return the expected entries of a listing: keys and common prefixes, in order."""
    found = {}
    for key in sorted(key for key in keys if key.startswith(prefix)):
        end = key.find(delimiter, len(prefix)) if delimiter else -1
        found.setdefault(key if end < 0 else key[: end + len(delimiter)], end >= 0)
    return list(found.items())


def pages(s3, operation, **parameters):
    """Return every entry, page by page; no page is larger than requested."""
    size = parameters.pop("size")
    found = []
    paginator = s3.get_paginator(operation)
    for page in paginator.paginate(**parameters, PaginationConfig={"PageSize": size}):
        entries = [(one["Key"], False) for one in page.get("Contents", [])]
        entries += [(one["Prefix"], True) for one in page.get("CommonPrefixes", [])]
        assert len(entries) <= size
        assert page.get("KeyCount", len(entries)) == len(entries)
        found += sorted(entries)
    return found


@settings(max_examples=15, deadline=None)
@given(KEYS, st.data())
def test_every_entry_is_on_one_page_whatever_the_keys(local, keys, data):
    s3 = local.client("s3")
    bucket = new_bucket(s3)
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    some = data.draw(st.sampled_from(keys))
    prefix = some[: data.draw(st.integers(0, len(some)))]
    delimiter = data.draw(st.sampled_from(["", "/", "a", "\n", "é/"]))
    size = data.draw(st.integers(1, 3))
    asked = {"Bucket": bucket, "Prefix": prefix, "Delimiter": delimiter, "size": size}
    wanted = rolled(keys, prefix, delimiter)
    assert pages(s3, "list_objects_v2", **asked) == wanted
    if delimiter:  # without one, boto3 uses the last key as the marker
        assert pages(s3, "list_objects", **asked) == wanted
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": some})
    assert s3.head_object(Bucket=bucket, Key="copy")["ETag"] == copied["CopyObjectResult"]["ETag"]
    for key in {*keys, "copy"}:
        s3.delete_object(Bucket=bucket, Key=key)
    s3.delete_bucket(Bucket=bucket)


def test_the_pages_of_version_1(s3, bucket):
    for key in ("a", "b", "c", "d", "x/1", "y/1"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    first = s3.list_objects(Bucket=bucket, Delimiter="/", MaxKeys=2)
    assert first["NextMarker"] == "b"
    assert "NextMarker" not in s3.list_objects(Bucket=bucket, MaxKeys=2)
    assert s3.list_objects(Bucket=bucket, Marker="a")["Marker"] == "a"
    after = s3.list_objects(Bucket=bucket, Delimiter="/", Marker="x/")
    assert [one["Prefix"] for one in after["CommonPrefixes"]] == ["y/"]


@pytest.mark.parametrize("listing", ["list_objects", "list_objects_v2"])
def test_a_folder_whose_objects_are_deleted_is_gone(s3, listing):
    bucket = new_bucket(s3, "Enabled")
    s3.put_object(Bucket=bucket, Key="gone/a", Body=b"")
    s3.delete_object(Bucket=bucket, Key="gone/a")
    found = getattr(s3, listing)(Bucket=bucket, Delimiter="/")
    assert found.keys() & {"CommonPrefixes", "Contents"} == set()
    assert found.get("KeyCount", 0) == 0


def test_a_page_has_at_most_a_thousand_keys(s3, bucket):
    for asked, said in ((None, 1000), (5000, 1000), (2**31 - 1, 1000), (7, 7), (0, 0)):
        more = {} if asked is None else {"MaxKeys": asked}
        assert s3.list_objects_v2(Bucket=bucket, **more)["MaxKeys"] == said
        assert s3.list_objects(Bucket=bucket, **more)["MaxKeys"] == said


@pytest.mark.parametrize("kind", ["", "list-type=2&", "versions&"])
@pytest.mark.parametrize(
    "wrong", ["max-keys=blah", "max-keys=-1", "max-keys=2147483648", "encoding-type=gzip"]
)
def test_a_wrong_parameter_is_named(s3, bucket, signed, kind, wrong):
    with pytest.raises(HTTPError) as caught:
        urlopen(signed(f"/{bucket}?{kind}{wrong}"))
    with caught.value as answer:
        assert answer.headers["content-type"] == "application/xml"
        error = ET.fromstring(answer.read())
    assert (answer.code, error.findtext("Code")) == (400, "InvalidArgument")
    assert error.findtext("ArgumentName") == wrong.partition("=")[0]


def test_a_token_that_is_not_ours_is_refused(s3, bucket, expect_error):
    with expect_error("InvalidArgument", 400):
        s3.list_objects_v2(Bucket=bucket, ContinuationToken="made up")


def test_a_key_that_xml_cannot_represent_is_not_read_as_another_key(s3, bucket, signed):
    """As on S3: without encoding-type=url, no parser accepts the document."""
    s3.put_object(Bucket=bucket, Key="a\x01b", Body=b"")
    with urlopen(signed(f"/{bucket}")) as answer:
        body = answer.read()
    assert b"<Key>a&#1;b</Key>" in body
    with pytest.raises(ET.ParseError):
        ET.fromstring(body)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_versions_can_be_deleted_page_by_page(s3, size):
    bucket = new_bucket(s3, "Enabled")
    for n in range(3):
        for _ in range(3):
            s3.put_object(Bucket=bucket, Key=f"k{n}", Body=b"")
    s3.delete_object(Bucket=bucket, Key="k1")
    deleted = []
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": size}
    )
    for page in pages:
        every = page.get("Versions", []) + page.get("DeleteMarkers", [])
        found = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in every]
        assert len(found) <= size
        deleted += [one["VersionId"] for one in found]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": found})
    assert len(deleted) == len(set(deleted)) == 10
    s3.delete_bucket(Bucket=bucket)


def test_versions_are_listed_newest_first_and_grouped_by_prefix(s3):
    bucket = new_bucket(s3, "Enabled")
    put = [s3.put_object(Bucket=bucket, Key="k", Body=b"")["VersionId"] for _ in range(3)]
    s3.put_object(Bucket=bucket, Key="folder/x", Body=b"")
    s3.put_object(Bucket=bucket, Key="new\nline", Body=b"")
    found = s3.list_object_versions(Bucket=bucket, Delimiter="/")
    assert [one["Prefix"] for one in found["CommonPrefixes"]] == ["folder/"]
    of_k = [one for one in found["Versions"] if one["Key"] == "k"]
    assert [one["VersionId"] for one in of_k] == put[::-1]
    assert [one["IsLatest"] for one in of_k] == [True, False, False]
    assert found["Versions"][-1]["Key"] == "new\nline"
    only = s3.list_object_versions(Bucket=bucket, Prefix="k", MaxKeys=2)
    assert only["IsTruncated"]
    assert (only["NextKeyMarker"], only["NextVersionIdMarker"]) == ("k", put[1])


def test_uploads_and_parts_come_page_by_page(s3, bucket):
    begun = [
        (key, s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"])
        for key in ("a", "b/1", "b/2", "c", "c")
    ]
    found = []
    paginator = s3.get_paginator("list_multipart_uploads")
    for page in paginator.paginate(Bucket=bucket, PaginationConfig={"PageSize": 2}):
        found += [(one["Key"], one["UploadId"]) for one in page.get("Uploads", [])]
    assert found == begun
    folders = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [one["Prefix"] for one in folders["CommonPrefixes"]] == ["b/"]
    of = {"Bucket": bucket, "Key": "a", "UploadId": begun[0][1]}
    for number in (1, 3, 10, 7):
        s3.upload_part(**of, PartNumber=number, Body=b"x")
    pages = s3.get_paginator("list_parts").paginate(**of, PaginationConfig={"PageSize": 2})
    numbers = [[part["PartNumber"] for part in page["Parts"]] for page in pages]
    assert numbers == [[1, 3], [7, 10]]


def test_buckets_come_page_by_page(s3):
    start = f"many-{uuid.uuid4().hex[:8]}"
    names = [f"{start}-{n}" for n in range(5)]
    for name in names:
        s3.create_bucket(Bucket=name)
    pages = s3.get_paginator("list_buckets").paginate(
        Prefix=start, PaginationConfig={"PageSize": 2}
    )
    found = [[one["Name"] for one in page["Buckets"]] for page in pages]
    assert list(itertools.chain(*found)) == names
    assert max(map(len, found)) == 2
