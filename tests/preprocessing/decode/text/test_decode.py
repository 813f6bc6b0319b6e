"""Text is decoded by its byte order mark, as UTF-8, or in a proved charset, or refused soon."""

from __future__ import annotations

import time
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from preprocessing import (
    CorruptSource,
    EmptySource,
    IncompatibleSource,
    LimitExceeded,
    Limits,
    Media,
    Pipeline,
    SourceError,
    UnknownFormat,
)
from preprocessing.decode.sniff import sniff
from preprocessing.spec.kinds import IMPLIED
from tests.photos import photo

PLAIN = Pipeline.parse("text/text")
MARKS = {
    "utf-8-sig": "",
    "utf-16-le": "\ufeff",
    "utf-16-be": "\ufeff",
    "utf-32-le": "\ufeff",
    "utf-32-be": "\ufeff",
}
characters = st.characters(exclude_categories=["Cs"])
GERMAN = (
    "Falsches Üben von Xylophonmusik quält jeden größeren Zwerg. Schöne Grüße aus Köln!\r\n" * 4
)
RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю. Широкая электрификация.\n" * 4
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n" * 6


def decoded(data: bytes, **limits: int) -> str:
    (text,) = PLAIN(data, limits=Limits(**limits))
    assert type(text) is str
    return text


@given(st.text(characters.filter(lambda c: c != "\0")))
@example("line\r\nline\rline\n")
@example("\ufeff\ufeff")
def test_utf_8_comes_back_as_it_was(text: str) -> None:
    assume(text)
    assert decoded(text.encode()) == text.removeprefix("\ufeff")


@pytest.mark.parametrize("charset", MARKS)
@given(text=st.text(characters))
def test_a_mark_tells_the_charset_and_is_dropped(charset: str, text: str) -> None:
    # That would be the mark of UTF-32.
    assume(not (charset == "utf-16-le" and text.startswith("\0")))
    assert decoded((MARKS[charset] + text).encode(charset)) == text


@pytest.mark.parametrize(
    ("text", "charset"),
    [(GERMAN, "cp1252"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), (JAPANESE, "shift-jis")],
)
@pytest.mark.parametrize("before", [0, 100_000])
def test_other_charsets_are_detected_from_the_content(text: str, charset: str, before: int) -> None:
    """The first byte that is not UTF-8 may be far from the beginning, and many may follow."""
    ascii_text = "plain words, " * (before // 13)
    whole = ascii_text + text * (40 if before else 1)
    assert decoded(whole.encode(charset)) == whole


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xef\xbb\xbfab\xff", "has the byte order mark of utf-8, but is not valid at byte 5"),
        (
            b"\xff\xfea\0\x00\xd8",
            "has the byte order mark of utf-16-le, but is not valid at byte 4",
        ),
        (b"\xfe\xff\0a\0", "has the byte order mark of utf-16-be.*truncated"),
        (b"\0\0\xfe\xff\0\x11\0\0", "has the byte order mark of utf-32-be"),
        (b"text" * 200 + b"\0" + b"text", "byte 800 is NUL.*store text as UTF-8"),
        (bytes(range(128, 256)) * 40 + bytes(range(1, 32)) * 40, "is a control character"),
    ],
)
def test_binary_data_are_corrupt(data: bytes, words: str) -> None:
    with pytest.raises(CorruptSource, match=words):
        decoded(data)


@pytest.mark.parametrize("data", [b"a\0b\0", b"\x7eELF\2\1\1\0", b"\0" * 600, b"QK\3\4\0\0"])
def test_binary_data_are_of_no_known_format(data: bytes) -> None:
    with pytest.raises(UnknownFormat, match="detected from the content"):
        decoded(data)


def test_no_bytes_are_not_a_text() -> None:
    with pytest.raises(EmptySource):
        decoded(b"")
    assert decoded(b"\xef\xbb\xbf") == ""


@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_are_a_text_or_refused(data: bytes) -> None:
    try:
        text = decoded(data)
    except (SourceError, IncompatibleSource):
        return
    text.encode()  # in ASCII every byte is a character
    assert len(text) <= len(data)


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", ["plain", "größer", "名前はまだ無い", "\U0001f600\U0001f1e6"])
def test_the_limit_counts_characters(charset: str, text: str) -> None:
    data = (text * 50).encode(charset)
    assert decoded(data, characters=len(text) * 50) == text * 50
    for most in (len(text) * 50 - 1, 3):
        with pytest.raises(LimitExceeded, match=rf"characters, more than the limit of {most}"):
            decoded(data, characters=most)


