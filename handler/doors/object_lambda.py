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
from handler.doors import overrides
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
        path, query = _split(_text(event, "userRequest", "url"))
        given = _table(_table(event, "userRequest"), "headers")
        headers = {str(name).lower(): str(value) for name, value in given.items()}
        _refuse_parts(headers, query)
        return Request(
            key=unquote(path).lstrip("/"),
            source_url=url,
            source_headers=_signed(url, headers),
            configuration=str(_table(event, "configuration").get("payload") or ""),
            preset=overrides.preset(headers, query),
            seed=overrides.seed(headers, query),
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


def _table(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a part of the event that is a table, empty where it is left out."""
    part = event.get(name) or {}
    if not isinstance(part, Mapping):
        raise _invalid(f"{name} must be a table")
    return part


def _text(event: Mapping[str, Any], part: str, name: str) -> str:
    value = _table(event, part).get(name)
    if not isinstance(value, str) or not value:
        raise _invalid(f"{part}.{name} is missing")
    return value


def _split(url: str) -> tuple[str, Mapping[str, list[str]]]:
    """Return the path and the query of a URL, absolute or not."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _invalid("a URL in it is malformed") from None
    return parts.path, parse_qs(parts.query)


def _signed(url: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the client's headers that the presigned URL's signature covers."""
    names = _split(url)[1].get("X-Amz-SignedHeaders", [""])[0].split(";")
    return {name: headers[name] for name in names if name != "host" and name in headers}


def _invalid(what: str) -> RequestFailed:
    return RequestFailed(400, "InvalidEvent", f"this is no GetObject event of S3's: {what}")


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
