"""Parses a request's signature, from the Authorization header or from a presigned URL.

`jitprep.sigv4.verification` verifies it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn

from jitprep.sigv4.canonical import ALGORITHM, CONTENT_SHA256, TERMINAL
from jitprep.sigv4.refusals import SignatureRefused, Unsigned
from jitprep.sigv4.request_head import RequestHead

# Parameters of both signature versions, which an event must not show.
AUTH_PARAMETERS = frozenset(
    {
        "awsaccesskeyid",
        "expires",
        "signature",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-security-token",
        "x-amz-signature",
        "x-amz-signedheaders",
    }
)
_QUERY_PARTS = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
)
_HEADER_PARTS = {"Credential", "SignedHeaders", "Signature"}
_LONGEST_S = 7 * 24 * 60 * 60
_HASH = re.compile(r"[0-9a-f]{64}")
_LONG_FORMAT = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_UNHASHED = re.compile(r"UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+")


@dataclass(frozen=True)
class Scope:
    """A credential, ``key/date/region/service/aws4_request``."""

    access_key: str
    date: str
    region: str
    service: str


@dataclass(frozen=True)
class Signature:
    """A signature of version 4.

    Parameters
    ----------
    scope
        The credential: who signed, and for which service.
    signed_headers
        The names of the headers that it covers.
    value
        The signature itself.
    time
        The time at which it was made.
    expires_s
        Seconds for which a presigned URL is valid; None for a signature in a header.
    payload
        The hash, or the keyword, that stands for the body; None if the client gave none.
    """

    scope: Scope
    signed_headers: tuple[str, ...]
    value: str
    time: datetime
    expires_s: int | None
    payload: str | None

    @property
    def body_sha256(self) -> str | None:
        """The hash that the body must have; None if the body is not signed as a whole."""
        return self.payload if self.payload and _HASH.fullmatch(self.payload) else None

    @property
    def malformed(self) -> MalformedSignature:
        """The error for a part that is wrong."""
        return _HEADER if self.expires_s is None else _QUERY


@dataclass(frozen=True)
class MalformedSignature:
    """The error for a malformed signature, in a header or in a query."""

    code: str
    prefix: str

    def error(self, reason: str, details: Mapping[str, str] | None = None) -> SignatureRefused:
        """Return the error for ``reason``."""
        return SignatureRefused(400, self.code, self.prefix + reason, details)


_HEADER = MalformedSignature(
    "AuthorizationHeaderMalformed", "The authorization header is malformed; "
)
_QUERY = MalformedSignature(
    "AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter; "
)


def parse_signature(request_head: RequestHead) -> Signature:
    """Return the signature of a request to S3, S3 Control or Lambda.

    Raises
    ------
    Unsigned
        If the request is not signed.
    SignatureRefused
        If it is not a signature of version 4.
    """
    authorization = request_head.header("authorization")
    parameters = request_head.parameters
    in_query = not parameters.keys().isdisjoint(_QUERY_PARTS[:3])
    old_in_query = {"AWSAccessKeyId", "Signature"} <= parameters.keys()
    if authorization is not None and (in_query or old_in_query):
        raise _argument(
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature "
            "query string parameter or the Authorization header should be specified",
            "Authorization",
        )
    if old_in_query or (authorization or "").startswith("AWS "):
        _raise_old_version()
    if in_query:
        return _from_query(request_head, parameters)
    if authorization is None:
        raise Unsigned
    return _from_header(request_head, authorization)


def credential(authorization: str, parameter: str) -> str:
    """Return SigV4's credential, ``key/date/region/service/aws4_request``, unchecked.

    Parameters
    ----------
    authorization
        The Authorization header, or an empty string.
    parameter
        X-Amz-Credential from the query of a presigned URL.
    """
    if "Credential=" in authorization:
        return authorization.partition("Credential=")[2].partition(",")[0]
    return parameter


def _from_header(request_head: RequestHead, authorization: str) -> Signature:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise _argument("Unsupported Authorization Type", "Authorization")
    pieces = [piece.strip().partition("=") for piece in rest.split(",")]
    parts = {name: value for name, _, value in pieces}
    if len(pieces) != len(_HEADER_PARTS) or parts.keys() != _HEADER_PARTS:
        raise _HEADER.error(
            "the authorization header requires three components: Credential, SignedHeaders, and "
            "Signature."
        )
    return Signature(
        scope=_scope(parts["Credential"], _HEADER),
        signed_headers=tuple(parts["SignedHeaders"].split(";")),
        value=parts["Signature"],
        time=_header_time(request_head),
        expires_s=None,
        payload=_payload(request_head.header(CONTENT_SHA256)),
    )


def _from_query(request_head: RequestHead, parameters: Mapping[str, str]) -> Signature:
    if not all(parameters.get(name) for name in _QUERY_PARTS):
        raise SignatureRefused(
            400,
            _QUERY.code,
            "Query-string authentication version 4 requires the X-Amz-Algorithm, "
            "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires "
            "parameters.",
        )
    if parameters["X-Amz-Algorithm"] != ALGORITHM:
        _raise_old_version()
    try:
        time = _time(parameters["X-Amz-Date"])
    except ValueError as error:
        message = "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        raise SignatureRefused(400, _QUERY.code, message) from error
    # Some SDKs put the hash into the query. In a header it counts only if it is signed.
    said = request_head.header(CONTENT_SHA256) or parameters.get("X-Amz-Content-Sha256")
    return Signature(
        scope=_scope(parameters["X-Amz-Credential"], _QUERY),
        signed_headers=tuple(parameters["X-Amz-SignedHeaders"].split(";")),
        value=parameters["X-Amz-Signature"],
        time=time,
        expires_s=_expires(parameters["X-Amz-Expires"]),
        payload=_payload(said) or "UNSIGNED-PAYLOAD",
    )


def _scope(text: str, malformed: MalformedSignature) -> Scope:
    parts = text.split("/")
    if len(parts) != 5 or not parts[0]:
        raise malformed.error(
            'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        )
    access_key, date, region, service, terminal = parts
    if terminal != TERMINAL:
        raise malformed.error(f'incorrect terminal "{terminal}". This endpoint uses "{TERMINAL}".')
    return Scope(access_key, date, region, service)


def _header_time(request_head: RequestHead) -> datetime:
    """Return the time in X-Amz-Date or, if it is missing, in Date."""
    text = request_head.header("x-amz-date") or request_head.header("date") or ""
    for read in (_time, parsedate_to_datetime):
        try:
            return read(text).astimezone(UTC)
        except (ValueError, OverflowError):  # a year or an offset may be out of range
            continue
    message = "AWS authentication requires a valid Date or x-amz-date header"
    raise SignatureRefused(403, "AccessDenied", message)


def _time(text: str) -> datetime:
    if not _LONG_FORMAT.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text)  # a fifth of strptime's time


def _expires(text: str) -> int:
    problem = None
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        problem = "X-Amz-Expires should be a number"
    elif int(text) < 0:
        problem = "X-Amz-Expires must be non-negative"
    elif int(text) > _LONGEST_S:
        problem = (
            "X-Amz-Expires must be less than a week (in seconds); that is, the given "
            "X-Amz-Expires must be less than 604800 seconds"
        )
    if problem is not None:
        raise SignatureRefused(400, _QUERY.code, problem)
    return int(text)


def _payload(text: str | None) -> str | None:
    if text is None or _HASH.fullmatch(text) or _UNHASHED.fullmatch(text):
        return text
    raise _argument(
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid "
        "sha256 value.",
        CONTENT_SHA256,
    )


def _raise_old_version() -> NoReturn:
    raise SignatureRefused(
        400,
        "InvalidRequest",
        f"The authorization mechanism you have provided is not supported. Please use {ALGORITHM}.",
    )


def _argument(message: str, name: str) -> SignatureRefused:
    return SignatureRefused(400, "InvalidArgument", message, {"ArgumentName": name})
