"""Texts are shown from their beginnings, with how many there are of what."""

from __future__ import annotations

import json

import numpy as np

from jitprep.playground.drawing.text import draw_text
from jitprep.playground.drawing.view import View


def shown(*documents: str) -> View:
    array = np.array([*documents, ""], object)[:-1]
    return draw_text(array)


def test_short_texts_are_whole() -> None:
    view = shown("grüße\r\n", "<b>&amp;</b>", "")
    assert view.texts == ("grüße\r\n", "<b>&amp;</b>", "")
    assert view.count == 3
    assert view.more == {"characters": [7, 12, 0]}
    assert view.caption == "3 texts, 19 characters"
    assert view.how == ""


def test_long_texts_are_cut_and_this_is_said() -> None:
    view = shown("a" * 100_000, "b")
    assert [len(text) for text in view.texts] == [20_000, 1]
    assert view.more == {"characters": [100_000, 1]}
    assert view.how == "the beginnings of long texts are shown"


def test_many_texts_are_cut_and_this_is_said() -> None:
    view = shown(*(str(i) for i in range(5000)))
    assert view.texts == tuple(str(i) for i in range(64))
    assert view.count == 5000
    assert view.how == "the first 64 of 5,000 texts are shown"


def test_the_page_gets_a_bounded_number_of_characters() -> None:
    view = shown(*(["x" * 50_000] * 1000))
    assert sum(map(len, view.texts)) == 200_000


def test_lone_surrogates_reach_the_page() -> None:
    (text,) = shown("\udc80a").texts
    assert json.loads(json.dumps(text)) == "\udc80a"


def test_nothing_is_shown_of_no_texts() -> None:
    view = shown()
    assert (view.texts, view.count) == ((), 0)
