"""Random numbers: even, independent, and the same for ever. All streams are fixed."""

from __future__ import annotations

import hashlib
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.rng import Draws, Seed

STREAMS = st.binary(max_size=40).map(Draws)


def test_the_numbers_of_a_request_are_these() -> None:
    """Changing the numbers changes every user's augmented data: raise the numerics version."""
    draws = Draws.of("0" * 32, Seed(7, "a/b.jpg", '"e"'))
    assert [draws.uniform(0, 1) for _ in range(3)] == [
        0.19473475681545827,
        0.6884707615567937,
        0.8653632418063999,
    ]
    assert [draws.integer(0, 9) for _ in range(5)] == [6, 7, 8, 6, 2]
    assert draws.pick("abc") == "b"
    assert draws.shuffled(range(5)) == [3, 2, 0, 1, 4]


def test_a_word_is_the_hash_of_the_key_and_a_counter() -> None:
    """The definition, so that another implementation can draw the same."""

    def sha(data: bytes) -> bytes:
        return hashlib.sha256(data).digest()

    draws = Draws(b"any").fork(3)
    key = sha(sha(b"any") + (3).to_bytes(8, "big"))
    for count in range(3):
        word = int.from_bytes(sha(key + count.to_bytes(8, "big"))[:8], "big")
        assert draws.integer(0, 2**64 - 1) == word


@pytest.mark.parametrize("identity", [b"", b"one", b"another"])
def test_numbers_are_even(identity: bytes) -> None:
    """Each of ten bins has its tenth, within five standard deviations."""
    count = 20_000
    slack = 5 * (count * 0.1 * 0.9) ** 0.5
    for step, draw in enumerate((lambda d: int(d.uniform(0, 10)), lambda d: d.integer(0, 9))):
        draws = Draws(identity).fork(step)
        bins = np.bincount([draw(draws) for _ in range(count)], minlength=10)
        assert len(bins) == 10
        assert np.abs(bins - count / 10).max() < slack
    draws = Draws(identity)
    assert abs(sum(draws.chance(0.1) for _ in range(count)) - count / 10) < slack


def test_every_order_is_as_likely() -> None:
    draws = Draws(b"orders")
    counts = dict.fromkeys(permutations("abc"), 0)
    for _ in range(6000):
        counts[tuple(draws.shuffled("abc"))] += 1
    assert max(abs(count - 1000) for count in counts.values()) < 5 * (1000 * 5 / 6) ** 0.5


def test_streams_are_independent() -> None:
    """Of forks, neighbouring seeds, and keys that share characters, no two go together."""
    draws = [Draws(b"x"), *(Draws(b"x").fork(i) for i in range(4)), Draws(b"x").fork(0).fork(0)]
    seeds = (Seed(), Seed(1), Seed(0, "1"), Seed(0, "", "1"), Seed(11, "1"), Seed(1, "11"))
    draws += [Draws.of("f", seed) for seed in seeds]
    draws += [Draws.of("f0", Seed()), Draws.of("", Seed(0, "", "f"))]
    rows = np.array([[stream.uniform(-1, 1) for _ in range(2000)] for stream in draws])
    together = np.corrcoef(rows) - np.eye(len(rows))
    assert np.abs(together).max() < 5 / 2000**0.5


def test_a_fork_does_not_depend_on_what_was_drawn() -> None:
    fresh, used = Draws(b"x"), Draws(b"x")
    used.uniform(0, 1)
    assert fresh.fork(2).integer(0, 10**9) == used.fork(2).integer(0, 10**9)
    assert fresh.integer(0, 10**9) != used.integer(0, 10**9)


@given(STREAMS, st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_uniform_stays_in_its_range(draws: Draws, low: float, length: float) -> None:
    for _ in range(20):
        assert low <= draws.uniform(low, low + length) <= low + length


@given(STREAMS, st.integers(-(10**6), 10**6), st.integers(0, 10**6))
def test_integer_stays_in_its_range(draws: Draws, low: int, length: int) -> None:
    for _ in range(20):
        assert low <= draws.integer(low, low + length) <= low + length
    assert {draws.integer(low, low + 1) for _ in range(60)} == {low, low + 1}


@given(STREAMS)
def test_chance_knows_never_and_always(draws: Draws) -> None:
    assert not any(draws.chance(0.0) for _ in range(20))
    assert all(draws.chance(1.0) for _ in range(20))


@given(STREAMS, st.lists(st.integers(), max_size=9))
def test_shuffled_keeps_every_item(draws: Draws, items: list[int]) -> None:
    before = items.copy()
    assert sorted(draws.shuffled(items)) == sorted(before)
    assert items == before


def test_an_etag_left_out_is_the_md5_of_the_source() -> None:
    content = b"some bytes"
    etag = f'"{hashlib.md5(content).hexdigest()}"'
    assert Seed(1, "k").of(content) == Seed(1, "k", etag)
    array = np.frombuffer(content, np.uint8)
    assert Seed(1, "k").of(array) == Seed(1, "k", etag)
    assert Seed(1, "k", '"given"').of(content) == Seed(1, "k", '"given"')


def test_the_numbers_of_an_array_are_these() -> None:
    draws = Draws.of("0" * 32, Seed(7, "a/b.jpg", '"e"'))
    assert draws.uniforms(2, 2).tolist() == [
        [0.1684507263867253, 0.775446378017504],
        [0.9513484464648465, 0.5746726995027427],
    ]
    assert draws.uniform(0, 1) == 0.6884707615567937  # it drew one number


@given(STREAMS, st.lists(st.integers(0, 5), max_size=3).map(tuple))
def test_an_array_is_the_start_of_its_stream(draws: Draws, shape: tuple[int, ...]) -> None:
    """The definition: the high 53 bits of SHAKE-256's words, whatever the shape."""
    again = Draws(b"").fork(0)
    again._key = draws._key
    word = again.integer(0, 2**64 - 1).to_bytes(8, "big")
    count = int(np.prod(shape))
    stream = hashlib.shake_256(draws._key + word).digest(8 * count)
    words = [int.from_bytes(stream[8 * i : 8 * i + 8], "big") for i in range(count)]
    found = draws.uniforms(*shape)
    assert found.shape == shape
    assert found.dtype == np.float64
    assert found.ravel().tolist() == [(word >> 11) * 2.0**-53 for word in words]


def test_numbers_of_arrays_are_even_and_independent() -> None:
    draws = Draws(b"arrays")
    first, second = draws.uniforms(20_000), draws.uniforms(20_000)
    slack = 5 * (20_000 * 0.1 * 0.9) ** 0.5
    assert np.abs(np.bincount((first * 10).astype(int), minlength=10) - 2_000).max() < slack
    assert first.min() >= 0 and first.max() < 1
    assert abs(np.corrcoef(first, second)[0, 1]) < 5 / 20_000**0.5
