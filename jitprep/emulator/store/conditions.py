"""The conditions of a request, on an object or on the source of a copy."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from jitprep.emulator.s3_errors import S3Error

_ETAGS = re.compile(r'\s*(?:W/)?("[^"]*"|[^",\s]+)\s*(?:,|$)')


def not_modified(header: Callable[[str], str | None], etag: str, modified: datetime) -> bool:
    """Return whether the reader has the object already, 304.

    What comes first of several is RFC 9110's, section 13.2.2, which S3's pages follow.

    Parameters
    ----------
    header
        Gives the value of a condition by its name, ``if-match``.
    etag, modified
        The object's, the time in whole seconds.

    Raises
    ------
    S3Error
        412 where the object is not as it must be.
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
    """Return whether ``etag`` is among those of a condition; S3 does not ask for the quotes."""
    bare = etag.strip('"')
    return condition.strip() == "*" or bare in {e.strip('"') for e in _ETAGS.findall(condition)}


def _time(text: str | None) -> datetime | None:
    """Read a date of HTTP; what is not one is ignored, as RFC 9110 has it."""
    try:
        found = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    if found is None:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
