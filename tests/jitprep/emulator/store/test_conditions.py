"""Conditional reads, writes and copies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from .objects import TEXT, status_of, upload


def test_conditions_follow_rfc_9110(s3, bucket):
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
