"""S3 Object Lambda: GetObject.

AWS's contract: "Event context format and usage" and "WriteGetObjectResponse" in the S3 user guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
from botocore.config import Config as ClientConfig

from handler.config import config
from handler.errors import RequestFailed
from handler.exchange import Request, Response

_CONTEXT = "getObjectContext"


class GetObjectDoor:
    """A GetObject on an Object Lambda access point; the answer goes out by WriteGetObjectResponse."""

    name = "object-lambda-get"

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Whether the event has a ``getObjectContext``."""
        return _CONTEXT in event

    def parse(self, event: Mapping[str, Any]) -> Request:
        """Read the event."""
        url = _text(event, _CONTEXT, "inputS3Url")
        user = urlsplit(_text(event, "userRequest", "url"))
        headers = {name.lower(): value for name, value in _headers(event).items()}
        query = parse_qs(user.query)
        _refuse_parts(headers, query)
        return Request(
            key=unquote(user.path).lstrip("/"),
            source_url=url,
            source_headers=_signed(url, headers),
            configuration=str(event.get("configuration", {}).get("payload") or ""),
            if_match=headers.get("if-match"),
            if_none_match=headers.get("if-none-match"),
        )

    def reply(self, event: Mapping[str, Any], response: Response) -> dict[str, int]:
        """Send the response to the waiting client."""
        fields: dict[str, Any] = {
            "RequestRoute": _text(event, _CONTEXT, "outputRoute"),
            "RequestToken": _text(event, _CONTEXT, "outputToken"),
            "StatusCode": response.status,
            "ETag": response.etag,
            "LastModified": response.last_modified,
            "ErrorCode": response.error_code,
            "ErrorMessage": _header_safe(response.error_message),
        }
        if response.status == 200:
            fields |= {
                "Body": response.body,
                "ContentLength": len(response.body),
                "ContentType": response.content_type,
                "Metadata": dict(response.metadata),
            }
        given = {name: value for name, value in fields.items() if value is not None}
        s3().write_get_object_response(**given)
        return {"statusCode": response.status}


@cache
def s3() -> Any:
    """Return the S3 client, made once a process."""
    # The SDK puts "{RequestRoute}." before the host, which only AWS's own names resolve.
    return boto3.client("s3", config=ClientConfig(inject_host_prefix=config().endpoint is None))


def _text(event: Mapping[str, Any], part: str, name: str) -> str:
    table = event.get(part)
    value = table.get(name) if isinstance(table, Mapping) else None
    if not isinstance(value, str) or not value:
        raise RequestFailed(400, "InvalidEvent", f"the event has no {part}.{name}")
    return value


def _headers(event: Mapping[str, Any]) -> Mapping[str, str]:
    headers = event["userRequest"].get("headers") or {}
    return {str(name): str(value) for name, value in headers.items()}


def _signed(url: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the client's headers that the presigned URL's signature covers."""
    names = parse_qs(urlsplit(url).query).get("X-Amz-SignedHeaders", [""])[0].split(";")
    return {name: headers[name] for name in names if name != "host" and name in headers}


def _refuse_parts(headers: Mapping[str, str], query: Mapping[str, Any]) -> None:
    asked = {name.lower() for name in (*headers, *query)} & {"range", "partnumber"}
    if asked:
        raise RequestFailed(
            400,
            "RangeNotSupported",
            f"{asked.pop()} is not answered yet; read the whole object, and leave the Range and "
            "PartNumber features out of the access point's AllowedFeatures",
        )


def _header_safe(message: str | None) -> str | None:
    """Error messages travel in a header: one line of ASCII."""
    if message is None:
        return None
    return " ".join(message.split()).encode("ascii", "backslashreplace").decode()[:1000]
