"""References are the characters of HTML's standard; Lexbor and Python are the judges."""

from __future__ import annotations

import html
import time
from html.entities import html5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from preprocessing import Pipeline
from preprocessing.kernels.text.references import unescape

# WHATWG, 13.2.5.84, "Numeric character reference end state".
C1 = dict(
    zip(
        range(0x80, 0xA0),
        "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ",
        strict=True,
    )
)


@pytest.mark.parametrize("form", ["&#{};", "&#0{};", "&#x{:x};", "&#X{:X};", "&#{} ", "&#x{:x}-"])
def test_every_number(form: str) -> None:
    for code in (*range(0x2FF), *range(0xD7FE, 0xE002), *range(0xFDC0, 0xFDF8), *range(0xFFF0, 0x10010),
                 *range(0x1FFFD, 0x20002), 0x10FFFE, 0x10FFFF, 0x110000, 2**32, 2**64 + 65):  # fmt: skip
        text = form.format(code)
        whole = code in range(1, 0xD800) or code in range(0xE000, 0x110000)
        right = C1.get(code, chr(code)) if whole else "\ufffd"
        assert unescape(f"a{text}b") == f"a{right}{'' if text.endswith(';') else text[-1]}b"


def test_every_name_alone_and_in_a_word() -> None:
    for name, character in html5.items():
        assert unescape(f"&{name}") == character
        assert unescape(f"x&{name}&{name} y") == f"x{character}{character} y"
        assert unescape(f"&{name}zz;") == html.unescape(f"&{name}zz;")


def test_controls_are_kept_on_the_way_through() -> None:
    p = Pipeline.parse("strip_html/text")
    for code in (1, 11, 127, 0xFFFE, 0x1FFFF):
        assert p(f"a&#{code};b".encode())[0] == f"a{chr(code)}b"
        assert p(f"<p>a&#x{code:x}b".encode())[0].startswith("a")


_PIECES = [
    "&",
    "#",
    "x",
    "X",
    ";",
    "0",
    "65",
    "41",
    "128",
    "99999999",
    "amp",
    "not",
    "notin",
    "notit",
    "in",
    "lt",
    "lt;",
    "copy",
    "A",
    "é",
    "=",
    "ampersand",
    "CounterClockwiseContourIntegral",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
def test_lexbor_reads_the_same(text: str) -> None:
    tree = LexborHTMLParser(f"<body><p>x{text}y</p></body>")
    node = tree.css_first("p")
    assert node is not None
    assert f"x{unescape(text + 'y')}" == node.text()


@given(st.text(st.characters(exclude_characters="&", exclude_categories=["Cs"])))
def test_what_has_no_reference_stays(text: str) -> None:
    assert unescape(text) is text


@pytest.mark.parametrize(
    "unit", ["&", "&#", "&#x", "&#1", "&#9999999999", "&amp", "&a", "9", "&notit;", "&#x0"]
)
def test_hostile_references_take_time_like_their_length(unit: str) -> None:
    text = "&#" * unit.startswith("9") + unit * (2_000_000 // len(unit))
    start = time.thread_time()
    unescape(text)
    assert time.thread_time() - start < 5


@pytest.mark.parametrize("shift", range(8))
def test_references_are_whole_wherever_a_long_text_is_cut(shift):
    text = "x" * shift + "a&amp;é&#128512;&notit;&am" * 40_000
    assert unescape(text) == "x" * shift + "a&é😀¬it;&am" * 40_000
