"""The examples that AWS publishes for signatures of version 4.

They are in the Amazon S3 API Reference: "Examples: Signature Calculations" and "Authenticating
Requests: Using Query Parameters".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from jitprep.sigv4.request_head import RequestHead
from jitprep.sigv4.verification import Verifier

from .signed_requests import (
    EMPTY,
    KEY,
    S3,
    SECRET,
    code,
)

PUBLISHED = Verifier({KEY: SECRET}.get, "us-east-1", lambda: datetime(2013, 5, 24, tzinfo=UTC))


def published(method, path, query, signature, headers, content=EMPTY):
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "x-amz-content-sha256": content,
        "x-amz-date": "20130524T000000Z",
        **headers,
    }
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={KEY}/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={';'.join(sorted(headers))},Signature={signature}"
    )
    return RequestHead(method, path, query, [*headers.items(), ("authorization", authorization)])


EXAMPLES = {
    "get": published(
        "GET",
        "/test.txt",
        "",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        {"range": "bytes=0-9"},
    ),
    "put": published(
        "PUT",
        "/test$file.text",
        "",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        {
            "date": "Fri, 24 May 2013 00:00:00 GMT",
            "x-amz-storage-class": "REDUCED_REDUNDANCY",
        },
        "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
    ),
    "lifecycle": published(
        "GET",
        "/",
        "lifecycle",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        {},
    ),
    "list": published(
        "GET",
        "/",
        "max-keys=2&prefix=J",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        {},
    ),
    "presigned": RequestHead(
        "GET",
        "/test.txt",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Credential={KEY}/20130524/us-east-1/s3/aws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
        [("host", "examplebucket.s3.amazonaws.com")],
    ),
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_what_aws_publishes_verifies(example):
    PUBLISHED.verify(example, S3, b"Welcome to Amazon S3." if example.method == "PUT" else b"")


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_what_aws_publishes_does_not_verify_with_another_secret(example):
    other = replace(PUBLISHED, secrets={KEY: "another"}.get)
    assert code(example, verifier=other) == (403, "SignatureDoesNotMatch")
