"""A text is cut between grapheme clusters, which Unicode's own tests name."""

from __future__ import annotations

import json
import lzma
import time
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from wcwidth import iter_graphemes

from preprocessing import Pipeline, SpecError
from preprocessing.kernels.text.graphemes import truncate
from tests.preprocessing.strategies.text import texts

UNICODE = json.loads(
    lzma.decompress((Path(__file__).parents[3] / "golden/unicode.json.xz").read_bytes())
)
# In 15.0 U+2701 was a pictograph, which joins; later versions of emoji-data.txt took that back.
CHANGED = [["\u2701\u200d\u2701"]]
CLUSTERS = [row for row in UNICODE["graphemes"] if row not in CHANGED]


def longest(clusters: list[str], length: int) -> str:
    ends = [end for end in accumulate(map(len, clusters), initial=0) if end <= length]
    return "".join(clusters)[: ends[-1]]


def test_unicode_s_own_examples() -> None:
    assert len(CLUSTERS) > 600
    for clusters in CLUSTERS:
        text = "".join(clusters)
        for length in range(1, len(text) + 2):
            assert truncate(text, length) == longest(clusters, length), clusters


@given(
    st.lists(st.sampled_from([*CLUSTERS, ["a"], ["\n"], ["\r\n"]]), max_size=6), st.integers(1, 40)
)
def test_between_lines_each_is_by_itself(rows: list[list[str]], length: int) -> None:
    clusters = [cluster for row in rows for cluster in (*row, "\n")]
    assume(not any(a.endswith("\r") and b == "\n" for a, b in pairwise(clusters)))  # one cluster
    assert truncate("".join(clusters), length) == longest(clusters, length)


@given(texts, st.integers(1, 60))
@example("e\u0301", 1)
@example("\r\n", 1)
@example("\U0001f1e6\U0001f1e7" * 3, 3)
def test_it_is_the_longest_beginning(text: str, length: int) -> None:
    made = truncate(text, length)
    assert made == longest(list(iter_graphemes(text)), length)
    assert truncate(made, length) == made
    assert text.startswith(made)


@pytest.mark.parametrize(
    "unit",
    ["\u0301", "\U0001f1e6", "\U0001f468\u200d", "\u0915\u094d", "\u0600", "\u1100", "\r", "名"],
)
@pytest.mark.parametrize("length", [1, 100_001, 999_999])
def test_clusters_without_end_are_seen_through_soon(unit: str, length: int) -> None:
    text = "e" + unit * (10_000_000 // len(unit.encode()))
    start = time.thread_time()
    assert len(truncate(text, length)) <= length
    assert time.thread_time() - start < 5


def test_ten_megabytes_of_one_accent_are_one_cluster() -> None:
    assert truncate("e" + "\u0301" * 5_000_000, 100) == ""
    assert truncate("e" + "\u0301" * 99, 100) == "e" + "\u0301" * 99


def test_a_length_is_one_or_more() -> None:
    with pytest.raises(SpecError, match="length: must be 1 or more, got 0"):
        Pipeline.parse("truncate:0")
