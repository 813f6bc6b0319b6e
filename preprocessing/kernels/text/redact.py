"""E-mail addresses, telephone numbers and numbers of payment cards, replaced by what they are.

Each expression begins where nothing like it stands before, and is of bounded length or never steps back,
so that the time grows with the text's length alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

Personal = Literal["email", "phone", "card"]

# What people write between groups of digits.
_BETWEEN = r"[ \u00a0\u2009\u202f.\-\u2010\u2011\u2013/]"
_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]++@\w[\w-]*+(?:\.\w[\w-]*+)++")
_PHONE = re.compile(
    rf"""
    (?<![\w+.]) \+ \(?[1-9] (?: (?:{_BETWEEN}|[()]){{0,3}} [0-9] ){{6,14}} (?!\w)
  | (?<![\w+./-]) (?:\+?1{_BETWEEN})? (?: \([2-9][0-9]{{2}}\)[ ]? | [2-9][0-9]{{2}}{_BETWEEN} )
    [2-9][0-9]{{2}} {_BETWEEN} [0-9]{{4}} (?!\w)
  | (?<![\w+./-]) (?![0-9]{{1,2}}[./ -][0-9]{{1,2}}[./ -][0-9]{{4}})
    (?=[(]?[0-9]{{2,6}}(?:{_BETWEEN}|[()])) \(?0 (?: (?:{_BETWEEN}|[()]){{0,2}} [0-9] ){{8,11}} (?!\w)
    """,
    re.VERBOSE,
)
# Where a telephone number may be at all; most of a text is passed over quickly.
_NUMBERS = re.compile(r"[+(0-9][0-9+() \u00a0\u2009\u202f.\-\u2010\u2011\u2013/]{7,}+")
# Within a look ahead, so that the next may begin inside one that turns out to be none; and behind its
# first digit, which is found quickly.
_CARD = re.compile(
    r"""
    [2-6] (?<! [0-9].) (?= (?P<rest>
        [0-9]{12,18}
      | [0-9]{3} (?P<four>[ \u00a0-]) [0-9]{4} (?P=four) [0-9]{4} (?P=four) [0-9]{4}
      | (?<=3) [0-9]{3} (?P<six>[ \u00a0-]) [0-9]{6} (?P=six) [0-9]{4,5}
    ) (?![0-9]) )
    """,
    re.VERBOSE | re.DOTALL,
)
_NO_BLANKS = str.maketrans("", "", " \u00a0-")
# The sum of the digits of twice the digit.
_DOUBLED = str.maketrans("0123456789", "0246813579")


def redact(text: str, which: tuple[Personal, ...]) -> str:
    """Replace what is personal by ``[EMAIL]``, ``[CARD]`` and ``[PHONE]``, in this order."""
    if "email" in which and "@" in text:
        text = _EMAIL.sub("[EMAIL]", text)
    if "card" in which:
        text = _replaced(text, _cards(text), "[CARD]")
    if "phone" in which:
        text = _replaced(text, _phones(text), "[PHONE]")
    return text


def _phones(text: str) -> Iterator[tuple[int, int]]:
    for numbers in _NUMBERS.finditer(text):
        start, end = numbers.span()
        yield from (found.span() for found in _PHONE.finditer(text, start, end + 1))


def _cards(text: str) -> Iterator[tuple[int, int]]:
    done = 0
    for found in _CARD.finditer(text):
        start, end = found.start(), found.end("rest")
        if start >= done and luhn(text[start:end]):
            yield start, end
            done = end


def _replaced(text: str, places: Iterable[tuple[int, int]], by: str) -> str:
    parts, done = [], 0
    for start, end in places:
        parts += [text[done:start], by]
        done = end
    return "".join([*parts, text[done:]]) if parts else text


def luhn(number: str) -> bool:
    """Whether the check digit of a number is right (ISO/IEC 7812-1, annex B); blanks do not count."""
    digits = number.translate(_NO_BLANKS)
    total = sum(map(int, digits[::-2])) + sum(map(int, digits[-2::-2].translate(_DOUBLED)))
    return total % 10 == 0
