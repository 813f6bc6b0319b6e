"""Parts of an object: a byte range or a part number, and the bytes that each selects.

RFC 9110, section 14, to the extent that S3 supports it: a single byte range, or a single part number.
Derived objects were never uploaded in parts; their parts have 5 MiB, the smallest that S3 allows.
"""

from __future__ import annotations

import re

from jitprep.service.errors import RequestFailed
from preprocessing.frozen import frozen

PART_BYTES = 5 * 2**20
_MOST_PARTS = 10_000
# No length has more digits; a longer number is refused before Python converts it.
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,5}", re.ASCII)


@frozen
class ByteWindow:
    """Bytes `start` up to, and without, `stop` of an object of `total` bytes."""

    start: int
    stop: int
    total: int

    @property
    def content_range(self) -> str | None:
        """The value of Content-Range; None of an empty object, for which HTTP has no notation."""
        return f"bytes {self.start}-{self.stop - 1}/{self.total}" if self.total else None


@frozen
class ByteRange:
    """``bytes=first-last``, both included; without `first`, the last `last` bytes."""

    first: int | None
    last: int | None

    def of(self, total: int) -> ByteWindow:
        """Return the bytes that it selects of an object of `total` bytes.

        Raises
        ------
        RequestFailed
            ``InvalidRange``, 416, where it selects none.
        """
        if self.first is None:
            start, stop = max(total - (self.last or 0), 0), total
        else:
            start, stop = self.first, total if self.last is None else min(self.last + 1, total)
        if start >= stop:
            raise RequestFailed(
                416, "InvalidRange", f"the range selects no byte of the object, which has {total}"
            )
        return ByteWindow(start, stop, total)


@frozen
class PartNumber:
    """A part by its number, the first being 1."""

    number: int

    def of(self, total: int) -> ByteWindow:
        """Return the bytes that it selects of an object of `total` bytes.

        Raises
        ------
        RequestFailed
            ``InvalidPartNumber``, 416, past the last part.
        """
        parts = self.count(total)
        if self.number > parts:
            raise RequestFailed(
                416, "InvalidPartNumber", f"the object has {parts} parts of {PART_BYTES} bytes"
            )
        start = (self.number - 1) * PART_BYTES
        return ByteWindow(start, min(start + PART_BYTES, total), total)

    @staticmethod
    def count(total: int) -> int:
        """Return how many parts an object of `total` bytes has; an empty one has one."""
        return max(-(-total // PART_BYTES), 1)


Part = ByteRange | PartNumber


def parse_part(text: str | None, number: str | None) -> Part | None:
    """Return the part that a Range and a partNumber select; None where both are absent.

    Raises
    ------
    RequestFailed
        ``InvalidRequest`` for both at once; ``InvalidArgument`` for a malformed part number, or for
        anything but a single byte range. HTTP lets a server ignore such a range and send everything,
        but a client that expects a part might not notice.
    """
    if text is not None and number is not None:
        raise RequestFailed(400, "InvalidRequest", "ask for a Range or a partNumber, not both")
    if text is not None:
        return _byte_range(text.strip())
    return None if number is None else _part_number(number)


def _byte_range(text: str) -> ByteRange:
    match = _RANGE.fullmatch(text)
    first, last = (
        (int(digits) if digits else None for digits in match.groups()) if match else (None,) * 2
    )
    if (first is None and last is None) or (
        first is not None and last is not None and last < first
    ):
        raise RequestFailed(
            400,
            "InvalidArgument",
            "the Range must be a single byte range: bytes=first-last, bytes=first- or bytes=-length",
        )
    return ByteRange(first, last)


def _part_number(text: str) -> PartNumber:
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= _MOST_PARTS:
        raise RequestFailed(
            400, "InvalidArgument", f"the partNumber must be a whole number from 1 to {_MOST_PARTS}"
        )
    return PartNumber(int(text))
