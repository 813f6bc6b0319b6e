"""The charset of a text that is not UTF-8 and has no mark: proved by its content, or refused.

A charset is proved where the text read in it is made of one language's letters alone, has many of that
language's commonest words, and no other charset that passes the same test reads it otherwise
(docs/decisions/text.md). A short text proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from preprocessing.cancellation import checkpoint
from preprocessing.decode.text.languages import IDEOGRAPHIC, LANGUAGES, Ideographic, Language
from preprocessing.errors import CorruptSource, UnsupportedSource

_BLOCK = 2**18
# How much of a text its language is told by.
_SAMPLE = 2**15
# A proof has so many letters beyond ASCII, and so many of the language's commonest words: so many
# different ones (or more letters and half as many), which are so large a part of all the words. A doubt
# needs no letters, and half of the words.
_LETTERS, _MANY_LETTERS, _DIFFERENT = 3, 24, 4
_SHARE, _SHARE_ELSEWHERE = (
    0.12,
    0.08,
)  # in Latin letters; elsewhere small words are often joined to others
# And so many characters beyond ASCII where all are.
_CHARACTERS = 24
# No text has them, but for line ends, tabs and escapes.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_ASCII = bytes(range(128))
# RFC 3629, section 4.
_TAIL = rb"[\x80-\xbf]"
_THREE = rb"(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])" + _TAIL
_FOUR = rb"(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])" + _TAIL + _TAIL
_UTF_8 = re.compile(rb"(?:[\xc2-\xdf]" + _TAIL + rb"|" + _THREE + rb"|" + _FOUR + rb")++")
# By chance one in ten million characters of a text in GB 18030 begins so many.
_UTF_8_RUN = re.compile(rb"(?:" + _THREE + rb"){4}")
_WORD = re.compile(r"[^\W\d_]+")
# What stands at a letter as a sign does, in any language: quotes, dashes, stops, ordinals.
_AT_LETTERS = "\xa0\xad«»‹›‘’‚“”„–—…·¡¿؟،؛־׳״ʼ"
_WITHIN_WORDS = "’\xad·־׳״ʼ—–…"


def decode_by_content(data: bytes, first: int) -> str:
    """Decode a text whose byte `first` is the first that is not UTF-8.

    Raises
    ------
    CorruptSource
        Where most of it is UTF-8: it is damaged, cut off or mixed. Or where it is binary.
    UnsupportedSource
        Where nothing proves a charset.
    """
    beyond = len(data.translate(None, _ASCII))
    utf_8 = sum(map(len, _found(_UTF_8, data)))
    if utf_8 * 2 >= beyond or _is_cut(data, first):
        raise CorruptSource(_damaged(data, first))
    control = _CONTROL.search(data)
    if control is not None:
        raise CorruptSource(
            f"byte {first} (0x{data[first]:02x}) is not UTF-8, and no other charset fits: byte "
            f"{control.start()} is a control character, these are binary data or a damaged text"
        )
    proved: dict[str, bool] = {}
    for text, proof in _readings(data, first, utf_8 * 10 < beyond):
        proved[text] = proof or proved.get(text, False)
        if len(proved) > 1:
            break
    if len(proved) == 1 and all(proved.values()):
        return next(iter(proved))
    raise UnsupportedSource(
        f"byte {first} (0x{data[first]:02x}) is not UTF-8, and nothing proves another charset: "
        "the text is too short to tell, in several charsets, damaged, or binary; store UTF-8 "
        "(`iconv -f CP1252 -t UTF-8`, with the charset that it has)"
    )


def _damaged(data: bytes, first: int) -> str:
    if _is_cut(data, first):
        return (
            f"byte {first} (0x{data[first]:02x}) begins a character of UTF-8, and the text ends within "
            "it: if it was cut off, upload it again; if it is in another charset, store UTF-8"
        )
    return (
        f"byte {first} (0x{data[first]:02x}) is not UTF-8, and most of the rest is: the text is "
        "damaged, or mixes charsets; store UTF-8"
    )


def _is_cut(data: bytes, first: int) -> bool:
    """Whether nothing follows byte `first` but what could begin one character."""
    try:
        data[first:].decode() if len(data) - first < 4 else b"\xff".decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return False


def _found(pattern: re.Pattern[bytes], data: bytes) -> Iterator[bytes]:
    done = 0
    while done < len(data):
        checkpoint()
        end = min(done + _BLOCK, len(data))
        last = done
        for found in pattern.finditer(data, done, end):
            yield found[0]
            last = found.end()
        done = max(last, end - 16) if end < len(data) else end


def _readings(data: bytes, first: int, any_alphabet: bool) -> Iterator[tuple[str, bool]]:
    """Yield the text as each charset has it that may be its own, and whether it proves itself."""
    sample = _sample(data, first)
    used = frozenset(data.translate(None, _ASCII))
    if any_alphabet:
        for charset, languages in _by_charset().items():
            able = [language for language in languages if used <= _bytes(charset, language)]
            if not able:
                continue
            some = sample.decode(charset)
            spoken = [(language, proof) for language in able for proof in _speaks(some, language)]
            text = data.decode(charset) if spoken else ""
            yield from ((text, proof) for language, proof in spoken if _is_written(text, language))
    if next(_found(_UTF_8_RUN, data), None) is None:
        for kind in IDEOGRAPHIC:
            text = _ideographic(data, sample, kind) or ""
            yield from [(text, True)] * bool(text)


def _sample(data: bytes, first: int) -> bytes:
    """Return the lines about a byte, from one blank to another: no character is cut in two."""
    start, end = max(first - _SAMPLE // 4, 0), first + _SAMPLE
    if start:
        start = max(data.rfind(b" ", start, first), data.rfind(b"\n", start, first), 0)
    if end < len(data):
        end = max(data.rfind(b" ", first, end), data.rfind(b"\n", first, end))
    return data[start:] if end < 0 else data[start:end]


@cache
def _by_charset() -> dict[str, list[Language]]:
    charsets = dict.fromkeys(charset for language in LANGUAGES for charset in language.charsets)
    return {
        charset: [language for language in LANGUAGES if charset in language.charsets]
        for charset in charsets
    }


@cache
def _bytes(charset: str, language: Language) -> frozenset[int]:
    """Return the bytes beyond ASCII that a text of a language may have: its letters, and signs."""
    letters = {*language.letters, *language.letters.upper()}
    return frozenset(
        byte
        for byte in range(128, 256)
        if (character := bytes([byte]).decode(charset, "replace")) in letters
        or (character != "\ufffd" and _is_sign(character))
    )


def _is_sign(character: str) -> bool:
    """Whether a text may have it that is not a letter: not a control, not a line of a box."""
    return not (
        character.isalpha() or "\x80" <= character < "\xa0" or "\u2190" <= character < "\u2700"
    )


def _speaks(text: str, language: Language) -> Iterator[bool]:
    """Yield whether the language's commonest words prove it, where there are some."""
    found = _WORD.findall(text.lower())  # of other scripts, without markup
    words = found if language.is_latin else [word for word in found if not word.isascii()]
    common = [word for word in words if word in language.words]
    share = len(common) / max(len(words), 1)
    different = len({word for word in common if len(word) > 1})  # single letters may be anything
    enough = _SHARE if language.is_latin else _SHARE_ELSEWHERE
    if share >= enough / 2 and different >= _DIFFERENT // 2:
        letters = sum(
            character in _WITHIN_WORDS or character.isalpha()
            for character in text
            if not character.isascii()
        )
        few = different < _DIFFERENT
        yield share >= enough and letters >= (_MANY_LETTERS if few else _LETTERS)


