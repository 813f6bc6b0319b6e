"""Requests that botocore signs, and changes to them."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from jitprep.sigv4.refusals import SignatureRefused
from jitprep.sigv4.request_head import RequestHead
from jitprep.sigv4.verification import Verifier

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
VERIFIER = Verifier({KEY: SECRET}.get, "us-east-1")
S3, DATA_PLANE = ("s3",), ("s3", "s3-object-lambda")
HOST = "127.0.0.1:9000"


def signed(
    method="GET",
    path="/bucket/key",
    query="",
    headers=(),
    *,
    presign=False,
    service="s3",
    region="us-east-1",
    key=KEY,
    secret=SECRET,
    token=None,
    expires=60,
    body=b"",
):
    """Return a request as botocore signs it."""
    request = AWSRequest(method, f"http://{HOST}{path}?{query}", data=body)
    for name, value in headers:
        request.headers[name] = value
    credentials = Credentials(key, secret, token)
    if presign:
        signer = S3SigV4QueryAuth(credentials, service, region, expires)
    else:
        kind = SigV4Auth if service == "lambda" else S3SigV4Auth
        signer = kind(credentials, service, region)
    signer.add_auth(request)
    url = urlsplit(request.url)
    sent = [(name.lower(), value) for name, value in request.headers.items()]
    return RequestHead(method, url.path, url.query, [("host", HOST), *sent])


def refusal(request_head, services=S3, body=None, verifier=VERIFIER):
    with pytest.raises(SignatureRefused) as caught:
        verifier.verify(request_head, services, body)
    return caught.value


def code(request_head, **how):
    error = refusal(request_head, **how)
    return error.status, error.code


def with_header(request_head, name, value):
    kept = [(found, old) for found, old in request_head.headers if found != name]
    return replace(request_head, headers=kept if value is None else [*kept, (name, value)])


def with_authorization(request_head, old, new):
    authorization = request_head.header("authorization")
    assert old in authorization
    return with_header(request_head, "authorization", authorization.replace(old, new))


def with_query(request_head, old, new):
    assert old in request_head.query
    return replace(request_head, query=request_head.query.replace(old, new))


EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
