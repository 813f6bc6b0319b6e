"""obstore's errors, as failures of the request.

Their messages are never quoted: they contain URLs, which may carry a token. The status and S3's code are
taken out of them, and that is all that there is to tell one error from another.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jitprep.service.errors import RequestFailed

if TYPE_CHECKING:
    from jitprep.service.source.stored_object import StoredObject

# The parts of messages that matter stand at their beginning.
_READ = 4096
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z]{1,64})</Code>")
# What a server sends that obstore cannot read, and that another try will not change.
_UNREADABLE = re.compile(r"Header missing from response|Invalid last modified|Invalid etag")
_NO_RANGES = re.compile(r"non-partial response|Range request not supported")
_ELSEWHERE = "redirect without LOCATION"
# Names of obstore's errors, which are told apart by name so that this module does not import it.
_REFUSALS = frozenset({"PermissionDeniedError", "UnauthenticatedError"})
_BUSY = frozenset({408, 429, 500, 502, 503, 504})


def store_failure(error: Exception, source: StoredObject) -> RequestFailed:
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
    if code is not None and code[1] == "NoSuchBucket":
        return _refused(source, code[1])
    if isinstance(error, FileNotFoundError):
        return RequestFailed(404, "NoSuchKey", f"{source.place} has no such object")
    if kind in _REFUSALS:
        return _refused(source, code[1] if code else None)
    if status == 416:
        return RequestFailed(416, "InvalidRange", "the object has no byte in this range")
    if _ELSEWHERE in text:
        return _refused(source, "PermanentRedirect; its region may be another")
    if _UNREADABLE.search(text):
        return _unversioned(source)
    if status is not None and status not in _BUSY:
        return _refused(source, code[1] if code else f"status {status}")
    why = code[1] if code else f"status {status}" if status else "no whole answer came"
    return _unavailable(source, why)


def cut_off(source: StoredObject) -> RequestFailed:
    """Return the failure of a body that is shorter or longer than its length."""
    return _unavailable(source, "its bytes are not as many as it said")


def without_ranges(error: Exception) -> bool:
    """Whether the server answers a request for a range with all of the object."""
    return _NO_RANGES.search(str(error)[:_READ]) is not None


def unnameable(source: StoredObject) -> RequestFailed:
    """Return the refusal of a key that the store cannot be asked for."""
    scheme = source.place.partition(":")[0]
    return RequestFailed(
        400,
        "InvalidRequest",
        f"a key with an empty part, a part '.' or '..', or a control character cannot be read from "
        f"{scheme}://; rename the object",
    )


def _unversioned(source: StoredObject) -> RequestFailed:
    return RequestFailed(
        400,
        "InvalidRequest",
        f"{source.place} does not say which version of the object it sends; the server must send "
        "Content-Length, and an ETag or a valid Last-Modified",
    )


def require_version(etag: str, source: StoredObject) -> str:
    """Return the ETag, if there is one.

    Raises
    ------
    RequestFailed
        ``InvalidRequest``: without it, nothing could tell two versions of the object apart.
    """
    if not etag:
        raise _unversioned(source)
    return etag


def _refused(source: StoredObject, code: str | None) -> RequestFailed:
    words = f" ({code})" if code else ""
    return RequestFailed(
        403,
        "SourceRefused",
        f"{source.place} refused the server's credentials{words}; check the mount's",
    )


def _unavailable(source: StoredObject, why: str) -> RequestFailed:
    return RequestFailed(
        503,
        "SourceUnavailable",
        f"{source.place} could not be read ({why}); try again, and check that it is up and can be "
        "reached from the server",
    )
