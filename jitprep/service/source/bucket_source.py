"""Sources that the function reads with its own role, where the event brings no presigned URL.

Without a rule, anybody who may invoke the function could read whatever its role can. So the operator
lists the buckets, each under the alias that requests use.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlencode

from jitprep.service.aws.locations import bucket_url
from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.http.client_request import EXPECTED_OWNER
from jitprep.service.messages import ListingName, ObjectName, Presigned
from jitprep.service.source.aws_credentials import find_region
from jitprep.service.source.hosts import ParsedUrl, is_s3_host
from jitprep.service.source.original import read_signed_page
from jitprep.service.source.signing import signed
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from jitprep.service.deadline import Deadline

_DEFAULT_REGION = "us-east-1"


def resolve(name: ObjectName, method: Literal["GET", "HEAD"]) -> Presigned:
    """Return a signed source for an object.

    Parameters
    ----------
    name : ObjectName
        Its bucket is the operator's alias.
    method : {"GET", "HEAD"}
        What the source is good for.

    Raises
    ------
    RequestFailed
        ``BucketNotAllowed``; ``InvalidRequest`` for an empty key; ``NotImplemented`` for an owner that
        this store does not compare.
    """
    if not name.key:
        raise RequestFailed(400, "InvalidRequest", "the object's key is empty; name an object")
    bucket = _bucket(name.bucket)
    _require_comparable(name.owner)
    query = f"?versionId={quote(name.version, safe='')}" if name.version else ""
    return _signed(method, bucket, f"{quote(name.key, safe='/~')}{query}", name.owner)


def list_page(name: ListingName, deadline: Deadline) -> bytes:
    """Return a page of a bucket's listing, as S3's XML.

    Raises
    ------
    RequestFailed
        What `signed_listing` and reading it raise.
    """
    return read_signed_page(signed_listing(name), deadline)


def signed_listing(name: ListingName) -> Presigned:
    """Return a signed source for a page of a bucket's listing.

    Raises
    ------
    RequestFailed
        ``BucketNotAllowed``; ``NotImplemented`` for an owner that this store does not compare.
    """
    bucket = _bucket(name.bucket)
    _require_comparable(name.owner)
    asked = sorted({"list-type": "2", **name.parameters}.items())
    return _signed("GET", bucket, f"?{urlencode(asked, quote_via=quote)}", name.owner)


def alias_of(bucket: str) -> str:
    """Return the operator's alias of a bucket that an event names, by its name in S3 or by its alias.

    The name in S3 goes first: S3 Batch Operations uses it, and an alias may equal another bucket's name.

    Raises
    ------
    RequestFailed
        ``BucketNotAllowed``.
    """
    for alias, name in config().buckets.items():
        if name == bucket:
            return alias
    _bucket(bucket)
    return bucket


@frozen
class _Place:
    """The location of a bucket.

    Parameters
    ----------
    url : str
        Of its objects, without their keys.
    region : str
        The region that requests to it are signed for.
    """

    url: str
    region: str


@cache
def _place(bucket: str) -> _Place:
    region = find_region() or _DEFAULT_REGION
    return _Place(bucket_url(bucket, region, config().endpoint), region)


def _bucket(alias: str) -> str:
    bucket = config().buckets.get(alias)
    if bucket is None:
        raise RequestFailed(
            403,
            "BucketNotAllowed",
            f"this function may not read {alias!r} with its own role; name it in JITPREP_BUCKETS",
        )
    return bucket


def _require_comparable(owner: str | None) -> None:
    """Refuse a guard that would be ignored: only AWS's S3 compares the owner."""
    endpoint = ParsedUrl.of(config().endpoint or "")
    if owner and endpoint is not None and not is_s3_host(endpoint.host):
        raise RequestFailed(
            501,
            "NotImplemented",
            f"only AWS compares {EXPECTED_OWNER}, and this is another store; leave it out",
        )


def _signed(
    method: Literal["GET", "HEAD"], bucket: str, target: str, owner: str | None
) -> Presigned:
    place = _place(bucket)
    headers = {EXPECTED_OWNER: owner} if owner else {}
    return signed(method, f"{place.url}{target}", place.region, headers)
