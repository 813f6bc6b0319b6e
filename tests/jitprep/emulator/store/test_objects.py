"""Objects of the S3 inside: parts, ranges, conditions, versions, copies and uploads."""

from __future__ import annotations

import base64
import hashlib
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from xml.etree import ElementTree as ET

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from ..buckets import new_bucket, set_versioning

FIVE = 5 << 20
TEXT = b"0123456789"


@pytest.fixture
def s3(local):
    return local.client("s3")


@pytest.fixture
def bucket(s3):
    return new_bucket(s3)


def upload(s3, of, bodies):
    """Upload in parts; return the document that completes the upload, and its id."""
    of = {**of, "UploadId": s3.create_multipart_upload(**of)["UploadId"]}
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**of, PartNumber=n, Body=body)["ETag"]}
        for n, body in bodies.items()
    ]
    return of, {"Parts": parts}


@pytest.fixture(scope="module")
def in_parts(local):
    s3 = local.client("s3")
    of = {"Bucket": new_bucket(s3), "Key": "k"}
    bodies = {1: b"1" * FIVE, 2: b"2" * FIVE, 3: b"3" * 10, 4: b"left out"}
    to, document = upload(s3, of, bodies)
    done = s3.complete_multipart_upload(**to, MultipartUpload={"Parts": document["Parts"][:3]})
    return {**of, "etag": done["ETag"]}


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("operation", ["get_object", "head_object"])
def test_a_part_is_a_range_of_the_object(s3, in_parts, number, operation):
    of = {name: in_parts[name] for name in ("Bucket", "Key")}
    answer = getattr(s3, operation)(**of, PartNumber=number)
    start, size = (number - 1) * FIVE, 10 if number == 3 else FIVE
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["ContentRange"] == f"bytes {start}-{start + size - 1}/{2 * FIVE + 10}"
    assert (answer["ContentLength"], answer["PartsCount"]) == (size, 3)
    assert answer["ETag"] == in_parts["etag"]
    if operation == "get_object":
        assert answer["Body"].read() == str(number).encode() * size


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"PartNumber": 4}, 416, "InvalidPartNumber"),
        ({"PartNumber": 0}, 400, "InvalidArgument"),
        ({"PartNumber": 10_001}, 400, "InvalidArgument"),
        ({"PartNumber": 1, "Range": "bytes=0-1"}, 400, "InvalidRequest"),
    ],
)
def test_what_is_no_part_is_refused(s3, in_parts, expect_error, asked, status, code):
    of = {name: in_parts[name] for name in ("Bucket", "Key")}
    with expect_error(code, status):
        s3.get_object(**of, **asked)
    with expect_error(str(status), status):
        s3.head_object(**of, **asked)


def test_the_attributes_count_the_parts(s3, in_parts, bucket):
    of = {name: in_parts[name] for name in ("Bucket", "Key")}
    asked = {"ObjectAttributes": ["ObjectParts", "ObjectSize", "ETag"]}
    found = s3.get_object_attributes(**of, **asked)
    assert found["ObjectParts"]["TotalPartsCount"] == 3
    assert (found["ObjectSize"], found["ETag"]) == (2 * FIVE + 10, in_parts["etag"].strip('"'))
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=of)  # in one piece, as its ETag says
    assert "ObjectParts" not in s3.get_object_attributes(Bucket=bucket, Key="copy", **asked)
    assert s3.head_object(Bucket=bucket, Key="copy", PartNumber=1)["ContentLength"] == 2 * FIVE + 10


def test_parts_that_are_not_numbered_from_one_are_not_guessed(s3, bucket, expect_error):
    of = {"Bucket": bucket, "Key": "k"}
    to, document = upload(s3, of, {2: b"2" * FIVE, 5: b"5"})
    s3.complete_multipart_upload(**to, MultipartUpload=document)
    assert s3.get_object(**of)["Body"].read() == b"2" * FIVE + b"5"
    with expect_error("NotImplemented", 501):
        s3.get_object(**of, PartNumber=2)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 12), st.integers(0, 13) | st.none(), st.integers(0, 13) | st.none())
