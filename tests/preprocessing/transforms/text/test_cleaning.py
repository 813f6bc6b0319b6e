"""Mojibake is mended and nothing else; what is personal goes, in time like the text's length."""

from __future__ import annotations

import re
import sys
import time
from importlib import util

import ftfy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import Pipeline, SpecError
from preprocessing.kernels.text.mojibake import fix_mojibake
from preprocessing.kernels.text.redact import luhn, redact
from tests.preprocessing.strategies.text import texts

ALL = ("email", "iban", "phone", "card")
# From ftfy's documentation; and what it would change if it were asked to do more.
MENDED = {
    "schÃ¶n": "schön",
    "âœ” No problems": "✔ No problems",
    "The Mona Lisa doesnÃƒÂ¢Ã¢â€šÂ¬Ã¢â€žÂ¢t have eyebrows.": "The Mona Lisa doesn’t have eyebrows.",
    "lâ€™humanitÃ©\nl’humanité": "l’humanité\nl’humanité",
    "ÐŸÑ€Ð¸Ð²ÐµÑ‚": "Привет",
}
RIGHT = [
    "ﬂuﬃest “quotes” ＬＯＵＤ &eacute; a\u0301 \x1b[1m\r\n",
    "crème brûlée, Ærøskøbing, naïve café",
    "日本語 Ελληνικά עברית 🙂",
]


@pytest.mark.parametrize("text", MENDED)
def test_mojibake_is_mended(text: str) -> None:
    assert fix_mojibake(text) == MENDED[text]


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_stays(text: str) -> None:
    assert fix_mojibake(text) == text


@given(texts)
def test_it_is_what_ftfy_does_with_each_line(text: str) -> None:
    lines = text.split("\n")
    parts = [line + "\n" for line in lines[:-1]] + lines[-1:]
    # c1 controls are the one thing of `fix_text` that `fix_encoding` leaves, where nothing else is wrong
    fixed = "".join(map(_until_it_stays, parts))
    assert fix_mojibake(text) == fixed
    assert fix_mojibake(fixed) == fixed
    fixed.encode()


def _until_it_stays(line: str) -> str:
    while (fixed := ftfy.fixes.fix_c1_controls(ftfy.fix_encoding(line))) != line:
        line = fixed
    return line


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_has_no_mojibake(text: str) -> None:
    assert fix_mojibake(text) is text


@pytest.mark.parametrize("unit", ["Ã", "â€œ", "\x80\x9d", "Ã\ufffd", "à ", "ÃƒÂ"])
def test_mojibake_without_end_is_mended_soon(unit: str) -> None:
    start = time.thread_time()
    fix_mojibake(unit * 20_000)
    assert time.thread_time() - start < 5


GONE = {
    "mail bob@example.com, please": "mail [EMAIL], please",
    "<a.b+c_d@mail.example.co.uk>.": "<[EMAIL]>.",
    "grüße@exämple.de": "[EMAIL]",
    "call +49 30 1234567 now": "call [PHONE] now",
    "+1 (555) 123-4567": "[PHONE]",
    "(415) 555-2671 or 415-555-2671 or 1-415-555-2671": "[PHONE] or [PHONE] or [PHONE]",
    "+442079460958.": "[PHONE].",
    "020 7946 0958": "[PHONE]",
    "030/12 34 56 78": "[PHONE]",
    "01 23 45 67 89": "[PHONE]",
    "pay 4111 1111 1111 1111!": "pay [CARD]!",
    "4111-1111-1111-1111": "[CARD]",
    "378282246310005 and 3782 822463 10005": "[CARD] and [CARD]",
    "2024 4111 1111 1111 1111": "2024 [CARD]",
    "5555555555554444,6011111111111117": "[CARD],[CARD]",
    "4111 1111 1111 1111 5555 5555 5555 4444": "[CARD] [CARD]",
    "4111 1111 1111 1111 12/27 123": "[CARD] 12/27 123",
    "0044 20 7946 0958": "[PHONE]",
    "(0044) 20 7946 0958": "[PHONE]",
    "0033 1 23 45 67 89": "[PHONE]",
    "+49 36878 620-23924": "[PHONE]",
    "+43 5574 6706 0000": "[PHONE]",
    "+49 (0)30 1234567": "[PHONE]",
    "0049/5235/3-00": "[PHONE]",
    "030 1234567 / 030 7654321": "[PHONE] / [PHONE]",
    "+49 30 1234567 +49 30 7654321": "[PHONE] [PHONE]",
    "IBAN DE89 3704 0044 0532 0130 00": "IBAN [IBAN]",
    "gb82west12345698765432": "[IBAN]",
    "BE68 5390 0754 7034 BANK": "[IBAN] BANK",
    "GB82 WEST 1234 5698 7654 32 now": "[IBAN] now",
    "john.o'brien@example.com": "[EMAIL]",
}
STAYS = [
    "at 10:30 on 2024-05-06, 06.05.2024 or 01/02/2024", "bob@localhost", "@handle", "a @ b.c",
    "4111 1111 1111 1112", "1234567890123", "3.14159265358979", "192.168.100.200", "1 000 000",
    "12 0123 456 7890 12 34", "ZIP 02139-4307", "51.5074, -0.1278", "52.520008 13.404954",
    "010.001.002.003", "01/02/2024-03/04/2024", "2024-05-06 07:08", "v1.2.3-4.5.6.7", "415-555-2671-99",
    "DE89 3704 0044 0532 0130 01", "1234 4111 1111 1111 1111", "0.4111111111111111", "x4111111111111111",
    "4111 1111 1111 1111 2222", "+49 30 1234567 12345678", "0044 20 7946 0958 0000 1111", "030.1234567a",
    "version 2.0.10", "ISBN 978-3-16-148410-0", "order 123456789", "0.5 0.25 0.125", "007",
]  # fmt: skip


