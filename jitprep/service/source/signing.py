"""A GET of the original under the function's own name.

Where the event brings no URL (`bucket_source`), what is to be read is signed in headers.

S3 signs the URL of a HeadObject event for HEAD alone. Where a derived object's size depends on its
pixels, they must be read, and then the function reads with its execution role, which must allow
``s3:GetObject`` on the supporting access point. It does so after S3 has answered the caller's own HEAD,
which needs the same permission: nobody learns what they may not read.
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

_EXPIRES_S = 300


def readable(head: Presigned) -> Presigned:
    """Return the source that a URL signed for HEAD names, signed for GET by the execution role.

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
    S3SigV4QueryAuth(frozen, "s3", region, _EXPIRES_S).add_auth(request)
    return Presigned(str(request.url), head.headers)


def signed(url: str, region: str, headers: Mapping[str, str]) -> Presigned:
    """Return a GET of an object, signed with these headers by the execution role in others.

    Besides being cheap, that keeps the URL short, which is taken apart several times as it is read: with
    the token of a role in it, it would have two thousand characters.

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
    """Return the failure of a HEAD whose answer would have to be made up."""
    return RequestFailed(
        403,
        "SizeUnknown",
        f"the size of this pipeline's objects depends on their pixels, and {why}; allow the function's "
        "role s3:GetObject on the supporting access point, or choose a pipeline of fixed size",
    )


@cache
def _session() -> boto3.Session:
    return boto3.Session()