def test_ranges_are_http_s(reader, size, first, last):
    s3, body = reader.s3, (TEXT * 2)[:size]
    of = {"Bucket": "texts", "Key": f"of-{size}"}
    s3.put_object(**of, Body=body)
    shown = ["" if number is None else number for number in (first, last)]
    text = f"bytes={shown[0]}-{shown[1]}"
    wanted = piece(body, first, last)
    if wanted == b"":
        assert status_of(s3.get_object, **of, Range=text) == 416
        assert status_of(s3.head_object, **of, Range=text) == 416
        return
    answer = s3.get_object(**of, Range=text)
    assert answer["Body"].read() == (body if wanted is None else wanted)
    partial = answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert partial == (wanted is not None)
    assert s3.head_object(**of, Range=text)["ContentLength"] == answer["ContentLength"]


def piece(body, first, last):
    """What a range names; nothing where there is nothing of it, None where it is not a range."""
    if first is None:
        return None if last is None else body[max(0, len(body) - last) :]
    if last is not None and last < first:
        return None
    return body[first:] if last is None else body[first : last + 1]


@pytest.mark.parametrize("text", ["bytes", "items=0-1", "bytes=0-1,3-4", "bytes=x-y", "bytes=-"])
def test_a_range_that_s3_does_not_know_is_the_whole(reader, text):
    assert (
        reader.s3.get_object(Bucket="texts", Key="greeting.txt", Range=text)["ContentLength"] == 5
    )


def test_conditions_are_http_s(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=TEXT)["ETag"]
    now = datetime.now(UTC)
    earlier, later = now - timedelta(hours=1), now + timedelta(hours=1)
    for conditions, status in [
        ({"IfMatch": etag}, 200),
        ({"IfMatch": etag.strip('"')}, 200),
        ({"IfMatch": "*"}, 200),
        ({"IfMatch": f'"x", {etag}'}, 200),
        ({"IfMatch": '"x"'}, 412),
        ({"IfNoneMatch": etag}, 304),
        ({"IfNoneMatch": "*"}, 304),
        ({"IfNoneMatch": f'"x", {etag}'}, 304),
        ({"IfNoneMatch": '"x"'}, 200),
        ({"IfModifiedSince": later}, 304),
        ({"IfModifiedSince": earlier}, 200),
        ({"IfUnmodifiedSince": earlier}, 412),
        ({"IfUnmodifiedSince": later}, 200),
        ({"IfMatch": etag, "IfUnmodifiedSince": earlier}, 200),
        ({"IfNoneMatch": '"x"', "IfModifiedSince": later}, 200),
        ({"IfNoneMatch": etag, "IfModifiedSince": earlier}, 304),
    ]:
        for operation in (s3.get_object, s3.head_object):
            assert status_of(operation, Bucket=bucket, Key="k", **conditions) == status, conditions


def status_of(operation, **parameters):
    try:
        return operation(**parameters)["ResponseMetadata"]["HTTPStatusCode"]
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_write_may_have_conditions(s3, bucket):
    of = {"Bucket": bucket, "Key": "k", "Body": b""}
    assert status_of(s3.put_object, **of, IfMatch='"x"') == 404
    assert status_of(s3.put_object, **of, IfNoneMatch="*") == 200
    assert status_of(s3.put_object, **of, IfNoneMatch="*") == 412
    assert status_of(s3.put_object, **of, IfNoneMatch='"x"') == 501
    assert status_of(s3.put_object, **of, IfMatch='"x"') == 412
    etag = s3.head_object(Bucket=bucket, Key="k")["ETag"]
    assert status_of(s3.put_object, **of, IfMatch=etag) == 200
    for match, status in (('"x"', 412), (etag, 200)):
        to, document = upload(s3, {"Bucket": bucket, "Key": "k"}, {1: b"x"})
        complete = {**to, "MultipartUpload": document, "IfMatch": match}
        assert status_of(s3.complete_multipart_upload, **complete) == status
    assert status_of(s3.delete_object, Bucket=bucket, Key="k", IfMatch='"x"') == 412


