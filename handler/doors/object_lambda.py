"""S3 Object Lambda: GetObject, HeadObject, ListObjects and ListObjectsV2 on an access point.

The answer to a GetObject goes out by WriteGetObjectResponse; the others are what the function returns.
AWS's contract: "Event context format and usage" in the S3 user guide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import SplitResult, unquote, urlsplit

from jitprep.service.aws.write_get_object_response import send_get_object_response
from jitprep.service.deadline import S3_CLIENT_TIMEOUT_S
from jitprep.service.errors import ReplyFailed, RequestFailed
from jitprep.service.http import client_request
from jitprep.service.messages import ListRequest, ObjectRequest, Presigned, Response
from jitprep.service.s3_names import METADATA_HEADER
from jitprep.service.shards.body_stream import BodyStream

# RFC 9110, 5.1 and 5.5; a name in lower case.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
# The headers of an object that WriteGetObjectResponse passes on, beside its metadata.
_PASSED_ON = frozenset(
    {
        "accept-ranges",
        "cache-control",
        "content-range",
        "content-type",
        "etag",
        "last-modified",
        "x-amz-checksum-crc32",
        "x-amz-delete-marker",
        "x-amz-missing-meta",
        "x-amz-mp-parts-count",
        "x-amz-request-charged",
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-server-side-encryption-bucket-key-enabled",
        "x-amz-version-id",
    }
)


class ObjectLambdaDoor:
    """One action on an Object Lambda access point.

    Parameters
    ----------
    name : str
        For the log.
    context : str
        The event's member that only this action has.
    """

    client_timeout_s = S3_CLIENT_TIMEOUT_S

    def __init__(self, name: str, context: str) -> None:
        self.name = name
        self._context = context

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Return whether the event has this action's context."""
        return self._context in event


class GetObjectDoor(ObjectLambdaDoor):
    """GetObject."""

    def parse(self, event: Mapping[str, Any]) -> ObjectRequest:
        """Read the event. Raises what `_object_request` does."""
        return _object_request("GET", event, self._context)

    def reply(self, event: Mapping[str, Any], response: Response) -> dict[str, int]:
        """Send the response to the waiting client.

        Raises
        ------
        ReplyFailed
            Where S3 refuses the response, or it did not reach S3.
        """
        headers = {"x-amz-fwd-status": str(response.status), **_passed_on(response.headers)}
        if response.error_code is not None:
            headers["x-amz-fwd-error-code"] = response.error_code
            headers["x-amz-fwd-error-message"] = _header_safe(response.error_message or "")
        try:
            send_get_object_response(
                _text(event, self._context, "outputRoute"),
                _text(event, self._context, "outputToken"),
                headers,
                response.body if response.status in {200, 206} else b"",
            )
        except (ReplyFailed, RequestFailed):
            raise
        except Exception as error:  # its message may quote the token
            raise ReplyFailed(type(error).__name__) from None
        finally:
            if isinstance(response.body, BodyStream):
                response.body.close()
        return {"statusCode": response.status}


class HeadObjectDoor(ObjectLambdaDoor):
    """HeadObject."""

    def parse(self, event: Mapping[str, Any]) -> ObjectRequest:
        """Read the event. Raises what `_object_request` does."""
        return _object_request("HEAD", event, self._context)

    def reply(self, event: Mapping[str, Any], response: Response) -> dict[str, Any]:
        """Return the function's result."""
        if response.error_code is not None:
            return _failure(response)
        headers: dict[str, Any] = dict(response.headers)
        if "Content-Length" in headers:  # which AWS documents as a number
            headers["Content-Length"] = int(headers["Content-Length"])
        return {"statusCode": response.status, "headers": headers}


class ListObjectsDoor(ObjectLambdaDoor):
    """ListObjects, in either version."""

    def parse(self, event: Mapping[str, Any]) -> ListRequest:
        """Read the event. Raises as the parsing of a GetObject does."""
        url, headers = _source_url(event, self._context), _headers(event)
        _, query = _key_and_query(url, _text(event, "userRequest", "url"))
        choice = client_request.choice(_payload(event), headers, query)
        return ListRequest(_presigned(url, headers), choice)

    def reply(self, event: Mapping[str, Any], response: Response) -> dict[str, Any]:
        """Return the function's result."""
        if response.error_code is not None:
            return _failure(response)
        return {"statusCode": response.status, "listResultXml": response.whole_body.decode()}


