"""PutObject, CopyObject, multipart uploads, and writes of an object's subresources."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote

from jitprep.emulator.s3_errors import S3Error
from jitprep.emulator.store import conditions, uploads
from jitprep.emulator.store.moto_backend import MotoBackend, is_marker, last_modified, versions_of
from jitprep.emulator.store.object_reads import find_version, no_such_key, part_number
from jitprep.emulator.store.pagination import invalid_argument
from jitprep.emulator.store.request import WsgiRequest, WsgiResponse
from jitprep.emulator.store.request_bodies import require_document

_ABOUT = {"acl", "legal-hold", "restore", "retention", "select", "tagging"}
_CONDITIONS: dict[str, str | None] = {"if-match": None, "if-none-match": None}
_SOURCE = "x-amz-copy-source"
_SOURCE_CONDITIONS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")
_SOURCE_RANGE = re.compile(r"bytes=(\d+)-(\d+)")
_ACLS = {
    None,
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-full-control",
    "bucket-owner-read",
    "log-delivery-write",
    "private",
    "public-read",
    "public-read-write",
}
_METADATA = "HTTP_X_AMZ_META_"
_LARGEST_METADATA = 2048  # bytes of names and values: AWS's "Working with object metadata"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _crc32c(body: bytes) -> bytes:
    # Imported when used: NumPy takes a quarter of the time in which the S3 starts.
    from jitprep.emulator.store.crc import crc32c  # noqa: PLC0415

    return crc32c(body)


def _crc64nvme(body: bytes) -> bytes:
    from jitprep.emulator.store.crc import crc64nvme  # noqa: PLC0415

    return crc64nvme(body)


_CHECKSUMS: dict[str, Callable[[bytes], bytes]] = {
    "x-amz-checksum-crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "x-amz-checksum-crc32c": _crc32c,
    "x-amz-checksum-crc64nvme": _crc64nvme,
    "x-amz-checksum-sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda body: hashlib.sha256(body).digest(),
}


def write_object(moto: MotoBackend, bucket: Any, request: WsgiRequest) -> WsgiResponse:
    """Answer a PUT or POST of an object, or a change of a subresource."""
    if "uploadId" in request.query:
        return _to_upload(moto, bucket, request)
    if request.query.keys() & _ABOUT:
        find_version(bucket, request)
        if request.method != "DELETE":
            require_document(request)
        return moto.call(request.environ)
    _require_metadata(request)
    if (acl := request.header("x-amz-acl")) not in _ACLS:
        raise invalid_argument("The canned ACL is not one of S3's", "x-amz-acl", acl)
    if "uploads" in request.query:
        answer = moto.call(request.environ)
        uploads.record_start(bucket, request.form)
        return answer
    _require_destination(bucket, request)
    answer = moto.call(_validated(moto, request, _CONDITIONS))
    if answer.status == 200 and request.form is not None and request.header(_SOURCE) is None:
        versions_of(bucket, request.key)[0].set_metadata({"Content-Type": request.form})
    return _versioned(bucket, answer)


def _require_metadata(request: WsgiRequest) -> None:
    """Raise S3Error, 400, if the user metadata is larger than S3 accepts."""
    size = sum(
        len(name) - len(_METADATA) + len(value)
        for name, value in request.environ.items()
        if name.startswith(_METADATA)
    )
    if size > _LARGEST_METADATA:
        message = "Your metadata headers exceed the maximum allowed metadata size"
        details = {"Size": str(size), "MaxSizeAllowed": str(_LARGEST_METADATA)}
        raise S3Error(400, "MetadataTooLarge", message, details)


def _to_upload(moto: MotoBackend, bucket: Any, request: WsgiRequest) -> WsgiResponse:
    if request.method == "PUT":
        part_number(request.query.get("partNumber", ""))
        uploads.find_upload(bucket, request)
        return moto.call(_validated(moto, request, {}))
    upload = request.query["uploadId"]
    if request.method == "DELETE":
        uploads.find_upload(bucket, request)
        return moto.call(request.environ)
    latest = versions_of(bucket, request.key)[:1]
    if any(not is_marker(one) and one.multipart and one.multipart.id == upload for one in latest):
        return _versioned(bucket, moto.call(request.environ))  # a repeated completion
    found = uploads.find_upload(bucket, request)
    found.completed = uploads.completed_parts(found, request.read_body())
    _require_destination(bucket, request)
    return _versioned(bucket, moto.call(request.changed(headers=_CONDITIONS)))


def _validated(
    moto: MotoBackend, request: WsgiRequest, dropped: dict[str, str | None]
) -> dict[str, Any]:
    """Validate the body, or the source of a copy; return the request to moto without conditions."""
    if request.header(_SOURCE) is None:
        _require_intact(request)
        return request.changed(headers=dropped)
    _require_source(moto, request)
    conditions_of_source: dict[str, str | None] = {
        f"{_SOURCE}-{name}": None for name in _SOURCE_CONDITIONS
    }
    return request.changed(headers={**dropped, **conditions_of_source})


def _versioned(bucket: Any, answer: WsgiResponse) -> WsgiResponse:
    """Set the header of the null version if versioning is suspended; remove it if there is none."""
    if answer.status == 200 and bucket.versioning_status == "Suspended":
        answer.headers["x-amz-version-id"] = "null"
    elif bucket.versioning_status is None:
        answer.headers.pop("x-amz-version-id", None)
    return answer


def _require_destination(bucket: Any, request: WsgiRequest) -> None:
    """Raise S3Error unless If-Match and If-None-Match hold for the object that is replaced."""
    match, none_match = request.header("if-match"), request.header("if-none-match")
    found = [one for one in versions_of(bucket, request.key)[:1] if not is_marker(one)]
    if none_match not in {None, "*"}:
        message = "A header you provided implies functionality that is not implemented"
        raise S3Error(501, "NotImplemented", message, {"Header": "If-None-Match"})
    if none_match is not None and found:
        raise conditions.precondition_failed("If-None-Match")
    if match is None:
        return
    if not found:
        raise no_such_key(request.key)
    if match.strip() != "*" and match.strip().strip('"') != found[0].etag.strip('"'):
        raise conditions.precondition_failed("If-Match")


def _require_intact(request: WsgiRequest) -> None:
    """Raise S3Error, 400, if a body does not match its checksums."""
    body = request.read_body()
    if (md5 := request.header("content-md5")) is not None:
        _require_digest("Content-MD5", md5, hashlib.md5(body, usedforsecurity=False).digest())
    for name, digest in _CHECKSUMS.items():
        if (said := request.header(name)) is not None:
            _require_digest(name, said, digest(body))
    said = request.header("x-amz-content-sha256") or ""
    if _SHA256.fullmatch(said) and (computed := hashlib.sha256(body).hexdigest()) != said:
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        details = {"ClientComputedContentSHA256": said, "S3ComputedContentSHA256": computed}
        raise S3Error(400, "XAmzContentSHA256Mismatch", message, details)


def _require_digest(name: str, said: str, computed: bytes) -> None:
    try:
        digest = base64.b64decode(said, validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != len(computed):
        if name == "Content-MD5":
            raise S3Error(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
        raise S3Error(400, "InvalidRequest", f"Value for {name} header is invalid.")
    if digest != computed:
        message = f"The {name} you specified did not match what we received."
        raise S3Error(400, "BadDigest", message)


def _require_source(moto: MotoBackend, request: WsgiRequest) -> None:
    """Raise S3Error unless the source of a copy exists, and its conditions hold."""
    path, _, query = (request.header(_SOURCE) or "").partition("?")
    name, slash, key = unquote(path).lstrip("/").partition("/")
    if not slash or not key:
        message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
        raise invalid_argument(message, _SOURCE, request.header(_SOURCE))
    bucket = moto.bucket(name)
    if bucket is None:
        message = "The specified bucket does not exist"
        raise S3Error(404, "NoSuchBucket", message, {"BucketName": name})
    version = parse_qs(query).get("versionId", [None])[0]
    try:
        source = find_version(bucket, _of_source(request, key, version))
    except S3Error as error:
        if error.status == 405:
            message = "The source of a copy request may not specifically refer to a delete marker."
            raise S3Error(400, "InvalidRequest", message) from None
        raise

    def condition(name: str) -> str | None:
        return request.header(f"{_SOURCE}-{name}")

    if conditions.not_modified(condition, source.etag, last_modified(source)):
        raise conditions.precondition_failed(f"{_SOURCE}-If-None-Match")
    if (text := request.header(f"{_SOURCE}-range")) is not None:
        _require_range(text, source.size)


def _of_source(request: WsgiRequest, key: str, version: str | None) -> WsgiRequest:
    query = {} if version is None else {"versionId": version}
    return WsgiRequest("GET", request.bucket, key, query, request.environ)


def _require_range(text: str, size: int) -> None:
    match = _SOURCE_RANGE.fullmatch(text)
    if match is None or int(match[1]) > int(match[2]):
        message = (
            f"The {_SOURCE}-range value must be of the form bytes=first-last where first and last "
            "are the zero-based offsets of the first and last bytes to copy"
        )
        raise invalid_argument(message, f"{_SOURCE}-range", text)
    if int(match[2]) >= size:
        message = f"Range specified is not valid for source object of size: {size}"
        raise invalid_argument(message, f"{_SOURCE}-range", text)