def test_a_copy_may_have_conditions_on_its_source(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=TEXT)["ETag"]
    later = datetime.now(UTC) + timedelta(hours=1)
    to = {"Bucket": bucket, "Key": "copy", "CopySource": f"{bucket}/k"}
    part = {**to, "PartNumber": 1}
    part["UploadId"] = s3.create_multipart_upload(Bucket=bucket, Key="copy")["UploadId"]
    for conditions, status in [
        ({"CopySourceIfMatch": etag}, 200),
        ({"CopySourceIfMatch": '"x"'}, 412),
        ({"CopySourceIfNoneMatch": etag}, 412),
        ({"CopySourceIfModifiedSince": later}, 412),
        ({"CopySourceIfUnmodifiedSince": later}, 200),
    ]:
        assert status_of(s3.copy_object, **to, **conditions) == status, conditions
        assert status_of(s3.upload_part_copy, **part, **conditions) == status, conditions
    for source, status in ((f"{bucket}/no", 404), (f"{bucket}-no/k", 404), (bucket, 400)):
        assert status_of(s3.copy_object, **{**to, "CopySource": source}) == status
        assert status_of(s3.upload_part_copy, **{**part, "CopySource": source}) == status
    for text, status in (("bytes=0-9", 200), ("bytes=0-10", 400), ("bytes=0-", 400), ("1-2", 400)):
        assert status_of(s3.upload_part_copy, **part, CopySourceRange=text) == status, text


@pytest.mark.parametrize(
    ("numbers", "code"),
    [((2, 1), "InvalidPartOrder"), ((1, 1), "InvalidPartOrder"), ((1, 2), "EntityTooSmall")],
)
def test_an_upload_is_completed_in_order(s3, bucket, expect_error, numbers, code):
    to, document = upload(s3, {"Bucket": bucket, "Key": "k"}, {1: b"a", 2: b"b"})
    parts = {"Parts": [document["Parts"][number - 1] for number in numbers]}
    with expect_error(code, 400):
        s3.complete_multipart_upload(**to, MultipartUpload=parts)
    s3.complete_multipart_upload(**to, MultipartUpload={"Parts": document["Parts"][:1]})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"a"


def test_what_is_wrong_with_an_upload_is_said_in_s3s_words(s3, bucket, expect_error):
    of = {"Bucket": bucket, "Key": "k"}
    parts = {"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": "1234"}]}}
    for call in (
        lambda: s3.complete_multipart_upload(**of, UploadId="none", **parts),
        lambda: s3.upload_part(**of, UploadId="none", PartNumber=1, Body=b""),
        lambda: s3.list_parts(**of, UploadId="none"),
        lambda: s3.abort_multipart_upload(**of, UploadId="none"),
    ):
        with expect_error("NoSuchUpload", 404):
            call()
    of["UploadId"] = s3.create_multipart_upload(**of)["UploadId"]
    with expect_error("MalformedXML", 400):
        s3.complete_multipart_upload(**of)
    with expect_error("InvalidPart", 400):
        s3.complete_multipart_upload(**of, **parts)


@pytest.mark.parametrize("what", ["PUT", "COPY", "UPLOAD", "DELETE", "DELETE MANY"])
def test_where_versioning_is_suspended_old_versions_stay(reader, s3, what):
    bucket, of = new_bucket(s3, "Enabled"), {"Key": "k"}
    of["Bucket"] = bucket
    old = s3.put_object(**of, Body=b"old")["VersionId"]
    set_versioning(s3, bucket, "Suspended")
    for _ in range(2):  # the second replaces the first
        if what == "PUT":
            assert s3.put_object(**of, Body=b"new")["VersionId"] == "null"
        elif what == "COPY":
            s3.copy_object(**of, CopySource="texts/greeting.txt")
        elif what == "UPLOAD":
            to, document = upload(s3, of, {1: b"new"})
            s3.complete_multipart_upload(**to, MultipartUpload=document)
        elif what == "DELETE":
            assert s3.delete_object(**of)["VersionId"] == "null"
        else:
            done = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})
            assert done["Deleted"][0]["DeleteMarkerVersionId"] == "null"
    assert s3.get_object(**of, VersionId=old)["Body"].read() == b"old"
    assert s3.head_object(**of, VersionId=old)["VersionId"] == old
    listed = s3.list_object_versions(Bucket=bucket)
    every = listed.get("Versions", []) + listed.get("DeleteMarkers", [])
    assert sorted(one["VersionId"] for one in every) == sorted([old, "null"])
    s3.delete_object(**of, VersionId="null")
    assert s3.get_object(**of)["Body"].read() == b"old"
    s3.delete_object(**of, VersionId=old)
    s3.delete_bucket(Bucket=bucket)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(["put", "delete", "Enabled", "Suspended"]), max_size=10))
