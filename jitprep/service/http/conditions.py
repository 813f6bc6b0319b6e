"""A client's conditions on the derived object (RFC 9110, section 13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum


class ConditionOutcome(Enum):
    """What conditions come to."""

    PROCEED = "proceed"
    NOT_MODIFIED = "not modified"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditional headers as they came; None where there is none."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_unmodified_since: str | None = None
    if_range: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Conditions:
        """Take the conditions from headers whose names are in lower case."""
        return cls(
            headers.get("if-match"),
            headers.get("if-none-match"),
            headers.get("if-modified-since"),
            headers.get("if-unmodified-since"),
            headers.get("if-range"),
        )

    def outcome(self, etag: str, last_modified: str | None) -> ConditionOutcome:
        """Evaluate the conditions in the order of RFC 9110, 13.2.2, as S3 does.

        Parameters
        ----------
        etag : str
            Of the derived object, in quotes.
        last_modified : str, optional
            The original's date, as HTTP writes it.
        """
        if self.if_match is not None:
            if not _names(self.if_match, etag):
                return ConditionOutcome.FAILED
        elif _later(last_modified, self.if_unmodified_since) is True:
            return ConditionOutcome.FAILED
        if self.if_none_match is not None:
            if _names(self.if_none_match, etag):
                return ConditionOutcome.NOT_MODIFIED
        elif _later(last_modified, self.if_modified_since) is False:
            return ConditionOutcome.NOT_MODIFIED
        return ConditionOutcome.PROCEED

    def allow_part(self, etag: str, last_modified: str | None) -> bool:
        """Whether a range may be answered with a part, as far as If-Range is concerned.

        It names the ETag, or the date, of what the client has the rest of; for anything else RFC 9110,
        13.1.5, wants the whole object, so that two versions are never glued together.
        """
        value = self.if_range
        if value is None:
            return True
        return value.strip() in {etag, last_modified}


def _names(header: str, etag: str) -> bool:
    """Whether an If-Match or If-None-Match header names `etag`; S3's clients may leave quotes out."""
    names = [name.strip().removeprefix("W/") for name in header.split(",")]
    return "*" in names or etag in names or etag.strip('"') in names


def _later(last_modified: str | None, than: str | None) -> bool | None:
    """Whether one HTTP date is after another; None where one is missing or no date."""
    first, second = date(last_modified), date(than)
    return None if first is None or second is None else first > second


def date(text: str | None) -> datetime | None:
    """Return the moment that an HTTP date names; None where there is none or it is no date."""
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
