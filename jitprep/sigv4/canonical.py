"""The signature of a request: its canonical form, the string to sign, and the HMAC of that.

The names of the steps are those of AWS's documentation of Signature Version 4.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from jitprep.sigv4.request_head import RequestHead

ALGORITHM = "AWS4-HMAC-SHA256"
TIMESTAMP = "%Y%m%dT%H%M%SZ"
CONTENT_SHA256 = "x-amz-content-sha256"
TERMINAL = "aws4_request"
# Text that is already encoded as signatures encode it, with capital digits and nothing needless.
_CANONICAL = (
    r"(?:[A-Za-z0-9_.~{}-]++|%(?:[0189A-F][0-9A-F]|2[0-9A-CF]|3[A-F]|40|5[B-E]|60|7[BCDF]))*+"
)
_PART, _PATH = re.compile(_CANONICAL.format("")), re.compile(_CANONICAL.format("/"))


def canonical_request(
    head: RequestHead, service: str, signed_headers: Sequence[str], payload: str
) -> str:
    """Return a request in its canonical form.

    Parameters
    ----------
    head
        The request's head; of its headers, those that are not signed are left out.
    service
        The service that it is signed for.
    signed_headers
        The names of the signed headers, in the order in which the signature names them.
    payload
        The hash, or the keyword, that stands for the body.
    """
    values: dict[str, str] = {}
    for name, value in head.headers:
        if name in signed_headers:
            trimmed = " ".join(value.split())
            values[name] = f"{values[name]},{trimmed}" if name in values else trimmed
    lines = "".join([f"{name}:{values[name]}\n" for name in sorted(values)])
    path, query = _canonical_path(head.path, service), _canonical_query(head.query)
    return f"{head.method}\n{path}\n{query}\n{lines}\n{';'.join(signed_headers)}\n{payload}"


def string_to_sign(canonical: str, timestamp: str, region: str, service: str) -> str:
    """Return the string that is signed for a canonical request."""
    scope = f"{timestamp[:8]}/{region}/{service}/{TERMINAL}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return f"{ALGORITHM}\n{timestamp}\n{scope}\n{digest}"


def signature_of(text: str, secret_key: str, date: str, region: str, service: str) -> str:
    """Return the signature of a string to sign."""
    return hmac.digest(_key(secret_key, date, region, service), text.encode(), "sha256").hex()


@lru_cache(maxsize=128)
def _key(secret_key: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in (date, region, service, TERMINAL):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _canonical_path(path: str, service: str) -> str:
    """Return the path of a request to S3 encoded once, and to any other service twice.

    A key of S3's may have any dots and slashes. Other services resolve them.
    """
    once = path
    if not _PATH.fullmatch(path):
        once = "/".join([_encoded(segment) for segment in path.split("/")])
    if service.startswith("s3"):
        return once or "/"
    return quote(_without_dots(once), safe="/~")


def _without_dots(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")


def _canonical_query(query: str) -> str:
    if not query:
        return ""
    pairs = [pair.partition("=") for pair in query.replace("+", "%20").split("&") if pair]
    encoded = [
        (_encoded(name), _encoded(value)) for name, _, value in pairs if name != "X-Amz-Signature"
    ]
    return "&".join([f"{name}={value}" for name, value in sorted(encoded)])


def _encoded(text: str) -> str:
    """Encode a segment of a path, or a part of a query, as signatures do.

    A character that was sent raw, such as the ``$`` in one of AWS's examples, is encoded too.
    """
    if _PART.fullmatch(text):  # a tenth of the time
        return text
    return quote(unquote_to_bytes(text.encode("latin-1")), safe="")
