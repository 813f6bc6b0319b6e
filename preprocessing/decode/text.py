"""Text: from bytes of any charset to characters.

A byte order mark tells the charset, of UTF-8, UTF-16 and UTF-32. What has none is UTF-8 where it can
be; else charset-normalizer tells, from what stands about the first byte that is not UTF-8. Its answer is
a guess, which may change with its version: store UTF-8 where that matters. The mark is no part of the
text; line ends stay as they are.
"""

from __future__ import annotations

import numpy as np

from preprocessing.errors import CorruptSource, LimitExceeded
from preprocessing.extras import load
from preprocessing.frozen import frozen

# In no Unicode encoding has a character more bytes.
_LONGEST = 4
_BLOCK = 2**20
# What charset-normalizer sees, before and after the first byte that is not UTF-8.
_BEFORE, _AFTER = 2**14, 2**16


@frozen
class Mark:
    """A byte order mark: what it is in bytes, and the charset that it tells."""

    mark: bytes
    charset: str


# UTF-32 first: in little endian its mark begins with that of UTF-16.
_MARKS = (
    Mark(b"\xff\xfe\0\0", "utf-32-le"),
    Mark(b"\0\0\xfe\xff", "utf-32-be"),
    Mark(b"\xef\xbb\xbf", "utf-8"),
    Mark(b"\xff\xfe", "utf-16-le"),
    Mark(b"\xfe\xff", "utf-16-be"),
)


def probe(data: bytes, most: int) -> Mark | None:
    """Return the mark that a text begins with.

    Raises
    ------
    LimitExceeded
        Where it has more than `most` characters; counted in place, before any is decoded.
    """
    mark = next((mark for mark in _MARKS if data.startswith(mark.mark)), None)
    size = len(data) - (len(mark.mark) if mark else 0)
    if size > most and -(-size // _LONGEST) <= most:  # otherwise the number of bytes tells it
        size = _count(data, mark)
    if size > most:
        raise LimitExceeded(_too_long(size if size <= len(data) else -(-size // _LONGEST), most))
    return mark


def _too_long(characters: int, most: int) -> str:
    return (
        f"the text has {characters} characters or more, more than the limit of {most}; raise the limit "
        "or store it in parts"
    )


def _count(data: bytes, mark: Mark | None) -> int:
    """Return how many characters a text has; of what is not valid Unicode, at least as many."""
    start = len(mark.mark) if mark else 0
    kind = mark.charset if mark else "utf-8"
    if kind.startswith("utf-32"):
        return (len(data) - start) // 4
    wide = kind.startswith("utf-16")
    unit = np.dtype("u1" if not wide else "<u2" if kind.endswith("le") else ">u2")
    units = np.frombuffer(data, unit, (len(data) - start) // unit.itemsize, start)
    # What continues a character that began before it: 10xxxxxx; the second half of a surrogate pair.
    bits, value = (0xFC00, 0xDC00) if wide else (0xC0, 0x80)
    blocks = (units[i : i + _BLOCK] for i in range(0, len(units), _BLOCK))
    return sum(int(np.count_nonzero((block & bits) != value)) for block in blocks)


def decode(data: bytes, mark: Mark | None, most: int) -> str:
    """Decode a text.

    Parameters
    ----------
    data : bytes
    mark : Mark, optional
        What `probe` found.
    most : int
        Most characters, where the charset is one that `probe` could not count them in.

    Raises
    ------
    CorruptSource
        Where the bytes are not what the mark tells; or are in no charset, as binary data are.
    LimitExceeded
    SpecError
        Where the charset must be guessed, and charset-normalizer is not installed.
    """
    if mark is not None:
        try:
            return str(memoryview(data)[len(mark.mark) :], mark.charset)
        except UnicodeDecodeError as error:
            raise CorruptSource(
                f"the text has the mark of {mark.charset}, and is not that at byte "
                f"{len(mark.mark) + error.start}: {error.reason}; it may be truncated"
            ) from None
    nul = data.find(b"\0")
    if nul >= 0:
        raise CorruptSource(
            f"byte {nul} is NUL, which no text has: these are binary data, or UTF-16 or UTF-32 without "
            "a byte order mark; store UTF-8"
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        first = error.start
    if len(data) > most:  # a character a byte, for all that is known
        raise LimitExceeded(_too_long(len(data), most))
    return _guessed(data, first)


def _guessed(data: bytes, first: int) -> str:
    charsets = load(
        "charset_normalizer",
        "charset-normalizer",
        "text",
        what="text that is not UTF-8",
        advice=", or store UTF-8",
    )
    best = charsets.from_bytes(_sample(data, first), enable_fallback=False).best()
    if best is not None:
        try:
            return data.decode(best.encoding)
        except UnicodeDecodeError:
            pass
    raise CorruptSource(
        f"byte {first} is not UTF-8, and no other charset fits; these are binary data, or a damaged "
        "text; store UTF-8"
    )


def _sample(data: bytes, first: int) -> bytes:
    """Return what stands about a byte, from one blank to another: no character is cut in two."""
    start, end = max(first - _BEFORE, 0), first + _AFTER
    if start:
        start = max(data.rfind(b" ", start, first), data.rfind(b"\n", start, first), 0)
    if end < len(data):
        end = max(data.rfind(b" ", first, end), data.rfind(b"\n", first, end))
    return data[start:] if end < 0 else data[start:end]
