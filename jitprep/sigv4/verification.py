"""Verifies that a request is signed as AWS requires, with a key that is known here.

Policies are the caller's: a key that is known here signs correctly, whatever it may read.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from jitprep.sigv4.canonical import (
    CONTENT_SHA256,
    TIMESTAMP,
    canonical_request,
    signature_of,
    string_to_sign,
)
from jitprep.sigv4.refusals import SignatureRefused
from jitprep.sigv4.request_head import RequestHead
from jitprep.sigv4.signature import Signature, parse_signature

_SKEW = timedelta(minutes=15)


@dataclass(frozen=True)
class Verifier:
    """Verifies signatures of version 4.

    Parameters
    ----------
    secrets
        Returns the secret key of an access key; None, or nothing but an empty string, if there is none.
    region
        The region that requests must be signed for; None if it may be any.
    now
        Returns the current time.
    """

    secrets: Callable[[str], str | None] = field(repr=False)
    region: str | None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def verify(self, request_head: RequestHead, services: Sequence[str], body: bytes | None) -> str:
        """Return the access key that a request is signed with.

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
        SignatureRefused
            With S3's code, if the signature is missing, wrong, expired or for another scope.
        """
        signature = parse_signature(request_head)
        self._require_time(signature)
        self._require_scope(signature, services)
        _require_headers(request_head, signature)
        _require_payload(signature, services, body)
        access_key = signature.scope.access_key
        secret_key = self.secrets(access_key)
        if not secret_key:  # an empty one would let anybody sign
            raise SignatureRefused(
                403,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
                {"AWSAccessKeyId": access_key},
            )
        _require_signature(request_head, signature, secret_key, body)
        return access_key

    def _require_time(self, signature: Signature) -> None:
        now, made = self.now(), signature.time
        if signature.expires_s is None:
            if abs(now - made) > _SKEW:
                raise SignatureRefused(
                    403,
                    "RequestTimeTooSkewed",
                    "The difference between the request time and the current time is too large.",
                    {
                        "RequestTime": _iso(made),
                        "ServerTime": _iso(now),
                        "MaxAllowedSkewMilliseconds": "900000",
                    },
                )
            return
        server = {"ServerTime": _iso(now)}
        if made - now > _SKEW:
            raise SignatureRefused(403, "AccessDenied", "Request is not yet valid", server)
        ends = made + timedelta(seconds=signature.expires_s)
        if now > ends:
            until = {"X-Amz-Expires": str(signature.expires_s), "Expires": _iso(ends)}
            raise SignatureRefused(403, "AccessDenied", "Request has expired", {**until, **server})

    def _require_scope(self, signature: Signature, services: Sequence[str]) -> None:
        scope, made = signature.scope, signature.time.strftime("%Y%m%d")
        if scope.date != made:
            raise signature.malformed.error(
                f'Invalid credential date "{scope.date}". This date is not the same as X-Amz-Date: '
                f'"{made}".'
            )
        if self.region not in {None, scope.region}:
            raise signature.malformed.error(
                f"the region '{scope.region}' is wrong; expecting '{self.region}'",
                {"Region": str(self.region)},
            )
        if scope.service not in services:
            raise signature.malformed.error(
                f'incorrect service "{scope.service}". This endpoint belongs to "{services[0]}".'
            )


def _require_payload(signature: Signature, services: Sequence[str], body: bytes | None) -> None:
    said = signature.payload
    if said is None and "lambda" not in services:
        message = f"Missing required header for this request: {CONTENT_SHA256}"
        raise SignatureRefused(400, "InvalidRequest", message)
    if body is None or signature.body_sha256 is None:
        return
    computed = hashlib.sha256(body).hexdigest()
    if signature.body_sha256 != computed:
        raise SignatureRefused(
            400,
            "XAmzContentSHA256Mismatch",
            f"The provided '{CONTENT_SHA256}' header does not match what was computed.",
            {"ClientComputedContentSHA256": str(said), "S3ComputedContentSHA256": computed},
        )


def _require_signature(
    request_head: RequestHead, signature: Signature, secret_key: str, body: bytes | None
) -> None:
    scope = signature.scope
    payload = signature.payload or hashlib.sha256(body or b"").hexdigest()
    canonical = canonical_request(request_head, scope.service, signature.signed_headers, payload)
    timestamp = signature.time.strftime(TIMESTAMP)
    text = string_to_sign(canonical, timestamp, scope.region, scope.service)
    expected = signature_of(text, secret_key, scope.date, scope.region, scope.service)
    if not hmac.compare_digest(expected.encode(), signature.value.encode()):
        raise SignatureRefused(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
            {
                "AWSAccessKeyId": scope.access_key,
                "StringToSign": text,
                "SignatureProvided": signature.value,
                "CanonicalRequest": canonical,
            },
        )


def _require_headers(request_head: RequestHead, signature: Signature) -> None:
    must = {
        name
        for name, _ in request_head.headers
        if name.startswith("x-amz-") or name in {"host", "content-md5"}
    }
    if signature.expires_s is not None:
        must.discard(CONTENT_SHA256)  # if it is not signed, the signature does not match
    unsigned = must.difference(signature.signed_headers)
    if unsigned:
        raise SignatureRefused(
            403,
            "AccessDenied",
            "There were headers present in the request which were not signed",
            {"HeadersNotSigned": ", ".join(sorted(unsigned))},
        )


def _iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
