"""Conditional requests: preconditions on an object, or on the source of a copy."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from jitprep.emulator.s3_errors import S3Error

_ETAGS = re.compile(r'\s*(?:W/)?("[^"]*"|[^",\s]+)\s*(?:,|$)')


def not_modified(header: Callable[[str], str | None], etag: str, modified: datetime) -> bool:
    """Return whether the client's copy is current, so that the response is 304.

    The precedence is that of RFC 9110, section 13.2.2, which S3 follows.

    Parameters
    ----------
    header
        Returns the value of a condition, such as ``if-match``, or None.
    etag, modified
        The object's ETag and modification time, in whole seconds.

    Raises
    ------
    S3Error
        412 if a condition does not hold.
    """
    match, unmodified = header("if-match"), _time(header("if-unmodified-since"))
    if match is not None:
        if not _names(match, etag):
            raise precondition_failed("If-Match")
    elif unmodified is not None and modified > unmodified:
        raise precondition_failed("If-Unmodified-Since")
    none_match, since = header("if-none-match"), _time(header("if-modified-since"))
    if none_match is not None:
        return _names(none_match, etag)
    return since is not None and modified <= since


def precondition_failed(condition: str) -> S3Error:
    """Return the error of a condition that does not hold."""
    message = "At least one of the pre-conditions you specified did not hold"
    return S3Error(412, "PreconditionFailed", message, {"Condition": condition})


def _names(condition: str, etag: str) -> bool:
    """Return whether a condition names ``etag``; S3 does not require quotes."""
    bare = etag.strip('"')
    return condition.strip() == "*" or bare in {e.strip('"') for e in _ETAGS.findall(condition)}


def _time(text: str | None) -> datetime | None:
    """Parse an HTTP date; an invalid one is ignored, as RFC 9110 requires."""
    try:
        found = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    if found is None:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