@pytest.mark.parametrize("text", GONE)
def test_what_is_personal_goes(text: str) -> None:
    assert redact(text, ALL) == GONE[text]


@pytest.mark.parametrize("text", STAYS)
def test_what_is_not_stays(text: str) -> None:
    assert redact(text, ALL) == text


def test_only_what_is_named_goes() -> None:
    text = "bob@example.com +49 30 1234567 4111111111111111"
    assert redact(text, ("email",)) == "[EMAIL] +49 30 1234567 4111111111111111"
    assert redact(text, ("phone",)) == "bob@example.com [PHONE] 4111111111111111"
    assert redact(text, ("card",)) == "bob@example.com +49 30 1234567 [CARD]"
    p = Pipeline.parse("redact_patterns:email,card/text")
    assert p.encode(text.encode()).body == b"[EMAIL] +49 30 1234567 [CARD]"


@given(st.integers(0, 10**15))
def test_a_card_s_number_has_one_right_check_digit(number: int) -> None:
    right = [digit for digit in range(10) if luhn(f"4{number:015}"[:15] + str(digit))]
    assert len(right) == 1
    card = f"4{number:015}"[:15] + str(right[0])
    assert redact(f"<{card}>", ("card",)) == "<[CARD]>"
    wrong = card[:-1] + str((right[0] + 1) % 10)
    assert redact(wrong, ("card",)) == wrong


_near = st.lists(
    st.sampled_from(["4111111111111111", "4111 ", "a@b.de", "+49 301", "0", "555", *"- @.x()"])
).map("".join)  # fmt: skip


# Of 12 digits at most: longer ones are part of no telephone number, and may stand beside one.
_groups = st.lists(
    st.tuples(
        st.integers(0, 10**12 - 1).map(str),
        st.sampled_from([" ", "-", ".", "/", ") ", " (", "\u202f"]),
    ),
    min_size=2,
    max_size=9,
).map(lambda pairs: "".join(group + sign for group, sign in pairs))
_prefix = st.sampled_from(
    ["", "+", "00", "0", "(0", "+49 ", "0044 ", "DE", "IBAN ", "a", "tel. ", "1-"]
)


@given(_prefix, _groups, st.sampled_from(["", "x", " of", ",", "1"]))
def test_telephone_numbers_go_whole_or_not_at_all(prefix: str, groups: str, behind: str) -> None:
    """No digit of the number is left beside the mark."""
    made = redact(f"{prefix}{groups}{behind}", ("phone",))
    assert not re.search(r"[0-9][^\w\[\],]{0,3}\[PHONE\]", made)
    assert not re.search(r"\[PHONE\][^\w\[\],]{0,3}[0-9]", made)


@given(st.from_regex(r"[A-Z]{2}[0-9]{2}( [0-9A-Z]{4}){3,7}", fullmatch=True))
def test_an_iban_is_cut_by_no_other_pattern(text: str) -> None:
    digits = "".join(str(int(c, 36)) for c in text[5:].replace(" ", "") + text[:2] + "00")
    iban = f"{text[:2]}{98 - int(digits) % 97:02}{text[4:]}"
    assert redact(f"to {iban}.", ("iban",)) == "to [IBAN]."
    assert redact(f"to {iban}.", ("phone", "card")) == f"to {iban}."
    assert redact(f"to {iban.replace(' ', '')}.", ALL) == "to [IBAN]."


@given(_near | texts)
def test_redacting_again_changes_nothing(text: str) -> None:
    once = redact(text, ALL)
    assert redact(once, ALL) == once


@pytest.mark.parametrize(
    "unit",
    ["a", "a.", "a@", "a@b", "a@b.", "@", "1", "1 ", "0 1", "+1", "+1 ", "(", "4111 ", "4111-1111 ",
     "+(", "01-", "41111111111111111111 ", "a@b.cd ", "é%", "DE89 3704 ", "AB12CD34", "x@y'",
     "4111 1111 1111 1111 "],
)  # fmt: skip
def test_hostile_texts_take_time_like_their_length(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    start = time.thread_time()
    redact(text, ALL)
    assert time.thread_time() - start < 10


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("redact_patterns:name", "which: expected values"),
        ("redact_patterns:email,email", "which: name each pattern once"),
        ({"version": 1, "steps": [{"redact_patterns": {"which": []}}]}, "which: name at least one"),
    ],
)
def test_wrong_arguments_fail_at_once(spec: object, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        Pipeline.parse(spec)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spec", "module"),
    [("fix_mojibake", "ftfy"), ("truncate:3", "wcwidth"), ("tokenize:tiny,8/npy", "tokenizers")],
)
def test_a_missing_library_is_named_as_a_plan_is_made(
    spec: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = util.find_spec
    monkeypatch.setattr(
        "preprocessing.optional_deps.find_spec",
        lambda name: None if name == module else find(name),
    )
    p = Pipeline.parse(spec)
    with pytest.raises(SpecError, match=rf"needs {module}.*pip install 'jitprep\[text\]'"):
        p(b"hello")
    assert "ftfy" in sys.modules
