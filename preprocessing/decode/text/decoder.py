"""Text decoder: bytes in any charset to characters.

A byte order mark names the charset: UTF-8, UTF-16, UTF-32 or UTF-7. So do the escapes of ISO-2022. Other
texts are UTF-8, or in a charset that their content proves (see `charset`), or are refused. The mark is
not part of the text. Line ends are not changed.
"""

from __future__ import annotations

import re

import numpy as np

from preprocessing.decode.text import charset as charsets
from preprocessing.errors import CorruptSource, LimitExceeded
from preprocessing.frozen import frozen

# Most bytes of a character in any Unicode encoding.
_LONGEST = 4
_BLOCK = 2**20
# Bytes that charset detection holds: the words and characters of a sample.
_PROOF = 2**21
# Escapes that show ISO-2022-JP or ISO-2022-KR (RFC 1468, 1554, 1557) in a file of ASCII bytes.
_ISO_2022 = re.compile(rb"\x1b\$(?:[@AB]|\(D|\)C)")


@frozen
class Mark:
    """A byte order mark: its bytes, and the charset that it names."""

    mark: bytes
    charset: str


# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    Mark(b"\xff\xfe\0\0", "utf-32-le"),
    Mark(b"\0\0\xfe\xff", "utf-32-be"),
    Mark(b"\xef\xbb\xbf", "utf-8"),
    Mark(b"\xff\xfe", "utf-16-le"),
    Mark(b"\xfe\xff", "utf-16-be"),
    Mark(b"+/v8-", "utf-7"),
)


def probe(data: bytes, most: int) -> Mark | None:
    """Return the byte order mark of a text; None if it has none.

    Raises
    ------
    LimitExceeded
        If the text has more than `most` characters. They are counted without decoding.
    """
    mark = next((mark for mark in _MARKS if data.startswith(mark.mark)), None)
    size = len(data) - (len(mark.mark) if mark else 0)
    if size > most and -(-size // _LONGEST) <= most:  # otherwise the number of bytes decides
        size = _count(data, mark)
    if size > most:
        raise LimitExceeded(_too_long(size if size <= len(data) else -(-size // _LONGEST), most))
    return mark


def _too_long(characters: int, most: int) -> str:
    return (
        f"the text has at least {characters} characters, more than the limit of {most}; raise the limit "
        "or store it in parts"
    )


def _count(data: bytes, mark: Mark | None) -> int:
    """Return the number of characters in a text; an upper bound if it is not valid Unicode."""
    start = len(mark.mark) if mark else 0
    kind = mark.charset if mark else "utf-8"
    if kind.startswith("utf-32"):
        return (len(data) - start) // 4
    wide = kind.startswith("utf-16")
    unit = np.dtype("u1" if not wide else "<u2" if kind.endswith("le") else ">u2")
    units = np.frombuffer(data, unit, (len(data) - start) // unit.itemsize, start)
    # Units that continue a character: 10xxxxxx in UTF-8, the second half of a surrogate pair in UTF-16.
    bits, value = (0xFC00, 0xDC00) if wide else (0xC0, 0x80)
    blocks = (units[i : i + _BLOCK] for i in range(0, len(units), _BLOCK))
    return sum(int(np.count_nonzero((block & bits) != value)) for block in blocks)


def holds(data: bytes, mark: Mark | None) -> int:
    """Return the most bytes held at once by decoding a text, or by a step that makes one as long.

    Python takes 1, 2 or 4 bytes for every character of a text, as its widest character needs (PEP 393).
    At the first wide character it copies what it decoded so far to the new width, and holds both copies.
    Charset detection holds two readings of the text.
    """
    if mark is None and data.isascii():
        return (4 if _ISO_2022.search(data) else 2) * len(data)
    if mark is not None and mark.charset != "utf-8":
        return 2 * _LONGEST * _count(data, mark)
    widest = int(np.frombuffer(data, np.uint8).max())
    # The lead bytes of U+0100 and U+10000: RFC 3629, section 3. In other charsets all characters take at
    # most two bytes, except in GB 18030.
    width = 1 if widest < 0xC4 else 2 if widest < 0xF0 else _LONGEST
    return max(2 * width * _count(data, mark), 2 * 2 * len(data)) + _PROOF


def decode(data: bytes, mark: Mark | None, most: int) -> str:
    """Decode a text.

    Parameters
    ----------
    data : bytes
    mark : Mark, optional
        What `probe` found.
    most : int
        Most characters, checked here if `probe` could not count them in this charset.

    Raises
    ------
    CorruptSource
        If the bytes are not valid in the charset of the mark; or are UTF-8 that is damaged, cut off or
        mixed with another charset; or are binary.
    LimitExceeded
    UnsupportedSource
        If no charset can be proved.
    """
    if mark is not None:
        try:
            return str(memoryview(data)[len(mark.mark) :], mark.charset)
        except UnicodeDecodeError as error:
            raise CorruptSource(
                f"the text has the byte order mark of {mark.charset}, but is not valid at byte "
                f"{len(mark.mark) + error.start} ({error.reason}): it is damaged or cut off; upload it "
                "again"
            ) from None
    nul = data.find(b"\0")
    if nul >= 0:
        raise CorruptSource(
            f"byte {nul} is NUL, which text does not contain: the object is binary data, or UTF-16 or "
            "UTF-32 without a byte order mark; store text as UTF-8"
        )
    try:
        return _escaped(data) if _ISO_2022.search(data) and data.isascii() else data.decode()
    except UnicodeDecodeError as error:
        first = error.start
    if len(data) > most:  # as far as is known, each byte may be a character
        raise LimitExceeded(_too_long(len(data), most))
    return charsets.decode_by_content(data, first)


def _escaped(data: bytes) -> str:
    charset = "iso2022_kr" if b"\x1b$)C" in data else "iso2022_jp_2"
    try:
        return data.decode(charset)
    except UnicodeDecodeError as error:
        raise CorruptSource(
            f"the text has the escapes of {charset}, but is not valid at byte {error.start}: it is "
            "damaged, cut off, or in another charset; store it as UTF-8"
        ) from None
