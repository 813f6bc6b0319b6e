"""Calls of a store's object lambda: MinIO's contract, and RustFS's dialect of it.

The store POSTs where the original is, as a presigned URL, and passes the answer on to its client. Both
send the same members, and refuse an answer without the call's route and token. MinIO's values of
``userRequest.headers`` are lists, and it reads the answer from headers ``x-amz-fwd-…``; RustFS's are
strings, and it passes the answer on as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any
from urllib.parse import unquote, urlsplit

from jitprep.server.configuration.mounts import Mount
from jitprep.service.errors import RequestFailed
from jitprep.service.http import client_request, s3_reads
from jitprep.service.messages import ObjectRequest, Presigned, Response
from preprocessing.frozen import frozen

_FORWARD = "x-amz-fwd-"


@frozen
class WebhookCall:
    """A store's call.

    Parameters
    ----------
    url : str
        Of the original, presigned.
    headers, parameters : mapping of str to str
        The client's, names in lower case.
    route, token : str
        What the store knows its waiting client by.
    forwards : bool
        Whether the store reads the answer from headers ``x-amz-fwd-…``, as MinIO does.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    parameters: Mapping[str, str] = field(repr=False)
    route: str
    token: str = field(repr=False)
    forwards: bool

    def request(self, mount: Mount) -> ObjectRequest:
        """Return what the store's client asks for.

        Raises
        ------
        RequestFailed
            ``SourceNotAllowed`` where the object is not in the source of the mount; what
            `client_request.choice` and `client_request.object_request` raise.
        """
        headers = client_request.headers_of(self.headers)
        choice = client_request.choice(mount.configuration, headers, self.parameters)
        source = Presigned(self.url, endpoint=mount.endpoint_url)
        key = _key(self.url, mount)
        return client_request.object_request("GET", key, source, choice, headers, {})

    def reply(self, response: Response, request_id: str) -> Response:
        """Return the answer to the store."""
        headers, body = dict(response.headers), response.body
        if response.error_code is not None:
            headers["Content-Type"] = "application/xml"
            body = s3_reads.error_document(response, request_id)
        proof = {"x-amz-request-route": self.route, "x-amz-request-token": self.token}
        if not self.forwards:
            return Response(response.status, body, headers | proof)
        forwarded = {f"{_FORWARD}header-{name}": value for name, value in headers.items()}
        forwarded |= proof | {
            f"{_FORWARD}status": str(response.status),
            "Content-Type": headers.get("Content-Type", "application/octet-stream"),
        }
        if response.error_code is not None:
            forwarded[f"{_FORWARD}error-code"] = response.error_code
            message = " ".join((response.error_message or "").split())
            # It travels in a header.
            forwarded[f"{_FORWARD}error-message"] = message.encode(
                "ascii", "backslashreplace"
            ).decode()
        return Response(200, body, forwarded)


def parse_call(body: bytes) -> WebhookCall:
    """Read a store's call. Raises RequestFailed, ``InvalidEvent``."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise _invalid("the body is not JSON") from None
    context, user = _table(event, "getObjectContext"), _table(event, "userRequest")
    given = user.get("headers") or {}
    if not isinstance(given, Mapping):
        raise _invalid("userRequest.headers must be a JSON object")
    listed = any(isinstance(value, list) for value in given.values())
    first = {
        name: (value[0] if value else "") if isinstance(value, list) else value
        for name, value in given.items()
    }
    return WebhookCall(
        _text(context, "inputS3Url"),
        first,
        client_request.parameters(str(user.get("url") or "").partition("?")[2]),
        _text(context, "outputRoute"),
        _text(context, "outputToken"),
        forwards=listed or not given,
    )


def _key(url: str, mount: Mount) -> str:
    """Return the object's key in its bucket, which the URL has in path style."""
    path = unquote(urlsplit(url).path).removeprefix("/")
    bucket, _, key = path.partition("/")
    if bucket != mount.url.host or not key.startswith(mount.url.prefix):
        raise RequestFailed(
            403, "SourceNotAllowed", f"the object is not in the source of the mount {mount.name}"
        )
    return key


def _table(event: Any, name: str) -> Mapping[str, Any]:
    part = event.get(name) if isinstance(event, Mapping) else None
    if not isinstance(part, Mapping):
        raise _invalid(f"{name} is missing")
    return part


def _text(table: Mapping[str, Any], name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value:
        raise _invalid(f"{name} is missing")
    return value


def _invalid(why: str) -> RequestFailed:
    return RequestFailed(400, "InvalidEvent", f"this is not the call of an object lambda: {why}")
