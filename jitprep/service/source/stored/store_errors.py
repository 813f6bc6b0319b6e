"""obstore's errors, as failures of the request.

Their messages are never quoted: they contain URLs, which may carry a token. The status and S3's code are
taken out of them, and that is all that there is to tell one error from another.
"""

from __future__ import annotations

import re

from jitprep.service.errors import RequestFailed
from jitprep.service.source.source_errors import NO_CREDENTIALS, StoreRefused

# The parts of messages that matter stand at their beginning.
_READ = 4096
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z]{1,64})</Code>")
# What a server sends that obstore cannot read, and that another try will not change.
_UNREADABLE = re.compile(r"Header missing from response|Invalid last modified|Invalid etag")
_NO_RANGES = re.compile(r"non-partial response|Range request not supported")
_NO_HEADS = frozenset({"405", "501"})
# What no path of obstore's may contain, of a key that it meets in a listing.
_UNNAMEABLE = re.compile(r"contained empty path segment|illegal character sequence")
_ELSEWHERE = "redirect without LOCATION"
_NO_BUCKET = frozenset({"NoSuchBucket", "ContainerNotFound"})
# obstore's errors are known by their names, so that this module does not import it.
_REFUSALS = frozenset({"PermissionDeniedError", "UnauthenticatedError"})
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
# Why there is no answer, by a part of the message; the host that was asked is all that is quoted of it.
_UNANSWERED = {
    "ConnectionRefused": "the connection was refused",
    "dns error": "its name cannot be resolved",
    "InvalidContentType": "it does not speak TLS",
    "invalid peer certificate": "its certificate was rejected",
    "TimedOut": "it did not answer in time",
}
_HOST = re.compile(r"performing [A-Z]+ https?://([A-Za-z0-9._-]+(?::\d+)?)/")
_OF_PROVIDER = "External AWS credential provider"


def store_failure(error: Exception, place: str) -> RequestFailed:
    """Return the failure that an error of obstore reports.

    Its status is one that is tried again only where another try may succeed.
    """
    text = str(error)[:_READ]
    found = _STATUS.search(text)
    status = int(found[1]) if found else None
    code = _CODE.search(text)
    kind = type(error).__name__
    if kind == "PreconditionError" or status == 412:
        return RequestFailed(412, "PreconditionFailed", "the object is not the version asked for")
    if code is not None and code[1] in _NO_BUCKET:
        return StoreRefused(place, code[1])
    if isinstance(error, FileNotFoundError):
        return RequestFailed(404, "NoSuchKey", f"{place} has no such object")
    if _OF_PROVIDER in text:
        return without_credentials(place)
    if kind in _REFUSALS:
        return StoreRefused(place, code[1] if code else None)
    if status == 416:
        return RequestFailed(416, "InvalidRange", "the object has no byte in this range")
    if _ELSEWHERE in text:
        return StoreRefused(place, "PermanentRedirect; its region may be another")
    if _UNREADABLE.search(text):
        return _unversioned(place)
    if status is not None and status not in _BUSY:
        return StoreRefused(place, code[1] if code else f"status {status}")
    why = code[1] if code else f"status {status}" if status else _unanswered(text)
    return _unavailable(place, why)


def without_credentials(place: str) -> StoreRefused:
    """Return the failure of a read that could not be signed."""
    return StoreRefused(
        place,
        NO_CREDENTIALS,
        "give the mount access_key_id and secret_access_key, let AWS's SDKs find some, or write "
        "unsigned = true for a public bucket",
    )


def _unanswered(text: str) -> str:
    why = next(
        (words for part, words in _UNANSWERED.items() if part in text), "no whole answer came"
    )
    host = _HOST.search(text)
    return f"{host[1]}: {why}" if host else why


def listing_failure(error: Exception, place: str) -> RequestFailed:
    """Return the failure of a listing that an error of obstore reports."""
    if isinstance(error, FileNotFoundError):
        return StoreRefused(place, "there is no such bucket")
    if _UNNAMEABLE.search(str(error)[:_READ]):
        return unnameable(place)
    return store_failure(error, place)


def cut_off(place: str) -> RequestFailed:
    """Return the failure of a body that is shorter or longer than its length."""
    return _unavailable(place, "its bytes are not as many as it said")


def without_ranges(error: Exception) -> bool:
    """Whether the server answers a request for a range with all of the object."""
    return _NO_RANGES.search(str(error)[:_READ]) is not None


def without_heads(error: Exception) -> bool:
    """Whether the server does not answer HEAD; obstore takes its 405 for a missing object."""
    found = _STATUS.search(str(error)[:_READ])
    return found is not None and found[1] in _NO_HEADS


def unnameable(place: str) -> RequestFailed:
    """Return the refusal of a key that the store cannot be asked for."""
    scheme = place.partition(":")[0]
    return RequestFailed(
        400,
        "InvalidRequest",
        f"a key with an empty part, a part '.' or '..', or a control character cannot be read from "
        f"{scheme}://; rename the object",
    )


def _unversioned(place: str) -> RequestFailed:
    return RequestFailed(
        400,
        "InvalidRequest",
        f"{place} does not say which version of the object it sends; the server must send "
        "Content-Length, and an ETag or a valid Last-Modified",
    )


def require_version(etag: str, place: str) -> str:
    """Return the ETag, if there is one.

    Raises
    ------
    RequestFailed
        ``InvalidRequest``: without it, nothing could tell two versions of the object apart.
    """
    if not etag:
        raise _unversioned(place)
    return etag


def _unavailable(place: str, why: str) -> RequestFailed:
    return RequestFailed(
        503,
        "SourceUnavailable",
        f"{place} could not be read ({why}); try again, and check that it is up and can be "
        "reached from here",
    )
