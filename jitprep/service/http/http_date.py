"""HTTP's dates (RFC 9110, 5.6.7)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# The form that HTTP/1.1 generates.
_FIXED = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?P<day>[0-9]{2}) "
    rf"(?P<month>{'|'.join(_MONTHS)}) (?P<year>[0-9]{{4}}) "
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}) GMT"
)


def http_date(text: str | None) -> datetime | None:
    """Return the moment that an HTTP date names; None where it is absent or malformed."""
    if text is None:
        return None
    found = _FIXED.fullmatch(text)
    try:
        if found is None:
            return _in_old_form(text)
        return datetime(
            int(found["year"]),
            _MONTHS.index(found["month"]) + 1,
            int(found["day"]),
            int(found["hour"]),
            int(found["minute"]),
            int(found["second"]),
            tzinfo=UTC,
        )
    except (ValueError, IndexError, OverflowError):
        return None


def _in_old_form(text: str) -> datetime:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  15 ms, and hardly ever needed

    moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
