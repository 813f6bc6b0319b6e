"""Redaction of e-mail addresses, IBANs, payment card numbers and telephone numbers.

Whole or not at all: a run of digits is taken up to where no more of it follows, and then judged. The
expressions begin where nothing like it stands before, and never step back, so that the time grows with
the text's length alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from preprocessing.cancellation import checkpoint
from preprocessing.kernels.text.map_texts import pieces

Personal = Literal["email", "phone", "card", "iban"]

_EMAIL = re.compile(r"(?<![\w.%+'’-])[\w.%+-]++(?:['’][\w.%+-]++)*+@\w[\w-]*+(?:\.\w[\w-]*+)++")
# Characters between groups of digits.
_BETWEEN = (
    " \u00a0\u2007\u2009\u202f\u3000.\\-\u2010\u2011\u2012\u2013\u2014\u2212\u00b7\u2022\uff0d/"
)
# All digits with no more between them. A slash between blanks parts two numbers, and 13 digits in one
# are part of no telephone number.
_RUN = re.compile(
    r"(?:\+[ \u00a0]?)?\(?[0-9]"
    rf"(?:(?!\ /\ |[{_BETWEEN}()]{{1,3}}[0-9]{{13}})[{_BETWEEN}()]{{0,3}}+[0-9])*+"
)
_LEAST = 7
# Most digits of a number in E.164, including the country code.
_INTERNATIONAL = re.compile(r"\+\D?\(?[1-9][0-9]{6,14}|\+\D?[1-9]{1}[0-9]{0,2}\(0\)[0-9]{5,13}")
_PREFIXED = re.compile(rf"\(?00[{_BETWEEN}]?[1-9][0-9]*[{_BETWEEN}()].*")
_NORTH_AMERICAN = re.compile(
    rf"(?:\+?1[{_BETWEEN}])?(?:\([2-9][0-9]{{2}}\)[ ]?|[2-9][0-9]{{2}}[{_BETWEEN}])"
    rf"[2-9][0-9]{{2}}[{_BETWEEN}][0-9]{{4}}"
)
_NATIONAL = re.compile(rf"\(?0[0-9]{{1,5}}[{_BETWEEN}()].*")
# What has the form of a national number: dates, ZIP+4, addresses of IPv4, decimal fractions.
_OTHER = re.compile(
    r"[0-9]{1,2}([./ -])[0-9]{1,2}\1[0-9]{4}.*|[0-9]{1,2}([./-])[0-9]{1,2}\2[0-9]{2}(?![0-9./-]).*"
    r"|[0-9]{5}-[0-9]{4}|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9]{1,3}\.[0-9]{4,}.*"
)
# Within a look ahead, so that the next may begin inside one that turns out to be none; and behind its
# first digit, which is found quickly. One longer number is none: decimals, and more groups of four.
_CARD = re.compile(
    r"""
    [2-6] (?<! \w.) (?<! [0-9]\..) (?= (?P<rest>
        [0-9]{12,18}
      | [0-9]{3} (?P<four>[ \u00a0-]) [0-9]{4} (?P=four) [0-9]{4} (?P=four) [0-9]{4}
        (?: (?P=four) [0-9]{1,3} )?
      | (?<=3) [0-9]{3} (?P<six>[ \u00a0-]) [0-9]{6} (?P=six) [0-9]{4,5}
    ) (?! \w | \.[0-9] ) )
    """,
    re.VERBOSE | re.DOTALL,
)
_GROUP_BEFORE = re.compile(r"(?<!\w)(?:(?!19|20)[0-9]{4}|[A-Za-z]{2}[0-9]{2})[ \u00a0-]\Z")
_GROUP_BEHIND = re.compile(r"[ \u00a0-]([0-9]{4})(?![0-9])")
# ISO 13616: a country, check digits, 11 to 30 more; in print in groups of four.
_IBAN = re.compile(
    r"(?<![^\W_])[A-Z]{2}[0-9]{2}(?:[A-Z0-9]{11,30}+|(?P<by>[ \u00a0\u202f-])[A-Z0-9]{4}"
    r"(?:(?P=by)[A-Z0-9]{4}){1,6}+(?:(?P=by)[A-Z0-9]{1,3}(?![A-Z0-9]))?+)(?![^\W_])",
    re.IGNORECASE,
)
_BLANKS = dict.fromkeys(map(ord, " \u00a0\u202f-"))
# The sum of the digits of twice the digit.
_DOUBLED = str.maketrans("0123456789", "0246813579")


def redact(text: str, which: tuple[Personal, ...]) -> str:
    """Replace personal data by ``[EMAIL]``, ``[IBAN]``, ``[CARD]`` and ``[PHONE]``, in this order."""
    return "".join(_redacted(lines, which) for lines in pieces(text))


def _redacted(text: str, which: tuple[Personal, ...]) -> str:
    if "email" in which and "@" in text:
        text = _EMAIL.sub("[EMAIL]", text)
    if "iban" in which:
        text = _replaced(text, _ibans(text), "[IBAN]")
    if "card" in which:
        text = _replaced(text, _cards(text), "[CARD]")
    if "phone" in which:
        text = _replaced(text, _phones(text), "[PHONE]")
    return text


def _phones(text: str) -> Iterator[tuple[int, int]]:
    for found in _RUN.finditer(text):
        start, end = found.span()
        if end - start >= _LEAST:
            checkpoint()
            before, behind = text[max(start - 1, 0) : start], text[end : end + 1]
            if not (_is_word(before) or before in {*"+./-"} or _is_word(behind)):
                yield from [(start, end)] * _is_phone(found[0])


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _is_phone(run: str) -> bool:
    """Whether a whole run of digits and separators is one telephone number."""
    if len(run) > 60:
        return False
    digits = re.sub(r"[^0-9]", "", run)
    if run.startswith("+"):
        plain = re.sub(rf"[{_BETWEEN}]", "", run)
        bare = re.sub(r"[()]", "", plain) if "(0)" not in plain else plain
        return _INTERNATIONAL.fullmatch(bare) is not None
    if _NORTH_AMERICAN.fullmatch(run):
        return True
    if _PREFIXED.fullmatch(run):
        return 8 <= len(digits) - 2 <= 15 or (9 <= len(digits) <= 12)
    return (
        9 <= len(digits) <= 12
        and _NATIONAL.fullmatch(run) is not None
        and _OTHER.fullmatch(run) is None
    )


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for found in _IBAN.finditer(text):
        checkpoint()
        start, end = found.span()
        groups = [
            end,
            *(end - i for i in range(1, end - start) if text[end - i] in " \u00a0\u202f-"),
        ]
        whole = next((stop for stop in groups if _checks(text[start:stop])), None)
        if whole is not None:
            yield start, whole


def _checks(iban: str) -> bool:
    """Whether the check digits of an IBAN are right (ISO 7064, MOD 97-10)."""
    plain = iban.translate(_BLANKS)
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _cards(text: str) -> Iterator[tuple[int, int]]:
    done = 0
    ibans, iban, none = _ibans(text), (0, 0), (len(text), len(text))
    for found in _CARD.finditer(text):
        start = found.start()
        if start < done:
            continue
        checkpoint()
        end = _card_end(text, start, found.end("rest"), done)
        if end:
            while iban[1] <= start and iban != none:
                iban = next(ibans, none)
            if not iban[0] <= start < iban[1]:
                yield start, end
                done = end


def _card_end(text: str, start: int, end: int, done: int) -> int:
    """Return the end of the card number that begins here; 0 if there is none.

    Digits before `done` belong to another number.
    """
    number = text[start:end]
    if not luhn(number):
        shorter = re.match(r"([0-9]{4})([ \u00a0-])[0-9]{4}\2[0-9]{4}\2[0-9]{4}(?=\2)", number)
        if shorter is None or not luhn(shorter[0]):
            return 0
        return start + shorter.end()
    if _is_grouped(number):
        more = _GROUP_BEHIND.match(text, end)
        following = _CARD.match(text, more.start(1)) if more else None
        if more and not (following and luhn(text[following.start() : following.end("rest")])):
            return 0
        if start - 5 >= done and _GROUP_BEFORE.search(text[max(start - 6, 0) : start]):
            return 0
    return end


def _is_grouped(number: str) -> bool:
    return not number[4].isdigit()


def _replaced(text: str, places: Iterable[tuple[int, int]], by: str) -> str:
    parts, done = [], 0
    for start, end in places:
        parts += [text[done:start], by]
        done = end
    return "".join([*parts, text[done:]]) if parts else text


def luhn(number: str) -> bool:
    """Whether the check digit of a number is right (ISO/IEC 7812-1, annex B); blanks do not count."""
    digits = number.translate(_BLANKS)
    total = sum(map(int, digits[::-2])) + sum(map(int, digits[-2::-2].translate(_DOUBLED)))
    return total % 10 == 0
