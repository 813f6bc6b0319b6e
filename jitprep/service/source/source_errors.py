"""Failures to read an original, in S3's words, or ours where S3 sends none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jitprep.service.errors import RequestFailed
from jitprep.service.http.checksums import ChecksumMismatch
from jitprep.service.source.connection import connected
from jitprep.service.source.hosts import ParsedUrl

if TYPE_CHECKING:
    from jitprep.service.http_client.answer import HttpAnswer
    from jitprep.service.http_client.failures import HttpFailed
    from jitprep.service.messages import Presigned

# S3's errors are a few hundred bytes of XML.
_ERROR_BYTES = 64 * 1024
_CODE = re.compile(r"[A-Za-z0-9._-]{1,100}")
# The codes of statuses without an error document, as in the answer to a HEAD.
_WORDLESS = {
    403: "AccessDenied",
    404: "NoSuchKey",
    405: "MethodNotAllowed",
    412: "PreconditionFailed",
}
# The codes of other statuses than 401 and 403 that refuse a mount's keys, bucket or region.
_OF_MOUNT = frozenset({
    "AuthorizationHeaderMalformed", "ExpiredToken", "InvalidToken", "NoSuchBucket",
    "TokenRefreshRequired",
})  # fmt: skip
# S3's headers on a delete marker, for which it answers 404, or 405 where its version was asked for.
_OF_MARKER = ("x-amz-delete-marker", "x-amz-version-id")

# The reason of a `StoreRefused` where a request could not be signed.
NO_CREDENTIALS = "no credentials for it could be loaded"


class StoreRefused(RequestFailed):
    """A store that does not let itself be read.

    Parameters
    ----------
    place : str
        The store, such as ``s3://bucket``.
    reason : str, optional
        The store's own code, or what else is known.
    remedy : str
    """

    def __init__(
        self,
        place: str,
        reason: str | None,
        remedy: str = "check its name, and the credentials for it",
    ) -> None:
        words = f" ({reason})" if reason else ""
        super().__init__(403, "SourceRefused", f"{place} refused to be read{words}; {remedy}")
        self.reason = reason


def replaced() -> RequestFailed:
    """Return the failure of a read during which the object was replaced."""
    words = "the object was replaced while it was read; try again"
    return RequestFailed(503, "SourceUnavailable", words)


def unavailable(error: HttpFailed | ChecksumMismatch, source: Presigned) -> RequestFailed:
    """Return the failure of a read that was not completed.

    Parameters
    ----------
    error : HttpFailed or ChecksumMismatch
        What says why, without the URL.
    source : Presigned
        What was read. Its URL may be signed, so only its host, or the endpoint, is named.
    """
    address = ParsedUrl.of(source.url)
    assert address is not None  # it was allowed
    mismatch = isinstance(error, ChecksumMismatch)
    why = "its bytes do not match its checksum" if mismatch else str(error)
    where = connected(address, source)
    return RequestFailed(
        503,
        "SourceUnavailable",
        f"S3 at {where.host}:{where.port} could not be read ({why}); try again, and check "
        "that it is up and can be reached from here",
    )


def source_too_large(size: int, limit: int) -> RequestFailed:
    """Return the failure of an object that exceeds the limit."""
    return RequestFailed(
        400,
        "ObjectTooLarge",
        f"the object has {size} bytes or more, and the limit is {limit}; raise JITPREP_MAX_BYTES or "
        "store a smaller object",
    )


def refused(response: HttpAnswer, source: Presigned) -> RequestFailed:
    """Return the failure that S3's answer reports, and close it.

    Where a mount signed the request, the refusal of its keys is put in the server's words: the client
    would take S3's for a refusal of its own.
    """
    try:
        body = response.read(_ERROR_BYTES)
    finally:
        response.close()
    code, message = s3_words(body)
    wordless = "SourceRefused" if body else _WORDLESS.get(response.status, "SourceRefused")
    moved = 300 <= response.status < 400 and response.status != 304
    if source.place and (moved or response.status in {401, 403} or code in _OF_MOUNT):
        return StoreRefused(source.place, code or f"status {response.status}")
    return RequestFailed(
        response.status,
        code or wordless,
        message or f"S3 answered the read of the original with status {response.status}",
        {name: response.headers[name] for name in _OF_MARKER if name in response.headers},
    )


def s3_words(body: bytes) -> tuple[str, str]:
    """Return the code and the message of S3's error document; empty where the body is not one.

    The code is passed on in headers, so anything but a word is not one.
    """
    from xml.etree import ElementTree  # noqa: PLC0415  for errors only

    try:
        root = ElementTree.fromstring(body)  # noqa: S314  # S3's own, bounded
    except (ElementTree.ParseError, ValueError, LookupError):  # the last two for its encoding
        return "", ""
    code = root.findtext("Code", "")
    return code if _CODE.fullmatch(code) else "", root.findtext("Message", "")
