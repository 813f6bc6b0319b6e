"""Batches, threads and processes return what single calls return; the same seed, the same bytes."""

from __future__ import annotations

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from preprocessing import (
    CorruptSource,
    EmptySource,
    ImageSpec,
    IncompatibleSource,
    LimitExceeded,
    Pipeline,
    Seed,
    UnknownFormat,
)
from tests.photos import NAMES, photo

from .strategies import can_take, images, pipelines

P = Pipeline.parse("resize:40/center_crop:32/normalize:imagenet/npy")
RANDOM = Pipeline.parse("random_resized_crop:32/random_horizontal_flip/normalize:imagenet/npy")


@given(
    pipelines(),
    st.lists(images(("uint8",), channels=(3,)), min_size=1, max_size=4),
    st.integers(0, 3),
    st.sampled_from([1, 2]),
)
def test_a_batch_equals_single_calls(
    p: Pipeline, sources: list[np.ndarray], seed: int, threads: int
) -> None:
    assume(all(can_take(p, ImageSpec(*image.shape, "uint8")) for image in sources))
    ones = [p(image, seed=seed) for image in sources]
    if len({one.shape for one in ones}) > 1:
        with pytest.raises(IncompatibleSource, match="cannot be stacked"):
            p.batch(sources, seed=seed, threads=threads)
        return
    batch = p.batch(sources, seed=seed, threads=threads)
    np.testing.assert_array_equal(batch, np.stack(ones))
    assert batch.dtype == ones[0].dtype
    assert batch.flags.c_contiguous


def test_a_batch_of_files_with_seeds_of_their_own() -> None:
    sources = [photo(name) for name in NAMES]
    seeds = [Seed(3, key, '"etag"') for key in NAMES]
    batch = RANDOM.batch(sources, seed=seeds, threads=2)
    for one, source, seed in zip(batch, sources, seeds, strict=True):
        np.testing.assert_array_equal(one, RANDOM(source, seed=seed))
    with pytest.raises(ValueError, match="shorter"):
        RANDOM.batch(sources, seed=seeds[1:])


def test_an_array_of_four_axes_is_a_batch() -> None:
    stack = np.random.default_rng(0).integers(0, 256, (5, 50, 60, 3), np.uint8)
    np.testing.assert_array_equal(P.batch(stack), np.stack([P(image) for image in stack]))


def test_no_sources() -> None:
    with pytest.raises(IncompatibleSource, match="at least one source"):
        P.batch([])


class Odd(Exception):
    """An error of more than a sentence."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(one, two)


class Unreadable:
    """A file that cannot be read."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def read(self, size: int = -1, /) -> bytes:
        raise self.error


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (photo("rocket")[:300], CorruptSource),
        (photo("rocket")[:9000], CorruptSource),  # detected only by decoding
        (b"", EmptySource),
        (b"text", UnknownFormat),
        (None, IncompatibleSource),
        (np.zeros((3, 3), np.int64), IncompatibleSource),
        (np.zeros((9, 70_000), np.uint8), LimitExceeded),
        ("missing.jpg", FileNotFoundError),
        (Unreadable(OSError("gone")), OSError),
        (Unreadable(ValueError("closed file")), ValueError),
        (Unreadable(Odd(1, 2)), Odd),
    ],
)
def test_an_error_names_the_bad_source_and_keeps_its_type(
    bad: Any, kind: type[Exception], threads: int
) -> None:
    for index in (0, 2):
        sources: list[Any] = [photo("rocket")] * 3
        sources[index] = bad
        with pytest.raises(kind, match=f"source {index}") as caught:
            P.batch(sources, threads=threads)
        assert type(caught.value) is kind
        if kind is FileNotFoundError:
            assert "missing.jpg" in str(caught.value)


@pytest.mark.parametrize("p", [P, RANDOM, Pipeline.parse("grayscale/resize:64/png")])
def test_threads_return_what_one_thread_returns(p: Pipeline) -> None:
    """Each thread has scratch memory of its own."""
    sources = [photo(name) for name in NAMES] * 4
    serial = [bytes(p.encode(source).body) for source in sources]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda source: bytes(p.encode(source).body), sources)) == serial


def test_processes_return_what_one_returns() -> None:
    """With spawned processes and a pickled pipeline, as in a data loader's workers."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        there = pool.submit(RANDOM, photo("rocket"), seed=4).result(timeout=60)
    np.testing.assert_array_equal(there, RANDOM(photo("rocket"), seed=4))
    assert pickle.loads(pickle.dumps(RANDOM)) == RANDOM


@given(pipelines(), images(("uint8",), channels=(3,)), st.integers(0, 2**63 - 1))
def test_the_same_seed_gives_the_same_bytes(p: Pipeline, image: np.ndarray, seed: int) -> None:
    assume(can_take(p, ImageSpec(*image.shape, "uint8")))
    first, second = p.encode(image, seed=seed), Pipeline.parse(str(p)).encode(image, seed=seed)
    assert bytes(first.body) == bytes(second.body)
    assert first.metadata == second.metadata
    assert (first.metadata.get("seed") == str(seed)) == p.random


def test_what_identifies_the_request_decides_the_draw() -> None:
    source = photo("rocket")
    seeds = [Seed(), Seed(1), Seed(0, "a.jpg"), Seed(0, "", '"other"')]
    results = [RANDOM(source, seed=seed).tobytes() for seed in seeds]
    assert len(set(results)) == len(seeds)
    # The default ETag is the one that S3 assigns to an object uploaded in one part.
    whole = Seed().of(source)
    assert RANDOM(source, seed=whole).tobytes() == results[0]
    assert whole.etag is not None and len(whole.etag) == 34
    other = Pipeline.parse("random_resized_crop:32/random_horizontal_flip:p=0.4/normalize:imagenet")
    assert other(source).tobytes() != results[0]
