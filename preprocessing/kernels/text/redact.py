"""E-mail addresses, telephone numbers and numbers of payment cards, replaced by what they are.

Each expression begins where nothing like it stands before, and is of bounded length or never steps back,
so that the time grows with the text's length alone.
"""

from __future__ import annotations

import re
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
# Within a look ahead, so that the next may begin inside one that turns out to be none.
_CARD = re.compile(
    r"""
    (?<![0-9]) (?= (?P<card>
        [2-6][0-9]{12,18}
      | [2-6][0-9]{3} (?P<four>[ \u00a0-]) [0-9]{4} (?P=four) [0-9]{4} (?P=four) [0-9]{4}
      | 3[0-9]{3} (?P<six>[ \u00a0-]) [0-9]{6} (?P=six) [0-9]{4,5}
    ) (?![0-9]) )
    """,
    re.VERBOSE,
)


def redact(text: str, which: tuple[Personal, ...]) -> str:
    """Replace what is personal by ``[EMAIL]``, ``[CARD]`` and ``[PHONE]``, in this order."""
    if "email" in which and "@" in text:
        text = _EMAIL.sub("[EMAIL]", text)
    if "card" in which:
        text = _without_cards(text)
    if "phone" in which:
        text = _PHONE.sub("[PHONE]", text)
    return text


def _without_cards(text: str) -> str:
    parts, done = [], 0
    for found in _CARD.finditer(text):
        start, end = found.span("card")
        if start >= done and luhn(found["card"]):
            parts += [text[done:start], "[CARD]"]
            done = end
    return "".join([*parts, text[done:]])


def luhn(number: str) -> bool:
    """Whether the check digit of a number is right (ISO/IEC 7812-1, annex B); blanks do not count."""
    digits = [int(digit) for digit in reversed(number) if digit.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
