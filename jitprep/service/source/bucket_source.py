"""What the function reads with its own role, where the event brings no presigned URL.

Whoever may invoke the function could otherwise read whatever its role can: so the operator lists the
buckets, and gives each the name that requests call it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal
from urllib.parse import parse_qs, quote, urlsplit

from jitprep.service import s3
from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import Presigned
from jitprep.service.source.hosts import ParsedUrl, is_s3_host
from jitprep.service.source.signing import signed

EXPECTED_OWNER = "x-amz-expected-bucket-owner"
_EXPIRES_S = 300
# Of an object that nobody asks for.
_KEY = "key"


def of_object(
    method: Literal["GET", "HEAD"],
    alias: str,
    key: str,
    version: str | None = None,
    owner: str | None = None,
) -> Presigned:
    """Return where an object is read.

    Parameters
    ----------
    method : {"GET", "HEAD"}
        What the source is good for.
    alias : str
        What the operator calls the bucket.
    key : str
    version : str, optional
        The object's version ID.
    owner : str, optional
        The account whose the bucket must be; None for any.

    Raises
    ------
    RequestFailed
        ``BucketNotAllowed``; ``InvalidRequest`` for an empty key; ``NotImplemented`` for an owner that
        this store does not compare.
    """
    if not key:
        raise RequestFailed(400, "InvalidRequest", "name the object to read: its key is empty")
    bucket = _bucket(alias)
    _require_comparable(owner)
    if method == "HEAD":
        asked = {"Bucket": bucket, "Key": key, "VersionId": version, "ExpectedBucketOwner": owner}
        return _presigned("head_object", {name: value for name, value in asked.items() if value})
    place = _place(bucket)
    query = f"?versionId={quote(version, safe='')}" if version else ""
    headers = {EXPECTED_OWNER: owner} if owner else {}
    return signed(f"{place.url}{quote(key, safe='/~')}{query}", place.region, headers)


def of_listing(alias: str, asked: Mapping[str, str | int]) -> Presigned:
    """Return where a bucket's listing is read.

    Parameters
    ----------
    alias : str
        What the operator calls the bucket.
    asked : mapping of str to (str or int)
        Parameters of ListObjectsV2, by boto3's names.

    Raises
    ------
    RequestFailed
        ``BucketNotAllowed``.
    """
    return _presigned("list_objects_v2", {"Bucket": _bucket(alias), **asked})


def alias_of(bucket: str) -> str:
    """Return what the operator calls a bucket that an event names: by S3's name, or by that already.

    S3's name goes first, for S3 Batch Operations names buckets, and an alias may be another's name.

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


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a bucket is.

    Parameters
    ----------
    url : str
        Of its objects, less their keys.
    region : str
        That requests to it are signed for.
    """

    url: str
    region: str


@cache
def _place(bucket: str) -> _Place:
    """Return where boto3 finds a bucket, asked once: it takes its rules half a millisecond each time."""
    url = urlsplit(_presigned("get_object", {"Bucket": bucket, "Key": _KEY}).url)
    scope = parse_qs(url.query)["X-Amz-Credential"][0].split("/")
    return _Place(f"{url.scheme}://{url.netloc}{url.path.removesuffix(_KEY)}", scope[-3])


def _bucket(alias: str) -> str:
    bucket = config().buckets.get(alias)
    if bucket is None:
        raise RequestFailed(
            403,
            "BucketNotAllowed",
            f"this function may not read {alias!r} by itself; name it in JITPREP_BUCKETS",
        )
    return bucket


def _require_comparable(owner: str | None) -> None:
    """Refuse a guard that would be passed over: other stores than AWS's do not compare the owner."""
    endpoint = ParsedUrl.of(config().endpoint or "")
    if owner and endpoint is not None and not is_s3_host(endpoint.host):
        raise RequestFailed(
            501,
            "NotImplemented",
            f"{EXPECTED_OWNER} is compared by AWS alone, and this store is not; leave it out",
        )


def _presigned(operation: str, asked: Mapping[str, str | int]) -> Presigned:
    owner = asked.get("ExpectedBucketOwner")
    _require_comparable(str(owner) if owner else None)
    url = s3.client().generate_presigned_url(operation, asked, _EXPIRES_S)
    return Presigned(url, {EXPECTED_OWNER: str(owner)} if owner else {})
