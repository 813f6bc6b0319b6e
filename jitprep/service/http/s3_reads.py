"""S3's reads over HTTP: what a method, a path, a query and headers ask for, and S3's error document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Literal, cast
from urllib.parse import unquote_to_bytes

from jitprep.service.errors import RequestFailed
from jitprep.service.http import client_request
from jitprep.service.lambda_limits import BodyLimit
from jitprep.service.messages import (
    ListingName,
    ListRequest,
    ObjectName,
    ObjectRequest,
    Response,
)

METHODS = ("GET", "HEAD")
# What any query may have, beside the ``x-amz-...`` of a presigned URL. SDKs add x-id.
_OF_ANY = frozenset({"pipeline", "seed", "x-id"})
_OF_OBJECT = frozenset({"versionid", "partnumber"})
# The parameters of ListObjects and ListObjectsV2.
_LISTING = frozenset({"delimiter", "encoding-type", "max-keys", "prefix"})
_LISTING_V1 = _LISTING | {"marker"}
_LISTING_V2 = _LISTING | {"continuation-token", "fetch-owner", "list-type", "start-after"}
_NUMBER = re.compile(r"[0-9]{1,9}")
_ACCOUNT = re.compile(r"[0-9]{12}")


def read_method(method: object) -> Literal["GET", "HEAD"]:
    """Return the method of a read. Raises RequestFailed, ``MethodNotAllowed``, for any other."""
    if method not in METHODS:
        raise RequestFailed(
            405, "MethodNotAllowed", "objects can only be read here; use GET or HEAD"
        )
    return cast(Literal["GET", "HEAD"], method)


def parse_object_request(
    method: Literal["GET", "HEAD"],
    name: tuple[str, str],
    headers: Mapping[str, str],
    query: Mapping[str, str],
    *,
    configuration: str = "",
    body_limit: BodyLimit | None = None,
) -> ObjectRequest:
    """Return a request for the object of a bucket's name and a key.

    Raises
    ------
    RequestFailed
        ``NotImplemented`` for an unknown parameter; what the functions of `client_request` raise.
    """
    _require_known(query, _OF_OBJECT)
    bucket, key = name
    source = ObjectName(bucket, key, query.get("versionid"), _owner(headers))
    chosen = client_request.choice(configuration, headers, query)
    return client_request.object_request(method, key, source, chosen, headers, query, body_limit)


def parse_list_request(
    bucket: str,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    *,
    configuration: str = "",
    body_limit: BodyLimit | None = None,
) -> ListRequest:
    """Return a request for a page of a bucket's listing, by ListObjectsV2 or ListObjects.

    Raises
    ------
    RequestFailed
        ``NotImplemented`` for an unknown parameter; ``InvalidArgument``; what `client_request.choice`
        raises.
    """
    version: Literal[1, 2] = 2 if "list-type" in query else 1
    if query.get("list-type", "2") != "2":
        raise RequestFailed(400, "InvalidArgument", "list-type must be 2, or left out")
    _require_known(query, _LISTING_V2 if version == 2 else _LISTING_V1)
    if not _NUMBER.fullmatch(query.get("max-keys", "0")):
        raise RequestFailed(400, "InvalidArgument", "max-keys must be a whole number")
    parameters = {
        name: value
        for name, value in query.items()
        if name in _LISTING_V2 - {"list-type"} | _LISTING_V1
    }
    source = ListingName(bucket, parameters, _owner(headers), version)
    return ListRequest(source, client_request.choice(configuration, headers, query), body_limit)


def decoded_path(path: str) -> str:
    """Return a path as it was sent, decoded. Raises RequestFailed, ``InvalidURI``."""
    try:
        return unquote_to_bytes(path).decode()
    except UnicodeError:
        raise invalid_uri() from None


def invalid_uri() -> RequestFailed:
    """Return the failure of a path that is not UTF-8."""
    return RequestFailed(400, "InvalidURI", "the path must be percent-encoded UTF-8")


def error_document(response: Response, request_id: str) -> bytes:
    """Return S3's error document."""
    elements = {
        "Code": response.error_code or "",
        "Message": response.error_message or "",
        "RequestId": request_id,
    }
    content = "".join(
        f"<{name}>{_escaped(_writable(text))}</{name}>" for name, text in elements.items()
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{content}</Error>'.encode()


def _owner(headers: Mapping[str, str]) -> str | None:
    """Return the account that must own the bucket; S3 compares it."""
    owner = headers.get(client_request.EXPECTED_OWNER)
    if owner is not None and not _ACCOUNT.fullmatch(owner):
        raise RequestFailed(
            400,
            "InvalidArgument",
            f"{client_request.EXPECTED_OWNER} must be an account ID of 12 digits",
        )
    return owner


def _require_known(query: Mapping[str, str], known: Set[str]) -> None:
    """Refuse parameters that would be ignored: a misspelt seed would repeat the same crops."""
    unknown = [
        name for name in query if name not in known | _OF_ANY and not name.startswith("x-amz-")
    ]
    if unknown:
        raise RequestFailed(
            501, "NotImplemented", f"the parameter {unknown[0]!r} is not supported; leave it out"
        )


def _writable(text: str) -> str:
    """Replace the characters that XML 1.0 cannot represent."""
    # Compiled at the first error: it takes 4 ms.
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "�", text)


def _escaped(text: str) -> str:
    """Escape text for XML; the standard library's function would import a web client."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