@cache
def _misplaced(language: Language) -> re.Pattern[str]:
    """Return what finds characters that do not stand together in a text of a language.

    A sign at a letter which is not one of those that stand there; in Latin letters one beyond ASCII
    behind a digit, and a capital behind a small letter where one of them is beyond ASCII.
    """
    small, capital = _cases(language)
    letters = small + capital
    signs = f"[^\\x00-\\x7f{letters}{re.escape(_AT_LETTERS)}\u064b-\u0652\u05b0-\u05c2]"
    within = f"[^\\x00-\\x7f{letters}{re.escape(_WITHIN_WORDS)}]"
    ways = [
        f"[A-Za-z{letters}]{signs}",
        f"{signs}[A-Za-z{letters}]",
        f"[A-Za-z{letters}]{within}[A-Za-z{letters}]",
    ]
    if language.is_latin:
        ways += [f"[0-9][{letters}]", f"[a-z{small}][{capital}]", f"[{small}][A-Z{capital}]"]
    return re.compile("|".join(ways))


def _cases(language: Language) -> tuple[str, str]:
    """Return the small letters beyond ASCII, and the capital ones, where there are such."""
    return language.letters, "".join(
        {*language.letters.upper()} - {*language.letters} - {*map(chr, range(128))}
    )


@cache
def _swapped(language: Language) -> re.Pattern[str]:
    """Return what finds a capital behind a small letter, as where KOI8-R is read as Windows-1251."""
    small, capital = _cases(language)
    return re.compile(f"[{small}][{capital}]" if capital else "(?!)")


def _is_written(text: str, language: Language) -> bool:
    """Whether all stands as it does in a text of a language, from the beginning to the end."""
    swapped = 0
    for start in range(0, len(text), _BLOCK):
        checkpoint()
        if _misplaced(language).search(text, max(start - 2, 0), start + _BLOCK):
            return False
        if not language.is_latin:
            found = _swapped(language).finditer(text, max(start - 1, 0), start + _BLOCK)
            swapped += sum(1 for _ in found)
    return swapped * 50 <= len(text)


def _ideographic(data: bytes, sample: bytes, language: Ideographic) -> str | None:
    try:
        some = sample.decode(language.charset)
    except UnicodeDecodeError:
        return None
    beyond = [character for character in some if not character.isascii()]
    common = [character for character in beyond if character in language.common]
    usual = sum(bool(character.encode(language.usual, "ignore")) for character in beyond)
    half = sum("\uff61" <= character <= "\uff9f" for character in beyond)
    if (
        len(beyond) < _CHARACTERS
        or len({*common}) < _DIFFERENT
        or len(common) < language.share * len(beyond)
        or usual < 0.98 * len(beyond)
        or half > 0.02 * len(beyond)
    ):
        return None
    try:
        return data.decode(language.charset)
    except UnicodeDecodeError:
        return None
