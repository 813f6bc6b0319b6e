"""A charset is named by a byte order mark or proved by the content, or the text is refused."""

from __future__ import annotations

import random
import time

import pytest

from preprocessing import CorruptSource, Pipeline, SourceError, UnknownFormat, UnsupportedSource
from tests.preprocessing.support.texts import PROSE

PLAIN = Pipeline.parse("text/text")
PAIRS = [(language, charset) for language, (_, charsets) in PROSE.items() for charset in charsets]
EVERYDAY = {
    "de": "Größe und Übung, schöne Grüße aus Köln. ",
    "fr": "Le café était fermé à l’été dernier, déjà vu. ",
    "pl": "Zażółć gęślą jaźń, proszę bardzo. ",
    "ru": "Сегодня хорошая погода. ",
    "zh": "今天天气很好，我们去公园。",
    "en": "It’s a “quoted” line — naïve café. ",
}


def decoded(data: bytes) -> str | None:
    """Return the text, or None if it is refused."""
    try:
        (text,) = PLAIN(data)
    except SourceError:
        return None
    return str(text)


@pytest.mark.parametrize("language", EVERYDAY)
@pytest.mark.parametrize(
    "stray", [b" it\x92s", b" caf\xe9 ", b"\x80", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80"]
)
def test_one_stray_byte_is_named(language: str, stray: bytes) -> None:
    text = (EVERYDAY[language] * 300).encode()
    place = len(text) + next(i for i, byte in enumerate(stray) if byte > 127)
    for data in (text + stray, text + stray + text):
        with pytest.raises(
            CorruptSource, match=rf"byte {place} .*is not UTF-8|byte {place} begins"
        ):
            PLAIN(data)


@pytest.mark.parametrize("language", PROSE)
@pytest.mark.parametrize("times", [1, 60])
def test_a_cut_within_a_character_is_named(language: str, times: int) -> None:
    data = (PROSE[language][0] * times).encode()
    place = max(i for i, byte in enumerate(data) if byte >= 0xC0)
    words = rf"byte {place} \(0x..\) begins a character in UTF-8, but the text ends within it"
    with pytest.raises(CorruptSource, match=words):
        PLAIN(data[: place + 1])


def test_damaged_utf_8_is_never_garbled() -> None:
    """A damaged text is accepted only if it is still valid UTF-8."""
    draw = random.Random(7)
    languages = list(PROSE)
    refused = 0
    for number in range(1000):
        text = PROSE[languages[number % len(languages)]][0]
        start = draw.randrange(len(text))
        text = (text[start:] + text * draw.choice((0, 1, 20)))[: draw.choice((8, 40, 200, 5000))]
        data = bytearray(text.encode())
        if not data:
            continue
        for _ in range(draw.choice((1, 1, 1, 2, 3, 8))):
            place = draw.randrange(len(data))
            how = draw.randrange(4)
            if how == 0:
                data.insert(place, draw.randrange(128, 256))
            elif how == 1:
                data[place] ^= 1 << draw.randrange(8)
            elif how == 2:
                del data[place:][: draw.randrange(1, 3)]
            else:
                data = data[: place + 1]
        try:
            strict = data.decode()
        except UnicodeDecodeError as error:
            with pytest.raises(
                SourceError, match=rf"byte {error.start}\b|NUL|begins with the bytes"
            ):
                PLAIN(bytes(data))
            refused += 1
        else:
            if "\0" not in strict and strict:
                assert decoded(bytes(data)) in (strict.removeprefix("\ufeff"), None)
    assert refused > 500


# In two charsets these have letters of one language, so only a human reader could choose.
TWOFOLD = {("Spanish", "mac-roman"), ("Russian", "cp866"), ("Ukrainian", "koi8-u")}


@pytest.mark.parametrize(("language", "charset"), PAIRS)
def test_prose_in_its_own_charset_is_right(language: str, charset: str) -> None:
    data = (PROSE[language][0] * 3).encode(charset, "replace")
    made = decoded(data)
    assert made == data.decode(charset) or (made is None and (language, charset) in TWOFOLD)


@pytest.mark.parametrize("length", [4, 12, 30, 70, 150])
def test_short_texts_are_right_or_refused(length: int) -> None:
    """Cut in each charset at each byte; skip parts that are ASCII, or UTF-8 by chance."""
    wrong = []
    for language, charset in PAIRS:
        text = PROSE[language][0] * 2
        for start in range(0, len(text) // 2, 23):
            piece = text[start : start + length].encode(charset, "ignore")
            true = piece.decode(charset)
            try:
                piece.decode()
            except UnicodeDecodeError:
                if decoded(piece) not in (true, None):
                    wrong.append((language, charset, true, decoded(piece)))
    assert wrong == []


@pytest.mark.parametrize("word", ["café", "Köln", "François", "naïve", "Škoda", "Привет", "今天"])
@pytest.mark.parametrize(
    "charset", ["cp1252", "latin-1", "cp1250", "cp1251", "gb18030", "mac-roman"]
)
def test_a_word_proves_nothing(word: str, charset: str) -> None:
    data = word.encode(charset, "ignore")
    if not data.isascii():
        assert decoded(data) in (word, None)


@pytest.mark.parametrize("language", ["German", "French", "Polish", "Russian", "Greek"])
def test_mixed_charsets_are_refused(language: str) -> None:
    """Mix lines of another charset into UTF-8, and lines of UTF-8 into another charset."""
    text, charsets = PROSE[language]
    modern, old = text.encode(), text.encode(charsets[0])
    for data in (modern * 40 + old, old + modern * 40, old * 40 + modern, modern + old * 40):
        with pytest.raises(UnicodeDecodeError) as strict:
            data.decode()
        with pytest.raises(SourceError, match=rf"byte {strict.value.start}\b"):
            PLAIN(data)


@pytest.mark.parametrize("language", PROSE)
@pytest.mark.parametrize(
    "charset", ["utf-16-le", "utf-16-be", "utf-32-le", "cp500", "cp1026", "cp424"]
)
def test_what_needs_a_mark_is_refused_without(language: str, charset: str) -> None:
    data = (PROSE[language][0] * 3).encode(charset, "ignore")
    if not data.isascii():
        assert decoded(data) is None


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", ["hi", "plain text\r\n", "Größe und Übung " * 9])
def test_what_lacks_its_mark_is_named(charset: str, text: str) -> None:
    with pytest.raises(UnknownFormat, match=f"in {charset.upper()} without a byte order mark"):
        PLAIN(text.encode(charset))


def test_a_mark_of_utf_7_is_known() -> None:
    assert decoded(b"+/v8-caf+AOk-") == "café"
    assert decoded(b"caf+AOk-") == "caf+AOk-"  # without a byte order mark it is ASCII


def test_escapes_of_iso_2022_are_marks() -> None:
    text = PROSE["Japanese"][0]
    data = text.encode("iso2022-jp")
    assert decoded(data) == text
    with pytest.raises(CorruptSource, match="escapes of iso2022_jp_2"):
        PLAIN(data[:-3] + b"\x1b$B\x21")
    assert decoded(b"\x1b[31mred\x1b[0m") == "\x1b[31mred\x1b[0m"


def test_what_is_refused_says_what_to_do() -> None:
    with pytest.raises(UnsupportedSource, match=r"byte 3 \(0xe9\) is not UTF-8.*too short.*iconv"):
        PLAIN("café au lait".encode("cp1252"))


@pytest.mark.parametrize("charset", ["cp1251", "cp1252", "euc-jp", "gb18030"])
def test_megabytes_are_decoded_soon(charset: str) -> None:
    language = next(
        name for name, (_, charsets) in PROSE.items() if charset in charsets and name != "English"
    )
    text = PROSE[language][0]
    data = text.encode(charset)
    data *= 4_000_000 // len(data)
    start = time.thread_time()
    assert decoded(data) is not None
    assert time.thread_time() - start < 5
