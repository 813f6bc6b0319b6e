"""S3 Object Lambda: GetObject. The answer goes out by WriteGetObjectResponse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import ClientError

from handler.doors import event_fields, object_lambda
from jitprep.service import s3
from jitprep.service.deadline import S3_CLIENT_TIMEOUT_S
from jitprep.service.errors import ReplyFailed
from jitprep.service.messages import ObjectRequest, Response

_CONTEXT = "getObjectContext"
_METADATA = "x-amz-meta-"
# S3's headers as the parameters of WriteGetObjectResponse.
_PARAMETERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "accept-ranges": ("AcceptRanges", str),
    "cache-control": ("CacheControl", str),
    "content-range": ("ContentRange", str),
    "content-type": ("ContentType", str),
    "etag": ("ETag", str),
    "last-modified": ("LastModified", parsedate_to_datetime),
    "x-amz-checksum-crc32": ("ChecksumCRC32", str),
    "x-amz-delete-marker": ("DeleteMarker", "true".__eq__),
    "x-amz-missing-meta": ("MissingMeta", int),
    "x-amz-mp-parts-count": ("PartsCount", int),
    "x-amz-request-charged": ("RequestCharged", str),
    "x-amz-server-side-encryption": ("ServerSideEncryption", str),
    "x-amz-server-side-encryption-aws-kms-key-id": ("SSEKMSKeyId", str),
    "x-amz-server-side-encryption-bucket-key-enabled": ("BucketKeyEnabled", "true".__eq__),
    "x-amz-version-id": ("VersionId", str),
}


class GetObjectDoor:
    """A GetObject on an Object Lambda access point."""

    name = "object-lambda-get"
    client_timeout_s = S3_CLIENT_TIMEOUT_S

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Whether the event has a ``getObjectContext``."""
        return _CONTEXT in event

    def parse(self, event: Mapping[str, Any]) -> ObjectRequest:
        """Read the event."""
        return object_lambda.object_request("GET", event, _CONTEXT)

    def reply(self, event: Mapping[str, Any], response: Response) -> dict[str, int]:
        """Send the response to the waiting client."""
        written: dict[str, Any] = {
            "RequestRoute": event_fields.text(event, _CONTEXT, "outputRoute"),
            "RequestToken": event_fields.text(event, _CONTEXT, "outputToken"),
            "StatusCode": response.status,
        }
        if response.error_code is not None:
            written["ErrorCode"] = response.error_code
            written["ErrorMessage"] = _header_safe(response.error_message or "")
        if response.status in {200, 206}:
            written["Body"] = response.body
            written["ContentLength"] = len(response.body)
        try:
            s3.client().write_get_object_response(**written, **_described(response.headers))
        except ClientError:  # S3's own words
            raise
        except Exception as error:
            raise ReplyFailed(type(error).__name__) from None
        return {"statusCode": response.status}


def _described(headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the response's headers as parameters."""
    found: dict[str, Any] = {}
    metadata = {}
    for header, value in headers.items():
        name = header.lower()
        if name.startswith(_METADATA):
            metadata[name.removeprefix(_METADATA)] = value
        else:
            parameter, convert = _PARAMETERS[name]
            found[parameter] = convert(value)
    return {**found, "Metadata": metadata} if metadata else found


def _header_safe(message: str) -> str:
    """Error messages travel in a header: one line of ASCII."""
    return " ".join(message.split()).encode("ascii", "backslashreplace").decode()[:1000]
