"""Of HTML stays what a reader sees; Lexbor, whose tokenizer browsers share, is the judge."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from preprocessing.kernels.text.markup import strip_html

EXAMPLES = {
    "<p>one<p>two": "one\ntwo",
    "<p>a <b>wo</b>rd</p>": "a word\n",
    "a<br>b<br/>c": "a\nb\nc",
    "<tr><td>1</td><td>2</td></tr>": "1\n2\n",
    "<ul><li>x</li>\n<li>y</li></ul>": "x\n\ny\n",
    "<head><title>no</title><style>p > a {}</style></head><body>yes": "yes",
    "a<script>if (a < b) '<p>'</script>b": "ab",
    "a<script><!-- document.write('<script></script>') --></script>b": "ab",
    "a<template><p>no<template>no</template>no</template>b": "ab",
    "a<!-- <p>no --> b<!--> c<!---> d<!-- x --!> e": "a b c d e",
    "<a title='>' href=\">\" x = y>link</a>": "link",
    "<a title=it's>link</a>": "link",
    "<noscript>no</noscript>a<textarea><b></textarea>": "a",
    "Fish &amp; chips &lt;b&gt; &copy &#x41; &notin;": "Fish & chips <b> © A ∉",
    "&am<b>p;</b>": "&amp;",
    "1 < 2 <3 a<": "1 < 2 <3 a<",
    "<3 </3 x> <?php y ?> </> <!doctype html>": "<3    ",
    "<svg><text>label</text></svg>": "label",
    "no markup &quot;at all&quot;": 'no markup "at all"',
    "<p class='unclosed>text": "",
    "text <b": "text ",
    "<SCRIPT>x</ScRiPt >y": "y",
    "<pre>\n  a\n  b</pre>": "\n  a\n  b\n",
}
PIECES = """x|y |é|ſ|1 < 2|a<b|<|>|/|=|"|'|-|--|&|&amp;|&lt|&notin;|&#65;|&#x41|&#128;|&copy|<b>|</b>|
<p>|</p>|<P A>|<div class=a>|</div>|<br>|<br/>|<x-y z>|<K>|<a href='>'>|<a x="|</a>|
<img alt='<b>'>|<p a=b/>|<p a='b'c=d>|<a =>|<a ==b>|<a = 'c'>|<a b = c>|<a	b>|<!--|-->|--!>|
<!-->|<!--->|<!->|<!x>|<!doctype html>|<?php ?>|</>|</ x>|<![CDATA[|]]>|<script>|</script>|
<SCRIPT>|</ScRiPt x='>'>|<style a=b>|</style>|<title>|</title >|</title/>|<textarea>|
</textarea>|<template>|</template>|<noembed>|</noembed>|<iframe>|</iframe>""".replace(
    "\n", ""
).split("|")
soup = st.lists(st.sampled_from([*PIECES, "|", "\n"]), max_size=24).map("".join)


@pytest.mark.parametrize("html", EXAMPLES)
def test_what_a_reader_sees(html: str) -> None:
    assert strip_html(html) == EXAMPLES[html]


def by_lexbor(html: str) -> str:
    """All text of the tree that is not within what is hidden."""
    tree = LexborHTMLParser(html)
    hidden = "script style title textarea iframe noembed noframes noscript template"
    tree.strip_tags(hidden.split())
    return tree.root.text(deep=True, separator="") if tree.root else ""


@settings(max_examples=1000)
@given(soup)
def test_lexbor_sees_the_same_characters(html: str) -> None:
    """But for white space, which its tree has less of, and blocks do not add."""
    assert re.sub(r"\s+", "", strip_html(html)) == re.sub(r"\s+", "", by_lexbor(html))


@given(soup)
def test_what_is_left_has_no_tags(html: str) -> None:
    """References apart: those are how a text speaks of markup."""
    bare = html.replace("&", "")
    once = strip_html(bare)
    assert "<script>" not in once
    assert strip_html(once).replace("\n", "") == re.sub(r"\n", "", strip_html(once))


@given(st.text(st.characters(exclude_characters="<&", exclude_categories=["Cs"])))
def test_a_text_without_markup_stays(text: str) -> None:
    assert strip_html(text) == text


BOMBS = {
    "nested": "<div>" * 200_000,
    "unbalanced": "<div></p><b></table><a href=x>x</li>" * 100_000,
    "attributes": "<p " + " ".join(f"a{i}" for i in range(300_000)) + ">x",
    "quotes": '<p a="' * 200_000,
    "equals": "<a " + "=" * 1_000_000,
    "blanks": ("<a x" + " " * 1000) * 1000,
    "less than": "<" * 1_000_000,
    "comments": "<!--" * 300_000,
    "scripts": "<script><!--<script>" * 100_000,
    "ends of scripts": "<script>" + "</script" * 200_000,
    "textareas": "<textarea></text" * 100_000,
    "templates": "<template>" * 200_000,
    "references": "&amp" * 300_000 + "<b>",
    "ampersands": "&" * 1_000_000 + "<b>",
}


@pytest.mark.parametrize("name", BOMBS)
def test_hostile_pages_take_time_like_their_length(name: str) -> None:
    """The tree of 200,000 nested elements takes Lexbor a minute."""
    start = time.thread_time()
    strip_html(BOMBS[name])
    assert time.thread_time() - start < 5
