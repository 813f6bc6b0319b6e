"""Signatures of GETs that the function makes with its own execution role.

`signed` is for events without a presigned URL (`bucket_source`).

`readable` is for a HeadObject event, whose URL S3 signs for HEAD only. Where a derived object's size
depends on its pixels, they must be read; the role must then allow ``s3:GetObject`` on the supporting
access point. The function reads after S3 has answered the caller's own HEAD, which needs the same
permission, so no caller learns more than they may read.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import boto3
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError

from jitprep.service.errors import RequestFailed
from jitprep.service.messages import Presigned

EXPIRES_S = 300


def readable(head: Presigned) -> Presigned:
    """Return the object of a URL that is signed for HEAD, signed for GET by the execution role.

    Raises
    ------
    RequestFailed
        ``SizeUnknown`` where the function has no credentials.
    """
    parts = urlsplit(head.url)
    version = parse_qs(parts.query).get("versionId")
    query = urlencode({"versionId": version[0]}) if version else ""
    url = urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
    request = AWSRequest("GET", url, headers=dict(head.headers))
    credentials = _session().get_credentials()
    if credentials is None:
        raise size_unknown("the function has no credentials")
    frozen, region = credentials.get_frozen_credentials(), _session().region_name
    S3SigV4QueryAuth(frozen, "s3", region, EXPIRES_S).add_auth(request)
    return Presigned(str(request.url), head.headers)


def signed(url: str, region: str, headers: Mapping[str, str]) -> Presigned:
    """Return a GET of an object, signed in its headers by the execution role; it covers `headers`.

    This is cheaper than presigning, and keeps the URL short: it is parsed several times, and a role's
    token in it has two thousand characters.

    Raises
    ------
    NoCredentialsError
    """
    credentials = _session().get_credentials()
    if credentials is None:
        raise NoCredentialsError
    request = AWSRequest("GET", url, headers=dict(headers))
    S3SigV4Auth(credentials.get_frozen_credentials(), "s3", region).add_auth(request)
    return Presigned(url, dict(request.headers.items()))


def size_unknown(why: str) -> RequestFailed:
    """Return the failure of a HEAD whose size cannot be known."""
    return RequestFailed(
        403,
        "SizeUnknown",
        f"the size of this pipeline's objects depends on their pixels, and {why}; allow the function's "
        "role s3:GetObject on the supporting access point, or choose a pipeline of fixed size",
    )


@cache
def _session() -> boto3.Session:
    return boto3.Session()