GET_OBJECT = GetObjectDoor("object-lambda-get", "getObjectContext")
HEAD_OBJECT = HeadObjectDoor("object-lambda-head", "headObjectContext")
LIST_OBJECTS = ListObjectsDoor("object-lambda-list", "listObjectsContext")
LIST_OBJECTS_V2 = ListObjectsDoor("object-lambda-list-v2", "listObjectsV2Context")


def _object_request(
    method: Literal["GET", "HEAD"], event: Mapping[str, Any], context: str
) -> ObjectRequest:
    """Read the event of a GetObject or a HeadObject.

    Raises
    ------
    RequestFailed
        ``InvalidEvent``; what the functions of `client_request` raise.
    """
    url, headers = _source_url(event, context), _headers(event)
    key, query = _key_and_query(url, _text(event, "userRequest", "url"))
    choice = client_request.choice(_payload(event), headers, query)
    source = _presigned(url, headers)
    return client_request.object_request(method, key, source, choice, headers, query)


def _source_url(event: Mapping[str, Any], context: str) -> str:
    return _text(event, context, "inputS3Url")


def _headers(event: Mapping[str, Any]) -> Mapping[str, str]:
    return client_request.headers_of(_table(event, "userRequest").get("headers"))


def _payload(event: Mapping[str, Any]) -> str:
    return str(_table(event, "configuration").get("payload") or "")


def _key_and_query(source_url: str, user_url: str) -> tuple[str, Mapping[str, str]]:
    """Return the object's key and the client's parameters.

    AWS decodes the client's URL, so a question mark in it may belong to the key or begin the query. The
    presigned URL has the key encoded, so the key is whichever candidate the client's URL begins with.
    """
    path = unquote(_split(source_url).path).removeprefix("/")
    # The key where the host names the bucket, and where the path begins with it.
    virtual_hosted, path_style = path, path.partition("/")[2]
    asked = _path_and_query(user_url)
    as_sent, decoded_once_more = asked, unquote(asked)
    candidates = (
        (virtual_hosted, as_sent),
        (virtual_hosted, decoded_once_more),
        (path_style, as_sent),
        (path_style, decoded_once_more),
    )
    for key, target in candidates:
        if f"{target}?".startswith(f"/{key}?"):
            return key, client_request.parameters(target[len(key) + 2 :])
    plain, _, query = asked.partition("?")
    return unquote(plain).removeprefix("/"), client_request.parameters(query)


def _path_and_query(url: str) -> str:
    """Return a URL without its scheme and host, where it has them."""
    return url if url.startswith("/") else "/" + url.partition("//")[2].partition("/")[2]


def _presigned(url: str, headers: Mapping[str, str]) -> Presigned:
    """Return the source, with those of the client's headers that its signature covers."""
    names = client_request.parameters(_split(url).query).get("x-amz-signedheaders", "").split(";")
    signed = {name: headers[name] for name in names if name != "host" and name in headers}
    for name, value in signed.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise _invalid("it has a signed header that HTTP cannot send")
    return Presigned(url, signed)


def _failure(response: Response) -> dict[str, Any]:
    """Return the function's result for an error."""
    failed: dict[str, Any] = {
        "statusCode": response.status,
        "errorCode": response.error_code,
        "errorMessage": response.error_message,
    }
    return {**failed, "headers": dict(response.headers)} if response.headers else failed


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of WriteGetObjectResponse that pass on those of the response.

    Metadata keeps its names, and so does the length of a body that is made while it is sent.
    """
    found: dict[str, str] = {}
    for header, value in headers.items():
        name = header.lower()
        if name.startswith(METADATA_HEADER) or name == "content-length":
            found[name] = value
        elif name in _PASSED_ON:
            found[f"x-amz-fwd-header-{name}"] = value
        else:
            raise KeyError(name)
    return found


def _header_safe(message: str) -> str:
    """Return an error message as one line of ASCII: it travels in a header."""
    return " ".join(message.split()).encode("ascii", "backslashreplace").decode()[:1000]


def _table(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a JSON object in the event, empty where it is left out."""
    part = event.get(name) or {}
    if not isinstance(part, Mapping):
        raise _invalid(f"{name} must be a JSON object")
    return part


def _text(event: Mapping[str, Any], part: str, name: str) -> str:
    value = _table(event, part).get(name)
    if not isinstance(value, str) or not value:
        raise _invalid(f"{part}.{name} is missing")
    return value


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise _invalid("it has a malformed URL") from None


def _invalid(why: str) -> RequestFailed:
    return RequestFailed(400, "InvalidEvent", f"this is not an event of S3 Object Lambda: {why}")
