"""Versioning as in S3, where moto's differs: suspended versioning, and deletions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeDeleteMarker
from moto.s3.utils import _VersionedKeyStore

from jitprep.emulator.s3_errors import S3Error
from jitprep.emulator.s3_xml import XmlElement
from jitprep.emulator.store.moto_backend import MotoBackend, is_marker, versions_of
from jitprep.emulator.store.object_reads import no_such_key
from jitprep.emulator.store.request import WsgiRequest, WsgiResponse
from jitprep.emulator.store.request_bodies import malformed_xml

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_RESERVED = (("xn--", "sthree-"), ("-s3alias", "--ol-s3", "--x-s3", ".mrap", "--table-s3"))
_NULL = "null"
_MOST = 1000
_MARKER, _VERSION = "x-amz-delete-marker", "x-amz-version-id"


class VersionedKeys(_VersionedKeyStore):  # type: ignore[misc]
    """A bucket's keys. If versioning is suspended, a new object replaces only the null version.

    In moto the new object becomes the only version of its key, and the others are lost.
    """

    def __init__(self, bucket: Any) -> None:
        super().__init__()
        self._bucket = bucket

    def setlist(self, key: Any, list_: Any) -> None:
        """Set a key's versions, newest last."""
        new = list(list_)
        if self._bucket.versioning_status == "Suspended":
            kept = [one for one in self.getlist(key, []) if one.version_id != _NULL]
            new = [*kept, *(one for one in new if one not in kept)]
        super().setlist(key, new)

    def replace(self, key: str, new: list[Any]) -> None:
        """Set a key's versions to exactly these; an empty list removes the key."""
        super().setlist(key, new)
        if not new:
            dict.pop(self, key)


def keep_versions(bucket: Any) -> None:
    """Make a bucket use `VersionedKeys`; does nothing if it already holds objects."""
    if not isinstance(bucket.keys, VersionedKeys) and not bucket.keys:
        bucket.keys = VersionedKeys(bucket)


def require_bucket_name(bucket: str) -> None:
    """Raise S3Error, 400, unless a bucket's name follows AWS's "Bucket naming rules"."""
    reserved = bucket.startswith(_RESERVED[0]) or bucket.endswith(_RESERVED[1])
    if reserved or not _NAME.fullmatch(bucket) or _ADDRESS.fullmatch(bucket) or ".." in bucket:
        message = "The specified bucket is not valid."
        raise S3Error(400, "InvalidBucketName", message, {"BucketName": bucket})


def delete_object(moto: MotoBackend, bucket: Any, request: WsgiRequest) -> WsgiResponse:
    """Answer a DeleteObject."""
    condition = request.header("if-match")
    headers = _delete(moto, bucket, request, request.key, request.query.get("versionId"), condition)
    return WsgiResponse(204, dict(headers))


def delete_objects(moto: MotoBackend, bucket: Any, request: WsgiRequest) -> WsgiResponse:
    """Answer a DeleteObjects."""
    try:
        root = ET.fromstring(request.read_body())  # noqa: S314 - expat limits entity expansion
    except ET.ParseError:
        root = ET.Element("none")
    objects = root.findall("{*}Object")
    if root.tag.rpartition("}")[2] != "Delete" or not 1 <= len(objects) <= _MOST:
        raise malformed_xml()
    quiet = root.findtext("{*}Quiet", "").strip() == "true"
    done: list[XmlElement] = []
    for one in objects:
        key, version = one.findtext("{*}Key", ""), one.findtext("{*}VersionId")
        if not key:
            raise malformed_xml()
        named: list[XmlElement] = [("Key", key), *([("VersionId", version)] if version else [])]
        try:
            headers = _delete(moto, bucket, request, key, version, one.findtext("{*}ETag"))
        except S3Error as error:
            done.append(("Error", [*named, ("Code", error.code), ("Message", error.message)]))
            continue
        if _MARKER in headers:
            named.append(("DeleteMarker", headers[_MARKER]))
            named.append(("DeleteMarkerVersionId", headers[_VERSION]))
        if not quiet:
            done.append(("Deleted", named))
    return WsgiResponse.of_document("DeleteResult", done)


def _delete(
    moto: MotoBackend,
    bucket: Any,
    request: WsgiRequest,
    key: str,
    version: str | None,
    etag: str | None,
) -> Mapping[str, str]:
    """Delete an object or one of its versions; return the response headers.

    Raises
    ------
    S3Error
        403 if a policy or a lock forbids it, 404 or 412 if ``etag`` is not the object's.
    """
    resource = f"arn:{bucket.partition}:s3:::{bucket.name}/{key}"
    if bucket.get_permission("s3:DeleteObject", resource) == PermissionResult.DENIED:
        raise S3Error(403, "AccessDenied", "Access Denied")
    found = versions_of(bucket, key)
    if version is not None:
        found = [one for one in found if one.version_id == version]
    _require_etag(found, key, etag)
    if version is None and bucket.versioning_status is not None:
        return _mark(bucket, key)
    if version not in {None, _NULL} and bucket.versioning_status is None:
        raise S3Error(400, "InvalidArgument", "Invalid version id specified")
    bypass = (request.header("x-amz-bypass-governance-retention") or "").lower() == "true"
    for one in found:
        if not is_marker(one):
            if one.is_locked(governance_bypass=bypass):
                message = "Access Denied because object protected by object lock."
                raise S3Error(403, "AccessDenied", message)
            moto.tagger(bucket).delete_all_tags_for_resource(one.arn)
    if found:
        kept = [one for one in bucket.keys.getlist(key) if one not in found]
        bucket.keys.replace(key, kept)
    if version is None or bucket.versioning_status is None:
        return {}
    marker = {_MARKER: "true"} if found and is_marker(found[0]) else {}
    return {**marker, _VERSION: version}


def _require_etag(found: list[Any], key: str, etag: str | None) -> None:
    if etag is None:
        return
    if not found or is_marker(found[0]):
        raise no_such_key(key)
    if etag.strip() != "*" and etag.strip().strip('"') != found[0].etag.strip('"'):
        message = "At least one of the pre-conditions you specified did not hold"
        raise S3Error(412, "PreconditionFailed", message, {"Condition": "If-Match"})


def _mark(bucket: Any, key: str) -> Mapping[str, str]:
    """Add a delete marker to a key; if versioning is suspended, it replaces the null version."""
    marker = FakeDeleteMarker(key=SimpleNamespace(name=key))
    every = bucket.keys.getlist(key, [])
    if bucket.versioning_status == "Suspended":
        marker._version_id = _NULL
        every = [one for one in every if one.version_id != _NULL]
    bucket.keys.replace(key, [*every, marker])
    return {_MARKER: "true", _VERSION: str(marker.version_id)}
