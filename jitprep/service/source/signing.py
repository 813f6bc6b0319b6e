"""Signatures of reads that the function makes with its own execution role.

`signed` is for events without a presigned URL (`bucket_source`).

`readable` is for a HeadObject event, whose URL S3 signs for HEAD only. Where a derived object's size
depends on its pixels, they must be read; the role must then allow ``s3:GetObject`` on the supporting
access point. The function reads after S3 has answered the caller's own HEAD, which needs the same
permission, so no caller learns more than they may read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from jitprep.service.errors import RequestFailed
from jitprep.service.messages import Presigned
from jitprep.service.source.aws_credentials import find_region, signing_credentials
from jitprep.sigv4.signing import sign


def readable(head: Presigned) -> Presigned:
    """Return the object of a URL that is signed for HEAD, signed for GET by the execution role.

    Raises
    ------
    RequestFailed
        ``SizeUnknown`` where the function has no credentials, or no region.
    """
    parts = urlsplit(head.url)
    version = parse_qs(parts.query).get("versionId")
    query = urlencode({"versionId": version[0]}) if version else ""
    url = urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
    region = find_region()
    if region is None:
        raise size_unknown("the function has no region")
    try:
        return signed("GET", url, region, head.headers)
    except ValueError:
        raise size_unknown("the function has no credentials") from None


def signed(
    method: Literal["GET", "HEAD"], url: str, region: str, headers: Mapping[str, str]
) -> Presigned:
    """Return a read that is signed in its headers by the execution role; it covers `headers`.

    This is cheaper than presigning, and keeps the URL short: it is parsed several times, and a role's
    token in it has two thousand characters.

    Raises
    ------
    ValueError
        Where there are no credentials.
    """
    sent = sign(method, url, headers, signing_credentials(), region)
    del sent["host"]  # the connection sends it
    return Presigned(url, sent)


def size_unknown(why: str) -> RequestFailed:
    """Return the failure of a HEAD whose size cannot be known."""
    return RequestFailed(
        403,
        "SizeUnknown",
        f"the size of this pipeline's objects depends on their pixels, and {why}; allow the function's "
        "role s3:GetObject on the supporting access point, or choose a pipeline of fixed size",
    )
