"""Multipart uploads: their listings, and validation of their completion."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from jitprep.emulator.s3_errors import S3Error
from jitprep.emulator.s3_xml import XmlElement, xml_flag
from jitprep.emulator.store.pagination import ListQuery, whole_number
from jitprep.emulator.store.request import WsgiRequest, WsgiResponse
from jitprep.emulator.store.request_bodies import malformed_xml

_MOST_PARTS = 1000
_LEAST_PART = 5 * 1024 * 1024  # bytes of every part but the last: AWS's "multipart upload limits"


def record_start(bucket: Any, content_type: str | None) -> None:
    """Record the start time of new uploads, and a content type that moto did not get."""
    for upload in list(bucket.multiparts.values()):
        if not hasattr(upload, "initiated"):
            upload.initiated = datetime.now(UTC)
            if content_type is not None:
                upload.metadata["Content-Type"] = content_type


def find_upload(bucket: Any, request: WsgiRequest) -> Any:
    """Return the upload that a request names. Raises S3Error, 404."""
    upload = bucket.multiparts.get(request.query["uploadId"])
    if upload is None or upload.key_name != request.key:
        message = (
            "The specified upload does not exist. The upload ID may be invalid, or the upload may "
            "have been aborted or completed."
        )
        raise S3Error(404, "NoSuchUpload", message, {"UploadId": request.query["uploadId"]})
    return upload


def list_uploads(bucket: Any, request: WsgiRequest) -> WsgiResponse:
    """List the uploads that are in progress."""
    list_query = ListQuery.of(request, "max-uploads")
    after, last = (request.query.get(name, "") for name in ("key-marker", "upload-id-marker"))
    by_key: dict[str, list[Any]] = {}
    for upload in sorted(bucket.multiparts.values(), key=lambda one: (one.initiated, one.id)):
        by_key.setdefault(upload.key_name, []).append(upload)
    found: list[tuple[str, Any]] = []
    if last and after in by_key and list_query.common_prefix(after) is None:
        ids = [one.id for one in by_key[after]]
        rest = by_key[after][ids.index(last) + 1 if last in ids else 0 :]
        found = [(after, one) for one in rest if after.startswith(list_query.prefix)]
    for name, is_prefix in list_query.entries(by_key, after):
        found += [(name, None)] if is_prefix else [(name, one) for one in by_key[name]]
    page = found[: list_query.most]
    more = bool(page) and len(page) < len(found)
    content: list[XmlElement] = [
        ("Bucket", bucket.name),
        ("KeyMarker", list_query.text(after)),
        ("UploadIdMarker", last),
        *list_query.echo(),
        ("MaxUploads", str(list_query.most)),
        ("IsTruncated", xml_flag(more)),
    ]
    if more:
        name, upload = page[-1]
        content.append(("NextKeyMarker", list_query.text(name)))
        content.append(("NextUploadIdMarker", "" if upload is None else upload.id))
    content += [_upload(list_query, one) for _, one in page if one is not None]
    content += list_query.prefixes(name for name, one in page if one is None)
    return WsgiResponse.of_document("ListMultipartUploadsResult", content)


def _upload(list_query: ListQuery, upload: Any) -> XmlElement:
    described: list[XmlElement] = [
        ("Key", list_query.text(upload.key_name)),
        ("UploadId", upload.id),
        ("Initiated", upload.initiated.strftime("%Y-%m-%dT%H:%M:%S.000Z")),
        ("StorageClass", upload.storage or "STANDARD"),
    ]
    for element, name in (("ChecksumAlgorithm", "algorithm"), ("ChecksumType", "type")):
        if value := upload.metadata.get(f"x-amz-checksum-{name}"):
            described.append((element, value))
    return "Upload", described


def list_parts(bucket: Any, request: WsgiRequest) -> WsgiResponse:
    """List the parts of an upload."""
    upload = find_upload(bucket, request)
    most = min(whole_number(request, "max-parts", _MOST_PARTS), _MOST_PARTS)
    after = whole_number(request, "part-number-marker", 0)
    found = [part for number, part in sorted(upload.parts.items()) if number > after]
    page = found[:most]
    more = bool(page) and len(page) < len(found)
    content: list[XmlElement] = [
        ("Bucket", bucket.name),
        ("Key", request.key),
        ("UploadId", upload.id),
        ("StorageClass", upload.storage or "STANDARD"),
        ("PartNumberMarker", str(after)),
        ("MaxParts", str(most)),
        ("IsTruncated", xml_flag(more)),
    ]
    if page:
        content.append(("NextPartNumberMarker", str(page[-1].name)))
    content += [
        (
            "Part",
            [
                ("PartNumber", str(part.name)),
                ("LastModified", part.last_modified_ISO8601),
                ("ETag", part.etag),
                ("Size", str(part.size)),
            ],
        )
        for part in page
    ]
    return WsgiResponse.of_document("ListPartsResult", content)


def completed_parts(upload: Any, body: bytes) -> list[int]:
    """Return the numbers of the parts that a CompleteMultipartUpload names.

    Raises
    ------
    S3Error
        400 if the document is not valid, or a part is unknown, too small or out of order.
    """
    numbers: list[int] = []
    for part in _document(body).iterfind("{*}Part"):
        text, etag = part.findtext("{*}PartNumber", ""), part.findtext("{*}ETag", "")
        if not text.isdecimal() or not etag:
            raise malformed_xml()
        numbers.append(int(text))
        known = upload.parts.get(int(text))
        if known is None or known.etag.strip('"') != etag.strip().strip('"'):
            message = (
                "One or more of the specified parts could not be found. The part may not have been "
                "uploaded, or its entity tag did not match."
            )
            raise S3Error(400, "InvalidPart", message, {"PartNumber": text, "ETag": etag})
    if not numbers:
        raise malformed_xml()
    if sorted(set(numbers)) != numbers:
        message = "The list of parts was not in ascending order."
        raise S3Error(400, "InvalidPartOrder", message)
    for number in numbers[:-1]:
        if (size := upload.parts[number].size) < _LEAST_PART:
            message = "Your proposed upload is smaller than the minimum allowed size"
            details = {"ProposedSize": str(size), "PartNumber": str(number)}
            raise S3Error(400, "EntityTooSmall", message, details)
    return numbers


def _document(body: bytes) -> ET.Element:
    try:
        root = ET.fromstring(body)  # noqa: S314 - expat itself limits entity expansion
    except ET.ParseError:
        raise malformed_xml() from None
    if root.tag.rpartition("}")[2] != "CompleteMultipartUpload":
        raise malformed_xml()
    return root
