"""Sources that the function reads with its own role, where the event brings no presigned URL.

Without a rule, anybody who may invoke the function could read whatever its role can. So the operator
lists the buckets, each under the alias that requests use.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, quote, urlsplit

from jitprep.service import s3
from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.http.client_request import EXPECTED_OWNER
from jitprep.service.messages import ListingName, ObjectName, Presigned
from jitprep.service.source.hosts import ParsedUrl, is_s3_host
from jitprep.service.source.original import read_signed_page
from jitprep.service.source.signing import EXPIRES_S, signed
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from jitprep.service.deadline import Deadline

# A placeholder, to learn the URL of a bucket from a presigned one.
_KEY = "key"
# ListObjectsV2's parameters by boto3's names.
_LISTING = {
    "continuation-token": "ContinuationToken",
    "delimiter": "Delimiter",
    "encoding-type": "EncodingType",
    "fetch-owner": "FetchOwner",
    "max-keys": "MaxKeys",
    "prefix": "Prefix",
    "start-after": "StartAfter",
}


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
    if method == "HEAD":
        asked = {"Bucket": bucket, "Key": name.key, "VersionId": name.version}
        given = {parameter: value for parameter, value in asked.items() if value}
        return _presigned("head_object", given, name.owner)
    place = _place(bucket)
    query = f"?versionId={quote(name.version, safe='')}" if name.version else ""
    headers = {EXPECTED_OWNER: name.owner} if name.owner else {}
    return signed(f"{place.url}{quote(name.key, safe='/~')}{query}", place.region, headers)


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
    asked: dict[str, str | int] = {
        _LISTING[parameter]: value for parameter, value in name.parameters.items()
    }
    if "MaxKeys" in asked:
        asked["MaxKeys"] = int(asked["MaxKeys"])
    if "FetchOwner" in asked:
        asked["FetchOwner"] = str(asked["FetchOwner"]).lower() == "true"
    return _presigned("list_objects_v2", {"Bucket": bucket, **asked}, name.owner)


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
    """Return where boto3 locates a bucket. Cached: its endpoint rules take half a millisecond."""
    url = urlsplit(_presigned("get_object", {"Bucket": bucket, "Key": _KEY}, None).url)
    scope = parse_qs(url.query)["X-Amz-Credential"][0].split("/")
    return _Place(f"{url.scheme}://{url.netloc}{url.path.removesuffix(_KEY)}", scope[-3])


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


def _presigned(operation: str, asked: Mapping[str, str | int], owner: str | None) -> Presigned:
    parameters = {**asked, "ExpectedBucketOwner": owner} if owner else asked
    url = s3.client().generate_presigned_url(operation, parameters, EXPIRES_S)
    return Presigned(url, {EXPECTED_OWNER: owner} if owner else {})
