"""Signs requests, such as a GET of an object."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from jitprep.sigv4.canonical import (
    ALGORITHM,
    CONTENT_SHA256,
    TERMINAL,
    TIMESTAMP,
    canonical_request,
    signature_of,
    string_to_sign,
)
from jitprep.sigv4.request_head import RequestHead

_NO_BODY = hashlib.sha256().hexdigest()
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class SigningCredentials:
    """What requests are signed with.

    Parameters
    ----------
    access_key, secret_key
        The pair of keys.
    token
        The token of a session, if the keys are temporary.
    """

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


def sign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    credentials: SigningCredentials,
    region: str,
    service: str = "s3",
    body: bytes = b"",
    payload: str | None = None,
    now: Callable[[], datetime] | None = None,
) -> dict[str, str]:
    """Return the headers of a request, with its signature.

    Parameters
    ----------
    method
        The HTTP method, as it is sent.
    url
        The URL as it is sent, percent-encoded. Dots and double slashes in the path of an object are
        signed as they are, so whatever sends the request must not remove them.
    headers
        The request's headers. All of them are signed, so nothing on the way may change one.
    credentials
        The keys to sign with.
    region, service
        The region and the service that the request is for.
    body
        The request's body.
    payload
        The keyword that stands for the body, such as ``UNSIGNED-PAYLOAD``; the default is its hash.
    now
        Returns the current time; the default is the clock.

    Returns
    -------
    dict
        All headers to send, with names in lower case: those given, ``host`` and those of the signature.

    Raises
    ------
    ValueError
        If the URL has characters that are not ASCII.
    """
    if not url.isascii():
        raise ValueError(f"cannot sign {url!r}: a URL is signed percent-encoded, as it is sent")
    payload = payload or (hashlib.sha256(body).hexdigest() if body else _NO_BODY)
    parts, timestamp = urlsplit(url), _timestamp(int(now().timestamp() if now else time.time()))
    signed = {"host": _host(parts.scheme, parts.netloc)}
    signed |= {name.lower(): value for name, value in headers.items()}
    signed.pop("authorization", None)
    signed["x-amz-date"] = timestamp
    if service.startswith("s3"):
        signed[CONTENT_SHA256] = payload
    if credentials.token is not None:
        signed["x-amz-security-token"] = credentials.token
    names, date = sorted(signed), timestamp[:8]
    head = RequestHead(method, parts.path, parts.query, list(signed.items()))
    canonical = canonical_request(head, service, names, signed.get(CONTENT_SHA256, payload))
    text = string_to_sign(canonical, timestamp, region, service)
    value = signature_of(text, credentials.secret_key, date, region, service)
    scope = f"{credentials.access_key}/{date}/{region}/{service}/{TERMINAL}"
    signed["authorization"] = (
        f"{ALGORITHM} Credential={scope}, SignedHeaders={';'.join(names)}, Signature={value}"
    )
    return signed


@lru_cache(maxsize=2)
def _timestamp(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime(TIMESTAMP)


@lru_cache(maxsize=32)
def _host(scheme: str, netloc: str) -> str:
    """Return the Host header that HTTP clients send: without the default port."""
    parts = SplitResult(scheme, netloc, "", "", "")
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    default = parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme)
    return host if default else f"{host}:{parts.port}"