def test_versions_are_those_of_a_model(local, steps):
    s3 = local.client("s3")
    bucket, status, model = new_bucket(s3), None, []
    of = {"Bucket": bucket, "Key": "k"}
    for n, step in enumerate(steps):
        body = None if step == "delete" else str(n).encode()
        if step in {"Enabled", "Suspended"}:
            set_versioning(s3, bucket, status := step)
            continue
        answer = s3.delete_object(**of) if body is None else s3.put_object(**of, Body=body)
        version = answer.get("VersionId", "null")
        assert (status == "Enabled") == (version != "null")
        model = [one for one in model if one[0] != version]
        if body is not None or status is not None:
            model.append((version, body))
    for version, body in model:
        if body is not None:
            assert s3.get_object(**of, VersionId=version)["Body"].read() == body
    latest = model[-1][1] if model else None
    assert status_of(s3.get_object, **of) == (404 if latest is None else 200)
    listed = s3.list_object_versions(Bucket=bucket)
    every = listed.get("Versions", []) + listed.get("DeleteMarkers", [])
    assert {one["VersionId"] for one in every} == {version for version, _ in model}


def test_a_delete_marker_says_that_it_is_one(s3):
    bucket = new_bucket(s3, "Enabled")
    of = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**of, Body=b"")
    marker = s3.delete_object(**of)["VersionId"]
    for operation in (s3.get_object, s3.head_object):
        for version, status in (({}, 404), ({"VersionId": marker}, 405)):
            with pytest.raises(ClientError) as caught:
                operation(**of, **version)
            found = caught.value.response["ResponseMetadata"]
            assert found["HTTPStatusCode"] == status
            assert found["HTTPHeaders"]["x-amz-delete-marker"] == "true"
            assert found["HTTPHeaders"]["x-amz-version-id"] == marker


def test_a_version_that_is_not_there_deletes_nothing(s3, bucket, expect_error):
    s3.put_object(Bucket=bucket, Key="k", Body=b"kept")
    with expect_error("InvalidArgument", 400):
        s3.delete_object(Bucket=bucket, Key="k", VersionId="made-up")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"kept"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "?metrics"),
        ("GET", "?analytics"),
        ("GET", "?requestPayment"),
        ("PUT", "?requestPayment"),
        ("DELETE", "?metrics&id=x"),
        ("DELETE", "?analytics&id=x"),
        ("GET", "/k?torrent"),
        ("GET", "/k?retention"),
        ("PUT", "/k?encryption"),
        ("PUT", "/k?renameObject"),
        ("DELETE", "/k?acl"),
    ],
)
def test_what_is_not_served_is_refused_and_does_nothing(s3, bucket, signed, method, path):
    s3.put_object(Bucket=bucket, Key="k", Body=b"kept")
    body = b"<x/>" if method == "PUT" else None
    request = signed(f"/{bucket}{path}", method=method, body=body)
    with pytest.raises(HTTPError) as caught:
        urlopen(request)
    with caught.value as answer:
        assert ET.fromstring(answer.read()).findtext("Code") == "NotImplemented"
    assert caught.value.code == 501
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"kept"


def test_a_body_that_is_not_what_was_signed_or_hashed_is_refused(s3, bucket, signed):
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    crc = base64.b64encode(zlib.crc32(b"other").to_bytes(4, "big")).decode()
    for headers, code in [
        ({"Content-MD5": wrong}, "BadDigest"),
        ({"Content-MD5": "no hash"}, "InvalidDigest"),
        ({"x-amz-checksum-crc32": crc}, "BadDigest"),
        ({"x-amz-checksum-crc32c": crc}, "BadDigest"),
        ({"x-amz-checksum-crc64nvme": "Cthulhu/zzs="}, "BadDigest"),
        ({"x-amz-checksum-sha256": "short"}, "InvalidRequest"),
    ]:
        with pytest.raises(HTTPError) as caught:
            urlopen(signed(f"/{bucket}/k", method="PUT", body=b"body", headers=headers))
        with caught.value as answer:
            assert ET.fromstring(answer.read()).findtext("Code") == code
    request = signed(f"/{bucket}/k", method="PUT", body=b"body")
    request.data = b"ydob"
    with pytest.raises(HTTPError) as caught:
        urlopen(request)
    with caught.value as answer:
        assert ET.fromstring(answer.read()).findtext("Code") == "XAmzContentSHA256Mismatch"
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


