"""A client's conditions on the derived object (RFC 9110, section 13)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from jitprep.service.http.http_date import http_date
from preprocessing.frozen import frozen

# The names of the conditional headers, in lower case.
HEADERS = frozenset(
    {"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"}
)


class ConditionOutcome(Enum):
    """What follows from a client's conditions."""

    PROCEED = "proceed"
    NOT_MODIFIED = "not modified"
    FAILED = "failed"


@frozen
class Conditions:
    """The values of the conditional headers; None for a header that is absent."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_unmodified_since: str | None = None
    if_range: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Conditions:
        """Return the conditions in headers whose names are in lower case."""
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
        """Return whether If-Range lets a range be answered with a part.

        Its value is the ETag or the date of the version that the client has the rest of. For another
        version RFC 9110, 13.1.5, requires the whole object, so that two versions are never joined.
        """
        value = self.if_range
        if value is None:
            return True
        return value.strip() in {etag, last_modified}


def _names(header: str, etag: str) -> bool:
    """Return whether If-Match or If-None-Match names `etag`; S3's clients may omit the quotes."""
    names = [name.strip().removeprefix("W/") for name in header.split(",")]
    return "*" in names or etag in names or etag.strip('"') in names


def _later(last_modified: str | None, than: str | None) -> bool | None:
    """Return whether one HTTP date is after another; None where one is missing or malformed."""
    first, second = http_date(last_modified), http_date(than)
    return None if first is None or second is None else first > second
