"""Charset detection for texts that are not UTF-8 and have no byte order mark.

A charset is accepted if the text decoded with it consists of one language's letters, has many of that
language's commonest words, and no other charset that passes the same test decodes it differently
(docs/decisions/text.md). Otherwise, and always for short texts, the text is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from preprocessing.cancellation import checkpoint
from preprocessing.decode.text.languages import IDEOGRAPHIC, LANGUAGES, Ideographic, Language
from preprocessing.errors import CorruptSource, UnsupportedSource

_BLOCK = 2**18
# Bytes of a text in which its language is detected.
_SAMPLE = 2**15
# Proof of a language takes _LETTERS letters beyond ASCII, _DIFFERENT of its commonest words (or half of
# them and _MANY_LETTERS), and a share of these among all words. A reading that has half of the words and
# half of the share proves nothing, but contradicts the proof of another.
_LETTERS, _MANY_LETTERS, _DIFFERENT = 3, 24, 4
_SHARE, _SHARE_ELSEWHERE = (
    0.12,
    0.08,
)  # in Latin letters; in other scripts small words are often joined to others
# The least characters beyond ASCII in a language that has no others.
_CHARACTERS = 24
# Control characters that texts do not have, so not line ends, tabs and escapes.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_ASCII = bytes(range(128))
# RFC 3629, section 4.
_TAIL = rb"[\x80-\xbf]"
_THREE = rb"(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])" + _TAIL
_FOUR = rb"(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])" + _TAIL + _TAIL
_UTF_8 = re.compile(rb"(?:[\xc2-\xdf]" + _TAIL + rb"|" + _THREE + rb"|" + _FOUR + rb")++")
# In a text in GB 18030 one in ten million characters begins such a run by chance.
_UTF_8_RUN = re.compile(rb"(?:" + _THREE + rb"){4}")
_WORD = re.compile(r"[^\W\d_]+")
# Signs that are next to letters in any language: quotes, dashes, stops, ordinals.
_AT_LETTERS = "\xa0\xad«»‹›‘’‚“”„–—…·¡¿؟،؛־׳״ʼ"
_WITHIN_WORDS = "’\xad·־׳״ʼ—–…"


def decode_by_content(data: bytes, first: int) -> str:
    """Decode a text whose byte `first` is the first that is not UTF-8.

    Raises
    ------
    CorruptSource
        If most of the text is UTF-8, so that it is damaged, cut off or mixed; or if it is binary.
    UnsupportedSource
        If no charset can be proved.
    """
    beyond = len(data.translate(None, _ASCII))
    utf_8 = sum(map(len, _found(_UTF_8, data)))
    if utf_8 * 2 >= beyond or _is_cut(data, first):
        raise CorruptSource(_damaged(data, first))
    control = _CONTROL.search(data)
    if control is not None:
        raise CorruptSource(
            f"byte {first} (0x{data[first]:02x}) is not UTF-8, and byte {control.start()} is a control "
            "character, which text in other charsets does not contain: the object is binary data or "
            "damaged text; store text as UTF-8"
        )
    proved: dict[str, bool] = {}
    for text, proof in _readings(data, first, utf_8 * 10 < beyond):
        proved[text] = proof or proved.get(text, False)
        if len(proved) > 1:
            break
    if len(proved) == 1 and all(proved.values()):
        return next(iter(proved))
    raise UnsupportedSource(
        f"byte {first} (0x{data[first]:02x}) is not UTF-8, and no other charset can be proved: "
        "the text is too short, mixes charsets, is damaged, or is binary; store it as UTF-8 "
        "(`iconv -f CP1252 -t UTF-8`, with its charset instead of CP1252)"
    )


def _damaged(data: bytes, first: int) -> str:
    if _is_cut(data, first):
        return (
            f"byte {first} (0x{data[first]:02x}) begins a character in UTF-8, but the text ends within "
            "it; if it was cut off, upload it again; if it is in another charset, store it as UTF-8"
        )
    return (
        f"byte {first} (0x{data[first]:02x}) is not UTF-8, but most of the rest is: the text is damaged "
        "or mixes charsets; store all of it as UTF-8"
    )


def _is_cut(data: bytes, first: int) -> bool:
    """Return whether the bytes from `first` to the end are the beginning of one character."""
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
    """Yield the text decoded with each plausible charset, and whether its words prove the charset."""
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
    """Return the text around byte `first`, from one space to another, so that no character is cut."""
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
    """Return the bytes beyond ASCII that are a language's letters, or signs, in a charset."""
    letters = {*language.letters, *language.letters.upper()}
    return frozenset(
        byte
        for byte in range(128, 256)
        if (character := bytes([byte]).decode(charset, "replace")) in letters
        or (character != "\ufffd" and _is_sign(character))
    )


def _is_sign(character: str) -> bool:
    """Return whether a text may contain a non-letter: not a control, nor a line of a box."""
    return not (
        character.isalpha() or "\x80" <= character < "\xa0" or "\u2190" <= character < "\u2700"
    )


def _speaks(text: str, language: Language) -> Iterator[bool]:
    """Yield whether the words prove the language; yield nothing if too few are of that language."""
    found = _WORD.findall(text.lower())
    # In other scripts, words in ASCII are markup.
    words = found if language.is_latin else [word for word in found if not word.isascii()]
    common = [word for word in words if word in language.words]
    share = len(common) / max(len(words), 1)
    different = len({word for word in common if len(word) > 1})  # a single letter proves nothing
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
    """Return a pattern of neighbouring characters that texts of a language do not have.

    These are a letter beside a sign that is not usual there; and in Latin script, a letter beyond ASCII
    after a digit, and a capital after a small letter if one of the two is beyond ASCII.
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
    """Return a language's small letters beyond ASCII, and its capital ones, if it has any."""
    return language.letters, "".join(
        {*language.letters.upper()} - {*language.letters} - {*map(chr, range(128))}
    )


@cache
def _swapped(language: Language) -> re.Pattern[str]:
    """Return a pattern of a capital after a small letter, as if KOI8-R is read as Windows-1251."""
    small, capital = _cases(language)
    return re.compile(f"[{small}][{capital}]" if capital else "(?!)")


def _is_written(text: str, language: Language) -> bool:
    """Return whether the whole text has only neighbouring characters that the language has."""
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
