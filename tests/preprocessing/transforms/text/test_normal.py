"""Normal forms, as Unicode's own tests have them; lower case; white space."""

from __future__ import annotations

import json
import lzma
import random
import sys
import time
import tracemalloc
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from preprocessing import LimitExceeded, Pipeline
from preprocessing.cancellation import Cancelled, Signal, cancellable
from preprocessing.kernels.text import normal
from preprocessing.kernels.text.normal import collapse, lower
from preprocessing.transforms.text.normal import _MOST_OF_ONE
from tests.preprocessing.strategies.text import texts

UNICODE = json.loads(
    lzma.decompress((Path(__file__).parents[3] / "golden/unicode.json.xz").read_bytes())
)
FORMS = st.sampled_from(("NFC", "NFKC"))
# Whatever moves, or hides what moves, as texts are normalised; and letters between.
marks = st.sampled_from(
    "\u0300\u0316\u0301\u0344\u0327\u0334\u05b0\u3099\u0f73\u0f75\u0f81\uff9e\uff9f\u0f71\u0f72"
    "\U0001d165\U0001d16e\U0001d15e\U0001e94a\U0001f600a\u00e9\u1e69\u0f40"
)


def assigned(text: str) -> bool:
    """Whether this Python's Unicode has every character."""
    return all(unicodedata.category(character) != "Cn" for character in text)


def test_unicode_s_own_examples() -> None:
    """The data are of 15.0, this Python may be older: what it does not know yet is left out."""
    known = [row for row in UNICODE["normal"] if all(map(assigned, row))]
    assert len(known) > 0.98 * len(UNICODE["normal"]) > 18_000
    for source, nfc, nfd, nfkc, nfkd in known:
        for text in (source, nfc, nfd):
            assert normal.normal(text, "NFC") == nfc
        for text in (source, nfc, nfd, nfkc, nfkd):
            assert normal.normal(text, "NFKC") == nfkc


@given(texts | st.text(marks, min_size=25, max_size=200), FORMS)
@example("a" + "\u0f73\u0301" * 40, "NFC")
@example("a" + "\uff9e\u0316" * 40, "NFKC")
@example("\U0001d15e" * 40 + "\u0316", "NFC")
def test_it_is_python_s_and_changes_no_more(text: str, form: normal.Form) -> None:
    once = normal.normal(text, form)
    assert once == unicodedata.normalize(form, text)
    assert normal.normal(once, form) == once


@given(
    texts
    | st.text(marks | st.sampled_from("\u1100\u1161\u11a8\uac00\u09c7\u09be\ufdfae "), max_size=60),
    FORMS,
)
@pytest.mark.parametrize("piece", [1, 2, 7])
def test_pieces_are_of_no_consequence(piece: int, text: str, form: normal.Form) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(normal, "_PIECES", {"NFC": piece, "NFKC": piece})
        assert normal.normal(text, form) == unicodedata.normalize(form, text)


def test_no_character_acts_across_a_boundary() -> None:
    """Whatever can stand behind a boundary composes with nothing before it."""
    bases = "a\u1100\uac00\u09c7\u0b47\u1b05\u30ab\U00011099\U00011131"
    every = map(chr, (*range(0xD800), *range(0xE000, 0x3_0000)))
    boundaries = [one for one in every if normal._boundary(one, 0) == 0]
    assert len(boundaries) > 100_000
    for one in boundaries:
        for form in ("NFC", "NFKC"):
            alone = unicodedata.normalize(form, one)
            for base in bases:
                assert unicodedata.normalize(form, base + one) == base + alone


def test_cancelled_work_stops() -> None:
    signal = Signal()
    signal.cancel()
    with cancellable(signal):
        for work in (lambda: normal.normal("é" * 5_000_000, "NFC"), lambda: collapse("a b")):
            with pytest.raises(Cancelled):
                work()


def test_what_can_begin_with_a_mark_is_known() -> None:
    """Every character that decomposes to a mark first, and is none itself, is in the list."""
    hidden = {
        chr(code)
        for code in range(0x110000)
        if not unicodedata.combining(chr(code))
        and unicodedata.combining(unicodedata.normalize("NFKD", chr(code))[0])
    }
    assert hidden == set(normal._HIDDEN)
    assert not any(map(unicodedata.combining, map(chr, range(normal._ASTRAL, 0x110000))))


@pytest.mark.parametrize("form", ["NFC", "NFKC"])
@pytest.mark.parametrize(
    "unit",
    ["\u0301", "\u0300\u0316", "\u0f73\u0301", "\uff9e\u0316", "\U0001d165\u0316", "\u0344\u0316"],
)
def test_marks_without_end_are_sorted_soon(form: normal.Form, unit: str) -> None:
    """Two megabytes of two marks in turn take Python ten minutes and more."""
    text = "e" + unit * (2_000_000 // len(unit.encode()))
    start = time.thread_time()
    made = normal.normal(text, form)
    assert time.thread_time() - start < 5
    few = unicodedata.normalize(form, "e" + unit * 60)
    assert sorted(set(made)) == sorted(set(few))
    assert unicodedata.is_normalized(form, made)


@given(texts | st.text(st.sampled_from("\ufdfa\u3316\uac01\u1e69\U0001d15ea1")))
def test_how_far_a_text_grows_is_known_before(text: str) -> None:
    length = normal.compatible_length(text)
    assert length == len(unicodedata.normalize("NFKD", text))
    assert len(normal.normal(text, "NFKC")) <= length <= 18 * len(text)


def test_a_character_is_at_most_eighteen() -> None:
    rest = range(0x3_0000, sys.maxunicode + 1)
    assert all(len(unicodedata.normalize("NFKD", chr(code))) == 1 for code in rest)
    assert normal._lengths().max() == _MOST_OF_ONE


def test_a_text_that_would_grow_too_large_is_refused_before() -> None:
    data = ("\ufdfa" * 4_000_000).encode()
    tracemalloc.start()
    try:
        with pytest.raises(
            LimitExceeded, match="would make 72000000 characters of a text of 4000000"
        ):
            Pipeline.parse("nfkc")(data)
        assert tracemalloc.get_traced_memory()[1] < 10 * len(data)
    finally:
        tracemalloc.stop()


def test_most_texts_are_returned_as_they_are() -> None:
    text = "plain text " * 1000
    assert normal.normal(text, "NFC") is text


@given(texts)
def test_lower_case_has_no_lower(text: str) -> None:
    assert lower(text) == text.lower()
    assert lower(lower(text)) == lower(text)


@given(st.lists(st.sampled_from(["a", "bc", " ", "\u00a0", "\u2003", "\x1c", "\n", "\u200b"])))
@pytest.mark.parametrize("block", [1, 2, 3, 2**20])
def test_white_space_collapses(block: int, parts: list[str]) -> None:
    text = "".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(normal, "_BLOCK", block)
        made = collapse(text)
    # A word at the end of a block continues in the next.
    assert made == " ".join(text.split())
    assert collapse(made) == made


def test_blocks_are_of_no_consequence() -> None:
    draw = random.Random(0)
    text = "".join(draw.choices(["word", " ", "\n\n", "\u3000"], k=1_200_000))
    assert len(text) > 2 * normal._BLOCK
    assert collapse(text) == " ".join(text.split())
