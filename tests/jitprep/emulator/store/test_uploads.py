"""Multipart uploads that cannot be completed."""

from __future__ import annotations

import pytest

from .objects import upload


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


def test_an_invalid_upload_has_s3s_error(s3, bucket, expect_error):
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
