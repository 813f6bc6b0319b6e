"""What keeps an original from being read, in words: S3's own, or ours where it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from handler.errors import RequestFailed

if TYPE_CHECKING:
    import urllib3

# S3's errors are a few hundred bytes of XML.
_ERROR_BYTES = 64 * 1024
# What a status means where S3 sends no words with it, as in the answer to a HEAD.
_WORDLESS = {403: "AccessDenied", 404: "NoSuchKey", 412: "PreconditionFailed"}


def replaced() -> RequestFailed:
    """Return the failure of a read of two versions."""
    words = "the object was replaced while it was read; try again"
    return RequestFailed(503, "SourceUnavailable", words)


def unavailable(error: Exception) -> RequestFailed:
    """Return the failure of a read that did not come to its end.

    The error's own words may hold the presigned URL, so only its type is told.
    """
    return RequestFailed(
        503,
        "SourceUnavailable",
        f"S3 could not be read ({type(error).__name__}); try again, and see whether the endpoint is up",
    )


def too_large(size: int, limit: int) -> RequestFailed:
    """Return the failure of an object that is over the limit."""
    return RequestFailed(
        400,
        "ObjectTooLarge",
        f"the object has {size} bytes or more, and the limit is {limit}; raise JITPREP_MAX_BYTES or "
        "store a smaller object",
    )


def refused(response: urllib3.BaseHTTPResponse) -> RequestFailed:
    """Return the failure that an answer of S3's tells of, and close it."""
    try:
        body = response.read(_ERROR_BYTES)
    finally:
        response.close()
    code, message = _words(body)
    wordless = "SourceRefused" if body else _WORDLESS.get(response.status, "SourceRefused")
    return RequestFailed(
        response.status,
        code or wordless,
        message or f"S3 answered the read of the original with status {response.status}",
    )


def _words(body: bytes) -> tuple[str, str]:
    """Return the code and the message of S3's error document; empty where it is none."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  # S3's own, bounded
    except ElementTree.ParseError:
        return "", ""
    return root.findtext("Code", ""), root.findtext("Message", "")
