"""Verifies that a request is signed as AWS requires, with the endpoint's credentials.

botocore's own signers compute the expected signature. Policies are not enforced: a client that has
the keys may do anything.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from jitprep.emulator.s3_errors import S3Error
from jitprep.emulator.signing.request_head import RequestHead
from jitprep.emulator.signing.signature import CONTENT_SHA256, TIMESTAMP, Signature, parse_signature

_SKEW = timedelta(minutes=15)


@dataclass(frozen=True)
class Verifier:
    """Verifies signatures of version 4.

    Parameters
    ----------
    access_key, secret_key
        The only valid pair of keys.
    region
        The region that requests must be signed for.
    now
        Returns the current time.
    """

    access_key: str
    secret_key: str = field(repr=False)
    region: str
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def verify(
        self, request_head: RequestHead, services: Sequence[str], body: bytes | None
    ) -> None:
        """Raise S3Error unless the request is correctly signed.

        Parameters
        ----------
        request_head
            The request's head.
        services
            The services that it may be signed for.
        body
            The body; None if it is not read here, and the client's hash is trusted.

        Raises
        ------
        S3Error
            With S3's code, if the signature is missing, wrong, expired or for another scope.
        """
        signature = parse_signature(request_head)
        self._require_time(signature)
        self._require_scope(signature, services)
        _require_headers(request_head, signature)
        self._require_payload(signature, services, body)
        if signature.scope.access_key != self.access_key:
            raise S3Error(
                403,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
                {"AWSAccessKeyId": signature.scope.access_key},
            )
        self._require_signature(request_head, signature, body)

    def _require_time(self, signature: Signature) -> None:
        now, made = self.now(), signature.time
        server = {"ServerTime": _iso(now)}
        if signature.expires_s is None:
            if abs(now - made) > _SKEW:
                raise S3Error(
                    403,
                    "RequestTimeTooSkewed",
                    "The difference between the request time and the current time is too large.",
                    {"RequestTime": _iso(made), **server, "MaxAllowedSkewMilliseconds": "900000"},
                )
            return
        if made - now > _SKEW:
            raise S3Error(403, "AccessDenied", "Request is not yet valid", server)
        ends = made + timedelta(seconds=signature.expires_s)
        if now > ends:
            until = {"X-Amz-Expires": str(signature.expires_s), "Expires": _iso(ends)}
            raise S3Error(403, "AccessDenied", "Request has expired", {**until, **server})

    def _require_scope(self, signature: Signature, services: Sequence[str]) -> None:
        scope, made = signature.scope, signature.time.strftime("%Y%m%d")
        if scope.date != made:
            raise signature.malformed.error(
                f'Invalid credential date "{scope.date}". This date is not the same as X-Amz-Date: '
                f'"{made}".'
            )
        if scope.region != self.region:
            raise signature.malformed.error(
                f"the region '{scope.region}' is wrong; expecting '{self.region}'",
                {"Region": self.region},
            )
        if scope.service not in services:
            raise signature.malformed.error(
                f'incorrect service "{scope.service}". This endpoint belongs to "{services[0]}".'
            )

    def _require_payload(
        self, signature: Signature, services: Sequence[str], body: bytes | None
    ) -> None:
        said = signature.payload
        if said is None and "lambda" not in services:
            message = f"Missing required header for this request: {CONTENT_SHA256}"
            raise S3Error(400, "InvalidRequest", message)
        computed = hashlib.sha256(body or b"").hexdigest()
        if body is not None and signature.body_sha256 not in {None, computed}:
            raise S3Error(
                400,
                "XAmzContentSHA256Mismatch",
                f"The provided '{CONTENT_SHA256}' header does not match what was computed.",
                {"ClientComputedContentSHA256": str(said), "S3ComputedContentSHA256": computed},
            )

    def _require_signature(
        self, request_head: RequestHead, signature: Signature, body: bytes | None
    ) -> None:
        scope = signature.scope
        # Only S3 signs the path as it is sent; other services encode it once more.
        kind = _OtherSigner if scope.service == "lambda" else _S3Signer
        signer = kind(Credentials(scope.access_key, self.secret_key), scope.service, scope.region)
        signer.names = signature.signed_headers
        request = _as_signed(request_head, signature)
        request.context["payload"] = signature.payload or hashlib.sha256(body or b"").hexdigest()
        canonical = signer.canonical_request(request)
        string_to_sign = signer.string_to_sign(request, canonical)
        expected = signer.signature(string_to_sign, request)
        if not hmac.compare_digest(expected.encode(), signature.value.encode()):
            raise S3Error(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method.",
                {
                    "AWSAccessKeyId": scope.access_key,
                    "StringToSign": string_to_sign,
                    "SignatureProvided": signature.value,
                    "CanonicalRequest": canonical,
                },
            )


class _Exactly:
    """Signs the same headers and payload as the client, where botocore would choose its own."""

    names: Sequence[str] = ()

    def headers_to_sign(self, request: Any) -> Any:
        return request.headers

    def signed_headers(self, _headers: Any) -> str:
        return ";".join(self.names)

    def payload(self, request: Any) -> str:
        return str(request.context["payload"])


class _S3Signer(_Exactly, S3SigV4Auth):  # type: ignore[misc]
    pass


class _OtherSigner(_Exactly, SigV4Auth):  # type: ignore[misc]
    pass


def _as_signed(request_head: RequestHead, signature: Signature) -> Any:
    """Return the request in the form of botocore's signers, with the signed headers only."""
    spaced = request_head.query.replace("+", "%20")
    query = "&".join(
        f"{_encoded(name)}={_encoded(value)}"
        for name, _, value in (pair.partition("=") for pair in spaced.split("&") if pair)
        if name != "X-Amz-Signature"
    )
    path = "/".join(_encoded(segment) for segment in request_head.path.split("/"))
    request = AWSRequest(request_head.method, f"http://endpoint{path}?{query}")
    for name, value in request_head.headers:
        if name in signature.signed_headers:
            request.headers[name] = value  # appends to headers of the same name
    request.context["timestamp"] = signature.time.strftime(TIMESTAMP)
    return request


def _encoded(text: str) -> str:
    """Encode a segment of a path, or a part of a query, as signatures do.

    A character that was sent raw, such as the ``$`` in one of AWS's examples, is encoded too.
    """
    return quote(unquote_to_bytes(text.encode("latin-1")), safe="")


def _require_headers(request_head: RequestHead, signature: Signature) -> None:
    must = {name for name, _ in request_head.headers if name.startswith("x-amz-")}
    must |= {"host", "content-md5"} & {name for name, _ in request_head.headers}
    if signature.expires_s is not None:
        must.discard(CONTENT_SHA256)  # if it is not signed, the signature does not match
    unsigned = must.difference(signature.signed_headers)
    if unsigned:
        raise S3Error(
            403,
            "AccessDenied",
            "There were headers present in the request which were not signed",
            {"HeadersNotSigned": ", ".join(sorted(unsigned))},
        )


def _iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