FORMS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
SIGNED, UNSIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
GOOD = base64.b64encode(zlib.crc32(b"body").to_bytes(4, "big")).decode()
BAD = base64.b64encode(zlib.crc32(b"other").to_bytes(4, "big")).decode()


@pytest.mark.parametrize(
    ("kind", "body", "length", "code"),
    [
        (UNSIGNED, "4\r\nbody\r\n0\r\n\r\n", 4, None),
        (UNSIGNED, f"4\r\nbody\r\n0\r\nx-amz-checksum-crc32:{GOOD}\r\n\r\n", 4, None),
        (SIGNED, "2;chunk-signature=0\r\nbo\r\n2;x=1\r\ndy\r\n0;x=1\r\n\r\n", 4, None),
        (UNSIGNED, f"4\r\nbody\r\n0\r\nx-amz-checksum-crc32:{BAD}\r\n\r\n", 4, "BadDigest"),
        (UNSIGNED, "4\r\nbody\r\n0\r\n\r\n", 5, "IncompleteBody"),
        (SIGNED, "4;chunk-signature=0\r\nbody\r\n0;\r\n\r\n", 10**15, "IncompleteBody"),
        (UNSIGNED, "4\r\nbody\r\n", 4, "IncompleteBody"),
        (UNSIGNED, "9\r\nbody\r\n0\r\n\r\n", 9, "IncompleteBody"),
        (UNSIGNED, "body", 4, "IncompleteBody"),
        (UNSIGNED, "4\r\nbody\r\n0\r\n\r\n", "x", "MissingContentLength"),
    ],
)
def test_a_body_in_chunks_is_whole_or_refused(s3, bucket, local, kind, body, length, code):
    headers = {"x-amz-decoded-content-length": str(length), "Content-Type": "text/plain"}
    headers |= {"X-Amz-Content-SHA256": kind}
    request = AWSRequest("PUT", f"{local.url}/{bucket}/k", headers=headers, data=body.encode())
    Streaming(Credentials("test", "test"), "s3", "us-east-1").add_auth(request)
    sent = Request(request.url, body.encode(), dict(request.headers.items()), method="PUT")
    if code is None:
        urlopen(sent).close()
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"body"
        return
    with pytest.raises(HTTPError) as caught:
        urlopen(sent)
    with caught.value as answer:
        assert ET.fromstring(answer.read()).findtext("Code") == code
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


class Streaming(S3SigV4Auth):
    """Signs what a header says of the body, whatever it is."""

    def payload(self, request):
        return request.headers["X-Amz-Content-SHA256"]

    def _modify_request_before_signing(self, request):
        said = request.headers["X-Amz-Content-SHA256"]
        super()._modify_request_before_signing(request)
        del request.headers["X-Amz-Content-SHA256"]
        request.headers["X-Amz-Content-SHA256"] = said


@pytest.mark.parametrize("path", ["?versioning", "?tagging", "?cors", "?lifecycle", "/k?tagging"])
@pytest.mark.parametrize("body", [b"", b"<x", b"words"])
def test_a_document_that_is_not_xml_is_malformed(s3, bucket, signed, path, body):
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    with pytest.raises(HTTPError) as caught:
        urlopen(signed(f"/{bucket}{path}", method="PUT", body=body))
    with caught.value as answer:
        assert ET.fromstring(answer.read()).findtext("Code") == "MalformedXML"


def test_a_policy_that_is_not_json_breaks_nothing(s3, bucket, expect_error):
    with expect_error("MalformedPolicy", 400):
        s3.put_bucket_policy(Bucket=bucket, Policy="words")
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    with expect_error("MalformedXML", 400):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Perhaps"})


