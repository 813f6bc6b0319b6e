"""Character references of HTML, by the rules of its tokenizer (WHATWG, 13.2.5.72 to 13.2.5.84).

Python's `html.unescape` drops controls and noncharacters, which the standard keeps, and fails on a
number of more than 4,300 digits.
"""

from __future__ import annotations

import re
from html.entities import html5
from typing import TYPE_CHECKING

from preprocessing.cancellation import checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

# No name is longer; those that need no semicolon are shorter still.
_LONGEST = max(map(len, html5)) - 1
_LONGEST_BARE = max(len(name) for name in html5 if not name.endswith(";"))
_REFERENCE = re.compile(
    rf"&(?:\#(?:[xX](?P<hex>[0-9a-fA-F]++)|(?P<decimal>[0-9]++));?"
    rf"|(?P<name>[A-Za-z][A-Za-z0-9]{{1,{_LONGEST - 1}}}+;?))"
)
_REPLACEMENT = "\ufffd"
# A reference takes some 100 bytes until what all of a piece stand for is put together.
_PIECE = 2**18
_MOST_DIGITS = 7  # of 0x10FFFF, in decimal
# What Windows-1252 has there, where it has something.
_C1 = {
    code: bytes([code]).decode("cp1252", "replace").replace(_REPLACEMENT, chr(code))
    for code in range(0x80, 0xA0)
}


def unescape(text: str) -> str:
    """Return a text with its character references resolved, by the rules outside of attributes."""
    if "&" not in text:
        return text
    if len(text) <= _PIECE:
        return _REFERENCE.sub(_meant, text)
    return "".join(_REFERENCE.sub(_meant, piece) for piece in _pieces(text))


def _pieces(text: str) -> Iterator[str]:
    """Yield a text in parts that split no reference; each part begins with one."""
    start = 0
    while start < len(text):
        end = text.find("&", start + _PIECE)
        end = len(text) if end < 0 else end
        yield text[start:end]
        start = end


def _meant(found: re.Match[str]) -> str:
    checkpoint()
    name: str | None = found["name"]
    if name is not None:
        return _named(name)
    digits, base = (found["hex"], 16) if found["hex"] else (found["decimal"], 10)
    digits = digits.lstrip("0")
    code = int(digits, base) if 0 < len(digits) <= _MOST_DIGITS else 0
    if code == 0 or code > 0x10FFFF or 0xD800 <= code < 0xE000:
        return _REPLACEMENT
    return _C1.get(code) or chr(code)


def _named(name: str) -> str:
    """Resolve the longest prefix of `name` that is a reference, and append the rest."""
    if name in html5:
        return html5[name]
    for length in range(min(len(name), _LONGEST_BARE), 1, -1):
        if name[:length] in html5:
            return html5[name[:length]] + name[length:]
    return f"&{name}"
