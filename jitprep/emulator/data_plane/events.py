"""The event that a function gets for a read, in AWS's format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.requests import Request

from jitprep.emulator.control.access_points import AccessPoint, Transformation
from jitprep.emulator.data_plane.actions import Action
from jitprep.emulator.http_protocol import headers_as_sent
from jitprep.emulator.partitions import partition_of
from jitprep.sigv4.signature import AUTH_PARAMETERS, credential

# The caller's credentials, which must not reach the function or its log.
_SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "proxy-connection", "x-amz-security-token"}
)


@dataclass(frozen=True)
class AccessPointCall:
    """A client's call through an access point; an empty ``key`` is the whole bucket."""

    action: Action
    point: AccessPoint
    transformation: Transformation
    key: str
    request: Request


def object_lambda_event(
    call: AccessPointCall, request_id: str, context: Mapping[str, str]
) -> bytes:
    """Return the event as JSON; ``context`` is the value of the field for the action."""
    point = call.point
    fields = {
        "xAmzRequestId": request_id,
        call.action.context: context,
        "configuration": {
            "accessPointArn": point.arn,
            "supportingAccessPointArn": point.configuration.supporting_access_point,
            "payload": call.transformation.payload,
        },
        "userRequest": {"url": _user_url(call), "headers": _user_headers(call.request)},
        "userIdentity": _user_identity(call),
        "protocolVersion": "1.00",
    }
    return json.dumps(fields).encode()


def _user_url(call: AccessPointCall) -> str:
    """Return the request's URL, decoded and without its signature.

    On AWS an access point has its own host, so functions use the URL's path as the key. The URL has
    that form here even if the client put the alias in the path.
    """
    query = call.request.scope["query_string"].decode("latin-1")
    kept = [
        parameter
        for parameter in query.split("&")
        if parameter and unquote(parameter.partition("=")[0]).lower() not in AUTH_PARAMETERS
    ]
    url = f"https://{call.point.host}/{call.key}"
    return f"{url}?{unquote('&'.join(kept))}" if kept else url


def _user_headers(request: Request) -> dict[str, str]:
    """Return the request's headers as they were sent, repeated ones joined with commas."""
    headers: dict[str, str] = {}
    first: dict[str, str] = {}  # the spelling of a name at its first occurrence
    for name, value in headers_as_sent(request.scope):
        if name.lower() not in _SECRET_HEADERS:
            known = first.setdefault(name.lower(), name)
            headers[known] = f"{headers[known]},{value}" if known in headers else value
    return headers


def _user_identity(call: AccessPointCall) -> dict[str, str]:
    account = call.point.account
    partition, _ = partition_of(call.point.region)
    return {
        "type": "IAMUser",
        "principalId": "AIDALOCALUSER",
        "arn": f"arn:{partition}:iam::{account}:user/local",
        "accountId": account,
        "accessKeyId": _access_key_id(call.request),
        "userName": "local",
    }


def _access_key_id(request: Request) -> str:
    """Return the access key ID that the request is signed with, or an empty string."""
    header = request.headers.get("authorization", "")
    return credential(header, request.query_params.get("X-Amz-Credential", "")).partition("/")[0]