def test_in_other_charsets_a_character_may_be_a_byte() -> None:
    data = GERMAN.encode("cp1252")
    assert decoded(data, characters=len(data)) == GERMAN
    with pytest.raises(LimitExceeded):
        decoded(data, characters=len(data) - 1)
    assert decoded(GERMAN.encode(), characters=len(GERMAN)) == GERMAN


def test_limits_come_before_memory() -> None:
    data = "名".encode() * 2_000_000
    tracemalloc.start()
    try:
        with pytest.raises(LimitExceeded):
            decoded(data, characters=1_900_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < len(data)


def test_given_texts_have_limits_too() -> None:
    import numpy as np

    given = Media(np.array(["four", "five "], object), "text")
    jsonl = Pipeline.parse("lower/jsonl")
    assert list(jsonl(given, limits=Limits(characters=9))) == ["four", "five "]
    with pytest.raises(LimitExceeded, match="9 characters"):
        jsonl(given, limits=Limits(characters=8))
    with pytest.raises(IncompatibleSource, match="surrogate"):
        jsonl(Media(np.array(["\ud800"], object), "text"))


def test_a_megabyte_that_is_not_utf_8_is_refused_soon() -> None:
    data = (GERMAN * 20_000).encode("cp1252")
    start = time.thread_time()
    assert len(decoded(data)) == len(data)
    assert time.thread_time() - start < 5


@pytest.mark.parametrize(
    "text",
    ["caffeine keeps you awake", "ID3 tags", "the free lunch", "The wide road", "OggSquad", "MM*",
     "GIF89a is a format", "fLaCcid", ".snds", "RIFF-RAFWAVE", "FORM,the AIFF", "2024free"],
)  # fmt: skip
def test_words_are_no_signatures(text: str) -> None:
    """Such a text is never detected as sound or video, whatever kind is wanted."""
    assert sniff(text.encode(), "text").kind == "text"
    assert decoded(text.encode()) == text
    for wanted in set(IMPLIED) - {"text"}:
        with pytest.raises(UnknownFormat):
            sniff(text.encode(), wanted)


def test_a_character_may_be_cut_where_looking_ends() -> None:
    for start in range(4):
        text = "a" * start + "\U0001f600" * 200
        assert decoded(text.encode()) == text


def test_photographs_are_refused_or_passed_by() -> None:
    with pytest.raises(IncompatibleSource, match=r"image/jpeg.*text:skip/"):
        decoded(photo("rocket"))
    passed = Pipeline.parse("text:skip/nfc/text").encode(photo("rocket"))
    assert (passed.body, passed.content_type) == (photo("rocket"), "image/jpeg")


_MANY = 300_000
HELD = {
    "ASCII": b"a" * _MANY,
    "an emoji at the end": b"a" * _MANY + "\U0001f600".encode(),
    "wider and wider": "é“\U0001f600".join(["a" * _MANY] * 2).encode(),
    "ideographs": "名".encode() * _MANY,
    "UTF-16": "\ufeff".encode("utf-16-le") + ("a" * _MANY + "\U0001f600").encode("utf-16-le"),
    "UTF-32": ("a" * _MANY).encode("utf-32"),
    "Windows-1251": RUSSIAN.encode("cp1251") * 1000,
    "Windows-1252": GERMAN.encode("cp1252") * 1000,
    "Shift JIS": JAPANESE.encode("shift-jis") * 1000,
    "ISO-2022-JP": JAPANESE.encode("iso2022-jp") * 1000,
    "DOS": RUSSIAN.encode("cp866") * 1000,
    "damaged": "größer".encode() * _MANY + b"\xff",
}


@pytest.mark.parametrize("name", HELD)
def test_a_start_says_what_decoding_holds(name: str) -> None:
    data = HELD[name]
    start = PLAIN.plan(data).source
    with suppress(SourceError):
        decoded(data[:2000])  # objects that are made once
    tracemalloc.start()
    try:
        with suppress(SourceError):
            start.run(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= start.holds() <= 8 * len(data) + 2**21
