"""Unicode normalisation, lower case, and white space."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Literal
from unicodedata import combining, decomposition, normalize

import numpy as np

from preprocessing.cancellation import checkpoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

Form = Literal["NFC", "NFKC"]

# UAX #15 calls a text stream-safe that has no more marks than this on one letter.
_FEW = 30
# Without a class of their own, and yet marks once they are decomposed; the last two in NFKC alone.
_HIDDEN = "\u0f73\u0f75\u0f81\uff9e\uff9f"
_BMP, _ASTRAL, _UNICODE = 0x1_0000, 0x2_0000, 0x11_0000  # no mark lies beyond the second
_BLOCK = 2**20
_ASKED = 2**12  # characters between two checkpoints
# How much is normalised in one call; in NFKC it may become 18 times as much.
_PIECES = {"NFC": 2**22, "NFKC": 2**18}


def normal(text: str, form: Form) -> str:
    """Return a text in a normal form of Unicode. Most texts are already, and are returned unchanged.

    Python sorts the marks of one letter in time that grows with the square of their number; where there
    are many, they are sorted before, which is the same in the end.
    """
    if text.isascii():
        return text
    piece = _PIECES[form]
    if len(text) <= piece:
        return _normal(text, form)
    parts, start, same = list[str](), 0, True
    while start < len(text):
        checkpoint()
        end = _boundary(text, start + piece)
        part = text[start:end]
        parts.append(_normal(part, form))
        same = same and parts[-1] is part
        start = end
    return text if same else "".join(parts)


def _normal(text: str, form: Form) -> str:
    if text.isascii():
        return text
    if _has_many_marks(text):
        text = _many_marks().sub(lambda found: _sorted(found[0], form), text)
    return normalize(form, text)


def _boundary(text: str, place: int) -> int:
    """Return the first index from `place` on that no character composes across."""
    while place < len(text):
        first = normalize("NFKD", text[place])[0]
        if not combining(first) and first not in _seconds():
            return place
        place += 1
        if place % _ASKED == 0:
            checkpoint()
    return place


@cache
def _seconds() -> frozenset[str]:
    """Return the characters that compose with one before them (The Unicode Standard, 3.11 and 3.12)."""
    parts = (decomposition(chr(code)).split() for code in range(0xA0, 0x3_0000))
    pairs = (part for part in parts if len(part) == len(("first", "second")) and part[0][0] != "<")
    hangul = (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))
    return frozenset(chr(int(second, 16)) for _, second in pairs) | frozenset(map(chr, hangul))


def _has_many_marks(text: str) -> bool:
    """Whether there are too many in a row; one in so many characters tells where that may be."""
    row = _FEW + 1
    some = text[::row]
    if some.isascii():
        return False
    near = (found.start() * row for found in _mark().finditer(some))
    many = _many_marks()
    return any(many.search(text, max(place - row, 0), place + row) for place in near)


def compatible_length(text: str) -> int:
    """Return the length of a text in NFKD, which is an upper bound for NFKC."""
    blocks = (text[i : i + _BLOCK] for i in range(0, len(text), _BLOCK))
    return sum(
        int(_lengths()[np.frombuffer(block.encode("utf-32-le"), "<u4")].sum(dtype=np.int64))
        for block in blocks
    )


@cache
def _lengths() -> NDArray[np.uint8]:
    """Return the length of each character in NFKD."""
    lengths = np.ones(_UNICODE, np.uint8)
    # Surrogates are not characters; Hangul syllables have two or three parts each.
    for code in (*range(0xA0, 0xD800), *range(0xE000, 0x3_0000)):
        lengths[code] = len(normalize("NFKD", chr(code)))
    return lengths


@cache
def _mark() -> re.Pattern[str]:
    """Return what finds a mark, and whatever is beyond the BMP, to be quick."""
    marks = "".join(filter(combining, map(chr, range(0x300, _BMP)))) + _HIDDEN
    return re.compile(f"[{marks}{chr(_BMP)}-{chr(_ASTRAL - 1)}]")


@cache
def _many_marks() -> re.Pattern[str]:
    return re.compile(f"{_mark().pattern}{{{_FEW + 1},}}")


@cache
def _classes() -> NDArray[np.uint8]:
    """Return the canonical combining class of each character."""
    return np.fromiter(map(combining, map(chr, range(_ASTRAL))), np.uint8, _ASTRAL)


@cache
def _decompositions(form: Form) -> dict[int, str]:
    parts: Literal["NFD", "NFKD"] = "NFD" if form == "NFC" else "NFKD"
    marks = [*filter(combining, map(chr, range(0x300, _BMP))), *_HIDDEN]
    return {ord(mark): normalize(parts, mark) for mark in marks}


def _sorted(marks: str, form: Form) -> str:
    """Return marks decomposed and in canonical order: sorted by class, stably."""
    codes = np.frombuffer(marks.translate(_decompositions(form)).encode("utf-32-le"), "<u4")
    classes = _classes()[codes]
    letters = np.cumsum(classes == 0, dtype=np.int32)  # the letter that each mark belongs to
    return codes[np.lexsort((classes, letters))].tobytes().decode("utf-32-le")


def lower(text: str) -> str:
    """Return a text in lower case."""
    return text.lower()


def collapse(text: str) -> str:
    """Return a text with one space for each run of white space, and none at either end.

    Done in blocks, because a list of all the words would be several times the text.
    """
    words: list[str] = []
    apart = False
    for start in range(0, len(text), _BLOCK):
        checkpoint()
        block = text[start : start + _BLOCK]
        found = " ".join(block.split())
        if found:
            words += [" "] * bool(words and (apart or block[0].isspace()))
            words.append(found)
        apart = block[-1].isspace()
    return "".join(words)
