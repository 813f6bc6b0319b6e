"""What keeps an original from being read, in words: S3's own, or ours where it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from jitprep.service.errors import RequestFailed
from jitprep.service.source.connection import connected, reason
from jitprep.service.source.hosts import ParsedUrl

if TYPE_CHECKING:
    import urllib3

# S3's errors are a few hundred bytes of XML.
_ERROR_BYTES = 64 * 1024
# What a status means where S3 sends no words with it, as in the answer to a HEAD.
_WORDLESS = {
    403: "AccessDenied",
    404: "NoSuchKey",
    405: "MethodNotAllowed",
    412: "PreconditionFailed",
}
# What S3 says of a delete marker, as which it answers 404, or 405 where its version was asked for.
_OF_MARKER = ("x-amz-delete-marker", "x-amz-version-id")


def replaced() -> RequestFailed:
    """Return the failure of a read of two versions."""
    words = "the object was replaced while it was read; try again"
    return RequestFailed(503, "SourceUnavailable", words)


def unavailable(error: Exception, url: str) -> RequestFailed:
    """Return the failure of a read that did not come to its end.

    Parameters
    ----------
    error : Exception
        Its own words are left out, for they may hold the URL.
    url : str
        What was read. It may be signed, so that only its host is named, or the endpoint in its place.
    """
    address = ParsedUrl.of(url)
    assert address is not None  # it was allowed
    where = connected(address)
    return RequestFailed(
        503,
        "SourceUnavailable",
        f"S3 at {where.host}:{where.port} could not be read ({reason(error)}); try again, and see "
        "whether it is up and can be reached from here",
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
    named = {name.lower(): value for name, value in response.headers.items()}
    return RequestFailed(
        response.status,
        code or wordless,
        message or f"S3 answered the read of the original with status {response.status}",
        {name: named[name] for name in _OF_MARKER if name in named},
    )


def _words(body: bytes) -> tuple[str, str]:
    """Return the code and the message of S3's error document; empty where it is none."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  # S3's own, bounded
    except ElementTree.ParseError:
        return "", ""
    return root.findtext("Code", ""), root.findtext("Message", "")
