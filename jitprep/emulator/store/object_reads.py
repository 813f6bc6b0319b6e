"""GetObject, HeadObject, and reads of an object's subresources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import accumulate
from typing import Any
from xml.etree import ElementTree as ET

from jitprep.emulator.s3_errors import S3Error
from jitprep.emulator.s3_xml import NAMESPACE
from jitprep.emulator.store import conditions
from jitprep.emulator.store.moto_backend import (
    MotoBackend,
    is_marker,
    last_modified,
    parts_of,
    versions_of,
)
from jitprep.emulator.store.request import WsgiRequest, WsgiResponse

_CONDITIONS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_MOST_PARTS = 10_000
_LARGE = 256 * 1024 * 1024
_ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})


def read_object(moto: MotoBackend, bucket: Any, request: WsgiRequest) -> WsgiResponse:
    """Answer a GET or HEAD of an object, or of a subresource."""
    version = find_version(bucket, request)
    subresource = request.query.keys() & {"acl", "attributes", "legal-hold", "tagging"}
    if subresource:
        unconditional: dict[str, str | None] = dict.fromkeys((*_CONDITIONS, "range"))
        answer = moto.call(request.changed(headers=unconditional))
        return _with_parts(answer, request, version) if "attributes" in subresource else answer
    return _object(moto, bucket, request, version)


def find_version(bucket: Any, request: WsgiRequest) -> Any:
    """Return the version that a request names, or the latest.

    Raises
    ------
    S3Error
        404 if there is none; 404 or 405, with headers, if it is a delete marker.
    """
    wanted = request.query.get("versionId")
    found = versions_of(bucket, request.key)
    if wanted is not None:
        found = [version for version in found if version.version_id == wanted]
    if not found and wanted is not None:
        message = "The specified version does not exist."
        details = {"Key": request.key, "VersionId": wanted}
        raise S3Error(404, "NoSuchVersion", message, details)
    if not found:
        raise no_such_key(request.key)
    version = found[0]
    if is_marker(version):
        raise _delete_marker_error(version, request, named=wanted is not None)
    return version


def no_such_key(key: str, headers: Mapping[str, str] | None = None) -> S3Error:
    """Return the error of a key that has no object."""
    message = "The specified key does not exist."
    return S3Error(404, "NoSuchKey", message, {"Key": key}, headers)


def _delete_marker_error(version: Any, request: WsgiRequest, *, named: bool) -> S3Error:
    headers = {"x-amz-delete-marker": "true", "x-amz-version-id": str(version.version_id)}
    if not named:
        return no_such_key(request.key, headers)
    headers |= {
        "allow": "DELETE",
        "last-modified": last_modified(version).strftime("%a, %d %b %Y %H:%M:%S GMT"),
    }
    message = "The specified method is not allowed against this resource."
    details = {"Method": request.method, "ResourceType": "DeleteMarker"}
    return S3Error(405, "MethodNotAllowed", message, details, headers)


def _object(moto: MotoBackend, bucket: Any, request: WsgiRequest, version: Any) -> WsgiResponse:
    kept: dict[str, str | None] = dict.fromkeys(_CONDITIONS)
    if conditions.not_modified(request.header, version.etag, last_modified(version)):
        kept["if-none-match"] = version.etag
    extra = _part(request, version)
    kept["range"] = extra.pop("range", None) or _range(request, version)
    # moto's HEAD supports less than its GET. But an archived object has no GET, and that of a large one
    # is slow.
    known = "versionId" not in request.query or bucket.is_versioned
    as_head = known and (version.storage_class in _ARCHIVED or version.size > _LARGE)
    method = request.method if as_head else "GET"
    answer = moto.call(request.changed(method=method, without=["partNumber"], headers=kept))
    if answer.status < 400:
        answer.headers |= extra
        if bucket.versioning_status is not None:
            answer.headers["x-amz-version-id"] = str(version.version_id)
    return answer


def _range(request: WsgiRequest, version: Any) -> str | None:
    """Return the Range to answer; None for the whole object.

    S3 returns the whole object for a range that is not valid, and for several ranges.
    """
    text = request.header("range")
    match = _RANGE.fullmatch(text.strip()) if text is not None else None
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    if first and last and int(last) < int(first):
        return None
    beyond = int(first) >= version.size if first else int(last) == 0 or version.size == 0
    if beyond:
        details = {"RangeRequested": match[0], "ActualObjectSize": str(version.size)}
        headers = {"content-range": f"bytes */{version.size}"}
        message = "The requested range is not satisfiable"
        raise S3Error(416, "InvalidRange", message, details, headers)
    return match[0]


def _part(request: WsgiRequest, version: Any) -> dict[str, str]:
    """Return the ``range`` of the requested part, and its response headers."""
    text = request.query.get("partNumber")
    if text is None:
        return {}
    number = part_number(text)
    if request.header("range") is not None:
        message = "Cannot specify both Range header and partNumber query parameter"
        raise S3Error(400, "InvalidRequest", message)
    sizes = parts_of(version)
    of = [version.size] if sizes is None else sizes
    if number > len(of):
        details = {"ActualPartCount": str(len(of)), "PartNumberRequested": text}
        message = "The requested partnumber is not satisfiable"
        raise S3Error(416, "InvalidPartNumber", message, details)
    ends = list(accumulate(of, initial=0))
    found = {} if sizes is None else {"x-amz-mp-parts-count": str(len(of))}
    if of[number - 1]:  # an empty range cannot be expressed in HTTP
        found["range"] = f"bytes={ends[number - 1]}-{ends[number] - 1}"
    return found


def part_number(text: str) -> int:
    """Parse the number of a part. Raises S3Error, 400."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= _MOST_PARTS:
        message = f"Part number must be an integer between 1 and {_MOST_PARTS}, inclusive"
        details = {"ArgumentName": "partNumber", "ArgumentValue": text}
        raise S3Error(400, "InvalidArgument", message, details)
    return int(text)


def _with_parts(answer: WsgiResponse, request: WsgiRequest, version: Any) -> WsgiResponse:
    """Add the number of parts to an object's attributes, if it is requested."""
    asked = {name.strip() for name in (request.header("x-amz-object-attributes") or "").split(",")}
    sizes = parts_of(version) if "ObjectParts" in asked else None
    if answer.status == 200 and sizes is not None:
        ET.register_namespace("", NAMESPACE)
        root = ET.fromstring(answer.body)  # noqa: S314 - moto's
        space = root.tag.rpartition("}")[0]
        space = f"{space}}}" if space else ""
        parts = ET.SubElement(root, f"{space}ObjectParts")
        ET.SubElement(parts, f"{space}PartsCount").text = str(len(sizes))
        answer.body = ET.tostring(root, "utf-8", xml_declaration=True)
    return answer
