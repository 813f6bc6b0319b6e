"""Request bodies: checksums, AWS's chunks, documents and content types."""

from __future__ import annotations

import base64
import hashlib
import zlib
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from xml.etree import ElementTree as ET

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


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
    """Signs the hash in the header, even if it is not that of the body."""

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
def test_a_body_of_any_content_type_is_stored(s3, bucket, signed, kind):
    """The default Content-Type of curl --data-binary is that of a form."""
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
