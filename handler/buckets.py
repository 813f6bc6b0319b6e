"""What the function reads with its own role, where the event brings no presigned URL.

Whoever may invoke the function could otherwise read whatever its role can: so the operator lists the
buckets, and gives each the name that requests call it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from handler import s3
from handler.config import config
from handler.errors import RequestFailed
from handler.exchange import Source

_EXPIRES_S = 300


def of_object(
    method: Literal["GET", "HEAD"], alias: str, key: str, version: str | None = None
) -> Source:
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

    Raises
    ------
    RequestFailed
        ``BucketNotAllowed``; ``InvalidRequest`` for an empty key.
    """
    if not key:
        raise RequestFailed(400, "InvalidRequest", "name the object to read: its key is empty")
    asked = {"Bucket": _bucket(alias), "Key": key} | ({"VersionId": version} if version else {})
    return _presigned("get_object" if method == "GET" else "head_object", asked)


def of_listing(alias: str, asked: Mapping[str, str | int]) -> Source:
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


def _bucket(alias: str) -> str:
    bucket = config().buckets.get(alias)
    if bucket is None:
        raise RequestFailed(
            403,
            "BucketNotAllowed",
            f"this function may not read {alias!r} by itself; name it in JITPREP_BUCKETS",
        )
    return bucket


def _presigned(operation: str, asked: Mapping[str, str | int]) -> Source:
    return Source(s3.client().generate_presigned_url(operation, asked, _EXPIRES_S))
