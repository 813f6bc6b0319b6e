"""Text: from bytes of any charset to characters.

A byte order mark names the charset: UTF-8, UTF-16, UTF-32 or UTF-7; the escapes of ISO-2022 do so too.
What has none is UTF-8, or in a charset that its content proves (see `charset`), or
refused. The mark is not part of the text; line ends stay as they are.
"""

from __future__ import annotations

import re

import numpy as np

from preprocessing.decode.text import charset as charsets
from preprocessing.errors import CorruptSource, LimitExceeded
from preprocessing.frozen import frozen

# In no Unicode encoding has a character more bytes.
_LONGEST = 4
_BLOCK = 2**20
# Bytes that a charset is proved in: words and characters of a sample.
_PROOF = 2**21
# ISO-2022-JP and -KR (RFC 1468, 1554, 1557): what is all ASCII and has these escapes is in them.
_ISO_2022 = re.compile(rb"\x1b\$(?:[@AB]|\(D|\)C)")


@frozen
class Mark:
    """A byte order mark: its bytes, and the charset that it names."""

    mark: bytes
    charset: str


# UTF-32 first: in little endian its mark begins with that of UTF-16.
_MARKS = (
    Mark(b"\xff\xfe\0\0", "utf-32-le"),
    Mark(b"\0\0\xfe\xff", "utf-32-be"),
    Mark(b"\xef\xbb\xbf", "utf-8"),
    Mark(b"\xff\xfe", "utf-16-le"),
    Mark(b"\xfe\xff", "utf-16-be"),
    Mark(b"+/v8-", "utf-7"),
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


def holds(data: bytes, mark: Mark | None) -> int:
    """Return most bytes that decoding a text holds at once, or a step that makes as long a one.

    Python takes 1, 2 or 4 bytes for each character of a text, as its widest one needs (PEP 393); it
    widens what it has decoded when that one comes, and then has both. Two readings prove a charset.
    """
    if mark is None and data.isascii():
        return (4 if _ISO_2022.search(data) else 2) * len(data)
    if mark is not None and mark.charset != "utf-8":
        return 2 * _LONGEST * _count(data, mark)
    widest = int(np.frombuffer(data, np.uint8).max())
    # The lead bytes of U+0100 and U+10000: RFC 3629, section 3. Of other charsets but GB 18030 all
    # characters take two.
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
        Most characters, where the charset is one that `probe` could not count them in.

    Raises
    ------
    CorruptSource
        Where the bytes are not what the mark says; or are UTF-8 that is damaged, cut off or mixed with
        another charset; or are binary.
    LimitExceeded
    UnsupportedSource
        Where nothing proves a charset.
    """
    if mark is not None:
        try:
            return str(memoryview(data)[len(mark.mark) :], mark.charset)
        except UnicodeDecodeError as error:
            raise CorruptSource(
                f"the text has the mark of {mark.charset}, but is not valid at byte "
                f"{len(mark.mark) + error.start}: {error.reason}; it is damaged or cut off"
            ) from None
    nul = data.find(b"\0")
    if nul >= 0:
        raise CorruptSource(
            f"byte {nul} is NUL, which text does not contain: these are binary data, or UTF-16 or "
            "UTF-32 without a byte order mark; store UTF-8"
        )
    try:
        return _escaped(data) if _ISO_2022.search(data) and data.isascii() else data.decode()
    except UnicodeDecodeError as error:
        first = error.start
    if len(data) > most:  # a character a byte, for all that is known
        raise LimitExceeded(_too_long(len(data), most))
    return charsets.decode_by_content(data, first)


def _escaped(data: bytes) -> str:
    charset = "iso2022_kr" if b"\x1b$)C" in data else "iso2022_jp_2"
    try:
        return data.decode(charset)
    except UnicodeDecodeError as error:
        raise CorruptSource(
            f"the text has the escapes of {charset}, but is not valid at byte {error.start}; it is "
            "damaged, cut off, or in another charset; store UTF-8"
        ) from None
