"""HTTP: Function URLs and API Gateway's HTTP APIs, whose events both have payload format 2.0.

``GET`` and ``HEAD /<alias>/<key>`` read an object, ``GET /<alias>?list-type=2`` lists a bucket, and
errors are S3's XML. The path differs: a Function URL's event has it as it was sent, an HTTP API's event
has it decoded, after the name of the stage unless that is ``$default``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Set
from typing import Any, Literal, cast
from urllib.parse import unquote_to_bytes
from xml.sax.saxutils import escape

from jitprep.service.deadline import LAMBDA_CLIENT_TIMEOUT_S
from jitprep.service.errors import RequestFailed
from jitprep.service.http import client_request
from jitprep.service.lambda_limits import max_body_bytes
from jitprep.service.messages import ListingName, ListRequest, ObjectName, Request, Response

_METHODS = ("GET", "HEAD")
_FUNCTION_URL_DOMAIN = ".lambda-url."
_NO_STAGE = "$default"
# What any query may have, beside the ``x-amz-...`` of a presigned URL. SDKs add x-id.
_OF_ANY = frozenset({"pipeline", "seed", "x-id"})
_OF_OBJECT = frozenset({"versionid", "partnumber"})
# ListObjectsV2's parameters by boto3's names.
_LISTING = {
    "continuation-token": "ContinuationToken",
    "delimiter": "Delimiter",
    "encoding-type": "EncodingType",
    "fetch-owner": "FetchOwner",
    "max-keys": "MaxKeys",
    "prefix": "Prefix",
    "start-after": "StartAfter",
}
_NUMBER = re.compile(r"[0-9]{1,9}")
_ACCOUNT = re.compile(r"[0-9]{12}")
# Characters that XML 1.0 cannot represent.
_UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class HttpDoor:
    """A request over HTTP.

    Parameters
    ----------
    name : str
        For the log.
    client_timeout_s : float
        Seconds that its clients wait for an answer.
    encoded : bool
        Whether the event has the path as it was sent, percent-encoded, as a Function URL's does.
    """

    def __init__(self, name: str, client_timeout_s: float, *, encoded: bool) -> None:
        self.name = name
        self.client_timeout_s = client_timeout_s
        self._encoded = encoded

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Return whether the event has payload format 2.0 and this door's kind of domain."""
        context = event.get("requestContext")
        if event.get("version") != "2.0" or not isinstance(context, Mapping):
            return False
        of_function = _FUNCTION_URL_DOMAIN in str(context.get("domainName"))
        return isinstance(context.get("http"), Mapping) and of_function is self._encoded

    def parse(self, event: Mapping[str, Any]) -> Request:
        """Read the event.

        Raises
        ------
        RequestFailed
            ``MethodNotAllowed``, ``InvalidURI``, ``NotImplemented``, ``InvalidArgument``; what the
            functions of `client_request` raise.
        """
        method = _method(event)
        alias, key = self._place(event)
        query = client_request.parameters(str(event.get("rawQueryString") or ""))
        headers = client_request.headers_of(event.get("headers"))
        if not key:
            return _listing(method, alias, headers, query)
        _require_known(query, _OF_OBJECT)
        source = ObjectName(alias, key, query.get("versionid"), _owner(headers))
        chosen = client_request.choice("", headers, query)
        return client_request.object_request(
            method, key, source, chosen, headers, query, max_body_bytes()
        )

    def reply(self, event: Mapping[str, Any], response: Response) -> dict[str, Any]:
        """Return the function's result."""
        headers, body = dict(response.headers), bytes(response.body)
        if response.error_code is not None:
            headers["Content-Type"] = "application/xml"
            body = _error(response, str(event["requestContext"].get("requestId")))
        if response.status == 405:
            headers["Allow"] = ", ".join(_METHODS)
        if event["requestContext"]["http"].get("method") == "HEAD":
            body = b""
        return {
            "statusCode": response.status,
            "headers": headers,
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }

    def _place(self, event: Mapping[str, Any]) -> tuple[str, str]:
        """Return the bucket's alias and the key, which may begin with a slash."""
        path = str(event.get("rawPath") or "")
        if not self._encoded:
            stage = f"/{event['requestContext'].get('stage') or _NO_STAGE}"
            if f"{path}/".startswith(f"{stage}/"):
                path = path.removeprefix(stage)
        alias, _, key = path.removeprefix("/").partition("/")
        return (_decoded(alias), _decoded(key)) if self._encoded else (_text(alias), _text(key))


FUNCTION_URL_DOOR = HttpDoor("function-url", LAMBDA_CLIENT_TIMEOUT_S, encoded=True)
HTTP_API_DOOR = HttpDoor("http-api", 30.0, encoded=False)


def _method(event: Mapping[str, Any]) -> Literal["GET", "HEAD"]:
    method = event["requestContext"]["http"].get("method")
    if method not in _METHODS:
        raise RequestFailed(
            405, "MethodNotAllowed", "objects can only be read here; use GET or HEAD"
        )
    return cast(Literal["GET", "HEAD"], method)


def _listing(
    method: str, alias: str, headers: Mapping[str, str], query: Mapping[str, str]
) -> ListRequest:
    if method != "GET" or query.get("list-type") != "2":
        raise _not_implemented(
            "name an object (/<alias>/<key>), or list a bucket (GET /<alias>?list-type=2)"
        )
    _require_known(query, _LISTING.keys() | {"list-type"})
    parameters: dict[str, Any] = {
        _LISTING[name]: value for name, value in query.items() if name in _LISTING
    }
    if "MaxKeys" in parameters:
        parameters["MaxKeys"] = _number(parameters["MaxKeys"])
    if "FetchOwner" in parameters:
        parameters["FetchOwner"] = parameters["FetchOwner"].lower() == "true"
    source = ListingName(alias, parameters, _owner(headers))
    return ListRequest(source, client_request.choice("", headers, query), max_body_bytes())


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
        raise _not_implemented(f"the parameter {unknown[0]!r} is not supported; leave it out")


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise RequestFailed(400, "InvalidArgument", "max-keys must be a whole number")
    return int(text)


def _decoded(path: str) -> str:
    try:
        return unquote_to_bytes(path).decode()
    except UnicodeError:
        raise _invalid_uri() from None


def _text(path: str) -> str:
    try:
        path.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can hold
        raise _invalid_uri() from None
    return path


def _invalid_uri() -> RequestFailed:
    return RequestFailed(400, "InvalidURI", "the path must be percent-encoded UTF-8")


def _not_implemented(what: str) -> RequestFailed:
    return RequestFailed(501, "NotImplemented", what)


def _error(response: Response, request_id: str) -> bytes:
    """Return S3's error document."""
    elements = {
        "Code": response.error_code or "",
        "Message": response.error_message or "",
        "RequestId": request_id,
    }
    content = "".join(
        f"<{name}>{escape(_UNWRITABLE.sub('�', text))}</{name}>" for name, text in elements.items()
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{content}</Error>'.encode()