@pytest.mark.parametrize("kind", FORMS)
def test_a_body_is_kept_whatever_its_type(s3, bucket, signed, kind):
    """curl --data-binary says that any body is a form."""
    of = {"Bucket": bucket, "Key": "k"}
    headers = {"Content-Type": kind}
    urlopen(signed(f"/{bucket}/k", method="PUT", body=b"a=b&c", headers=headers)).close()
    answer = s3.get_object(**of)
    assert (answer["Body"].read(), answer["ContentType"]) == (b"a=b&c", kind)
    to = {**of, "UploadId": s3.create_multipart_upload(**of, ContentType=kind)["UploadId"]}
    path = f"/{bucket}/k?uploadId={to['UploadId']}&partNumber=1"
    urlopen(signed(path, method="PUT", body=b"a=b&d", headers=headers)).close()
    parts = {"Parts": [{"PartNumber": 1, "ETag": s3.list_parts(**to)["Parts"][0]["ETag"]}]}
    s3.complete_multipart_upload(**to, MultipartUpload=parts)
    answer = s3.get_object(**of)
    assert (answer["Body"].read(), answer["ContentType"]) == (b"a=b&d", kind)


def test_somebody_elses_bucket_is_denied(s3, reader, bucket, expect_error):
    other = {"ExpectedBucketOwner": "999999999999"}
    with expect_error("AccessDenied", 403):
        s3.get_object(Bucket="texts", Key="greeting.txt", **other)
    with expect_error("AccessDenied", 403):
        s3.put_object(Bucket="texts", Key="new", Body=b"", **other)
    with expect_error("AccessDenied", 403):
        copy = {"CopySource": "texts/greeting.txt", "ExpectedSourceBucketOwner": "9" * 12}
        s3.copy_object(Bucket=bucket, Key="k", **copy)
    owner = {"ExpectedBucketOwner": "123456789012"}
    assert s3.get_object(Bucket="texts", Key="greeting.txt", **owner)["ContentLength"] == 5


def test_writers_and_readers_at_once_lose_nothing(local):
    s3 = local.client("s3")
    versioned = new_bucket(s3, "Enabled")
    plain = new_bucket(s3)
    body = b"x" * 300_000
    s3.put_object(Bucket=plain, Key="k", Body=body)

    def work(_):
        s3.put_object(Bucket=versioned, Key="k", Body=body)
        s3.put_object(Bucket=plain, Key="k", Body=body)
        return s3.get_object(Bucket=plain, Key="k")["Body"].read() == body

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(60)))
    assert len(s3.list_object_versions(Bucket=versioned)["Versions"]) == 60


def test_two_kilobytes_may_be_many_names(s3, bucket, monkeypatch):
    monkeypatch.setattr("http.client._MAXHEADERS", 2048)  # this test's own client reads 100
    metadata = {f"k{n}": "v" for n in range(400)}
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata=metadata)
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == metadata


def test_metadata_is_two_kilobytes_at_most(s3, bucket, expect_error):
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2047})
    with expect_error("MetadataTooLarge", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2048})


@pytest.mark.parametrize(
    "name", ["UPPER", "a_b", "a..b", "1.2.3.4", "xn--a", "taken-s3alias", "taken--ol-s3", "-a"]
)
def test_a_bucket_has_a_name_that_s3_takes(signed, name):
    with pytest.raises(HTTPError) as caught:
        urlopen(signed(f"/{name}/" if name.endswith("3") else f"/{name}", method="PUT"))
    caught.value.close()
    assert caught.value.code in {400, 404}


def test_an_access_point_is_made_once_and_deleted_once(local, bucket, expect_error):
    control, account = local.client("s3control"), {"AccountId": "123456789012"}
    control.create_access_point(**account, Name="once", Bucket=bucket)
    with expect_error("AccessPointAlreadyOwnedByYou", 409):
        control.create_access_point(**account, Name="once", Bucket=bucket)
    control.delete_access_point(**account, Name="once")
    with expect_error("NoSuchAccessPoint", 404):
        control.delete_access_point(**account, Name="once")
    with expect_error("AccessDenied", 403):
        control.list_access_points(AccountId="999999999999")
