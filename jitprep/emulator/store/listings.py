"""Listings of buckets, objects and versions."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from jitprep.emulator.data_plane.actions import BUCKET_SUBRESOURCES
from jitprep.emulator.s3_xml import XmlElement, xml_flag
from jitprep.emulator.store import uploads
from jitprep.emulator.store.moto_backend import MotoBackend, is_marker, versions_of
from jitprep.emulator.store.pagination import ListQuery, invalid_argument, whole_number
from jitprep.emulator.store.request import WsgiRequest, WsgiResponse

# The owner in moto's other responses.
OWNER: XmlElement = (
    "Owner",
    [("ID", "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a")],
)
_MOST_BUCKETS = 10_000
# When the last version of a page was created, by bucket, key and ID, in case it is deleted before the
# next page is requested.
_ENDS_KEPT = 10_000
_ends: dict[tuple[str, str, str], Any] = {}


def listing_of(request: WsgiRequest) -> Callable[[Any, WsgiRequest], WsgiResponse] | None:
    """Return the function for the listing that a request asks for, or None."""
    names = request.query.keys() & BUCKET_SUBRESOURCES
    if names:
        return {"uploads": uploads.list_uploads, "versions": _versions}.get(min(names))
    return _version_2 if request.query.get("list-type") == "2" else _version_1


def list_buckets(moto: MotoBackend, request: WsgiRequest) -> WsgiResponse:
    """List the buckets."""
    query = request.query
    after = _position(query.get("continuation-token"))
    most = whole_number(request, "max-buckets", _MOST_BUCKETS, least=1)
    found = [
        bucket
        for bucket in moto.buckets()
        if bucket.name > after
        and bucket.name.startswith(query.get("prefix", ""))
        and query.get("bucket-region", bucket.region_name) == bucket.region_name
    ]
    page = found[: min(most, _MOST_BUCKETS)]
    listed: list[XmlElement] = [
        (
            "Bucket",
            [
                ("Name", bucket.name),
                ("CreationDate", bucket.creation_date_ISO8601),
                ("BucketRegion", bucket.region_name),
            ],
        )
        for bucket in page
    ]
    content: list[XmlElement] = [OWNER, ("Buckets", listed)]
    if query.get("prefix"):
        content.append(("Prefix", query["prefix"]))
    if len(page) < len(found):
        content.append(("ContinuationToken", _token(page[-1].name)))
    return WsgiResponse.of_document("ListAllMyBucketsResult", content)


def _version_1(bucket: Any, request: WsgiRequest) -> WsgiResponse:
    list_query = ListQuery.of(request)
    marker = request.query.get("marker", "")
    page, more = _page(bucket, list_query, marker)
    content: list[XmlElement] = [
        ("Name", bucket.name),
        ("Marker", list_query.text(marker)),
        *list_query.echo(),
        ("MaxKeys", str(list_query.most)),
        ("IsTruncated", xml_flag(more)),
    ]
    if more and list_query.delimiter:
        content.append(("NextMarker", list_query.text(page[-1][0])))
    return WsgiResponse.of_document(
        "ListBucketResult", content + _found(bucket, list_query, page, owner=True)
    )


def _version_2(bucket: Any, request: WsgiRequest) -> WsgiResponse:
    list_query = ListQuery.of(request)
    token, start = request.query.get("continuation-token"), request.query.get("start-after", "")
    page, more = _page(bucket, list_query, start if token is None else _position(token))
    content: list[XmlElement] = [
        ("Name", bucket.name),
        *list_query.echo(),
        ("MaxKeys", str(list_query.most)),
        ("KeyCount", str(len(page))),
        ("IsTruncated", xml_flag(more)),
    ]
    if token is not None:
        content.append(("ContinuationToken", token))
    if start:
        content.append(("StartAfter", list_query.text(start)))
    if more:
        content.append(("NextContinuationToken", _token(page[-1][0])))
    owner = request.query.get("fetch-owner") == "true"
    return WsgiResponse.of_document(
        "ListBucketResult", content + _found(bucket, list_query, page, owner=owner)
    )


def _page(bucket: Any, list_query: ListQuery, after: str) -> tuple[list[tuple[str, bool]], bool]:
    """Return a page of keys and common prefixes, and whether there are more."""
    live = [key for key, version in bucket.keys.items() if not is_marker(version)]
    found = list(list_query.entries(live, after))
    page = found[: list_query.most]
    return page, bool(page) and len(page) < len(found)


def _found(
    bucket: Any, list_query: ListQuery, page: list[tuple[str, bool]], *, owner: bool
) -> list[XmlElement]:
    objects = [bucket.keys[name] for name, is_prefix in page if not is_prefix]
    contents: list[XmlElement] = [
        ("Contents", [*_described(list_query, found), *([OWNER] if owner else [])])
        for found in objects
    ]
    return contents + list_query.prefixes(name for name, is_prefix in page if is_prefix)


def _described(list_query: ListQuery, found: Any) -> list[XmlElement]:
    described: list[XmlElement] = [
        ("Key", list_query.text(found.name)),
        ("LastModified", found.last_modified_ISO8601),
        ("ETag", found.etag),
    ]
    if found.checksum_algorithm:
        described.append(("ChecksumAlgorithm", found.checksum_algorithm))
    return [*described, ("Size", str(found.size)), ("StorageClass", found.storage_class)]


def _versions(bucket: Any, request: WsgiRequest) -> WsgiResponse:
    list_query = ListQuery.of(request)
    after, version = (request.query.get(n, "") for n in ("key-marker", "version-id-marker"))
    if version and not after:
        message = "A version-id marker cannot be specified without a key marker."
        raise invalid_argument(message, "version-id-marker", version)
    found = _every_version(bucket, list_query, after, version)
    page = found[: list_query.most]
    content: list[XmlElement] = [
        ("Name", bucket.name),
        *list_query.echo(),
        ("KeyMarker", list_query.text(after)),
        ("VersionIdMarker", version),
        ("MaxKeys", str(list_query.most)),
        ("IsTruncated", xml_flag(bool(page) and len(page) < len(found))),
    ]
    if page and len(page) < len(found):
        name, last, _ = page[-1]
        content.append(("NextKeyMarker", list_query.text(name)))
        if last is not None:
            content.append(("NextVersionIdMarker", last.version_id))
            _remember(bucket, last)
    content += [_version(list_query, last, latest) for _, last, latest in page if last is not None]
    content += list_query.prefixes(name for name, last, _ in page if last is None)
    return WsgiResponse.of_document("ListVersionsResult", content)


def _every_version(
    bucket: Any, list_query: ListQuery, after: str, version: str
) -> list[tuple[str, Any, bool]]:
    """Return the versions after a position, each with whether it is the latest.

    The version of a common prefix is None.
    """
    found: list[tuple[str, Any, bool]] = []
    if version and list_query.common_prefix(after) is None and after.startswith(list_query.prefix):
        rest = _versions_after(bucket, after, version)
        latest = versions_of(bucket, after)[:1]
        found = [(after, one, one in latest) for one in rest]
    for name, is_prefix in list_query.entries(list(bucket.keys), after):
        if is_prefix:
            found.append((name, None, False))
        else:
            every = versions_of(bucket, name)
            found += [(name, one, index == 0) for index, one in enumerate(every)]
    return found


def _versions_after(bucket: Any, key: str, version: str) -> list[Any]:
    """Return a key's versions after one that ended a page, even if that was deleted since."""
    every = versions_of(bucket, key)
    ids = [one.version_id for one in every]
    if version in ids:
        return every[ids.index(version) + 1 :]
    made = _ends.get((bucket.name, key, version))
    if made is None:
        raise invalid_argument("Invalid version id specified", "version-id-marker", version)
    return [one for one in every if one.last_modified < made]


def _remember(bucket: Any, version: Any) -> None:
    if len(_ends) >= _ENDS_KEPT:
        _ends.pop(next(iter(_ends)), None)
    _ends[bucket.name, version.name, version.version_id] = version.last_modified


def _version(list_query: ListQuery, version: Any, latest: bool) -> XmlElement:
    head: list[XmlElement] = [
        ("Key", list_query.text(version.name)),
        ("VersionId", version.version_id),
        ("IsLatest", xml_flag(latest)),
    ]
    if is_marker(version):
        return "DeleteMarker", [*head, ("LastModified", version.last_modified_ISO8601), OWNER]
    return "Version", [*head, *_described(list_query, version)[1:], OWNER]


def _token(position: str) -> str:
    return base64.urlsafe_b64encode(b"1" + position.encode()).decode()


def _position(token: str | None) -> str:
    """Return the position that a continuation token encodes. Raises S3Error, 400."""
    if token is None:
        return ""
    try:
        text = base64.b64decode(token, altchars=b"-_", validate=True).decode()
        if text.startswith("1"):
            return text[1:]
    except (binascii.Error, UnicodeDecodeError):
        pass
    message = "The continuation token provided is incorrect"
    raise invalid_argument(message, "continuation-token", token)
