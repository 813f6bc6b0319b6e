"""A stack is its rows as one body, whichever of them come, in whatever order."""

from __future__ import annotations

import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from preprocessing import (
    CorruptSource,
    ImageSpec,
    IncompatibleSource,
    Npy,
    Pipeline,
    Resize,
    Safetensors,
    Seed,
    SpecError,
    Stack,
)
from tests.photos import NAMES, photo

from .encodings.test_encodings import READERS
from .strategies import can_take, images, pairs, transforms

SPECS = (
    "resize:40/center_crop:32/npy",
    "random_resized_crop:32/normalize:imagenet/safetensors:key=batch",
    "resize:32,32/grayscale/safetensors:layout=hwc",
    "resize:40/views:2/random_crop:16/npy",
)
LAYOUTS = st.sampled_from(("chw", "hwc"))


@st.composite
def stackable(draw: st.DrawFn) -> Pipeline:
    steps = [*draw(st.lists(transforms, max_size=3)), Resize(draw(pairs))]
    encoding = draw(st.one_of(st.builds(Npy, LAYOUTS), st.builds(Safetensors, layout=LAYOUTS)))
    try:
        return Pipeline(steps, encoding)
    except SpecError:
        assume(False)
        raise


def read(encoded):
    return READERS["npy" if encoded.content_type == "application/x-npy" else "safetensors"](encoded)


@given(
    stackable(),
    st.lists(images(("uint8",), channels=(3,)), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
    st.data(),
)
def test_any_rows_in_any_order_are_their_single_encodes(p, sources, random, data):
    assume(all(can_take(p, ImageSpec(*image.shape, "uint8")) for image in sources))
    seeds = [Seed(3, str(row), '"etag"') for row in range(len(sources))]
    kept = data.draw(st.lists(st.sampled_from(range(len(sources))), unique=True).map(sorted))
    stack = Stack(p, len(sources))
    order = list(range(len(sources)))
    random.shuffle(order)
    for row in order:
        stack.fill(row, sources[row], seed=seeds[row])
    encoded = stack.encode(kept, seed=3)
    ones = [p.encode(sources[row], seed=seeds[row]) for row in kept]
    array = read(encoded)
    assert array.shape == (len(kept), *(stack.output.shape[1:]))
    for row, one in zip(array, ones, strict=True):
        single = read(one)
        assert (row.tobytes(), row.dtype, row.shape) == (
            single.tobytes(),
            single.dtype,
            single.shape,
        )
        wanted = {**one.metadata, "shape": ",".join(map(str, array.shape))}
        del wanted["geometry"]  # each row has its own
        assert encoded.metadata == wanted
    if len(kept) == len(sources):
        assert len(encoded.body) == stack.output.nbytes


@pytest.mark.parametrize("spec", SPECS)
def test_a_whole_stack_is_the_batch_in_the_encoding_of_one(spec):
    p = Pipeline.parse(spec)
    sources, seeds = [photo(name) for name in NAMES], [Seed(1, name) for name in NAMES]
    stack = Stack(p, len(sources))
    with ThreadPoolExecutor(4) as pool:
        done = pool.map(
            lambda row: stack.fill(row, sources[row], seed=seeds[row]), range(len(sources))
        )
        assert list(done) == [None] * len(sources)
    encoded = stack.encode(range(len(sources)), seed=1)
    np.testing.assert_array_equal(read(encoded), p.batch(sources, seed=seeds))
    assert len(encoded.body) == stack.output.nbytes
    assert encoded.content_type == stack.output.content_type == p.encoding.content_type
    if isinstance(p.encoding, Safetensors):
        assert f'"{p.encoding.key}"'.encode() in encoded.body[:64]


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("held", [True, False])
def test_sources_that_fail_leave_no_holes(spec, held):
    """Also where the errors, whose tracebacks hold on to rows, are kept."""
    p = Pipeline.parse(spec)
    stack, errors = Stack(p, 12), []
    for row in range(12):
        source = photo("rocket") if row % 3 else photo("rocket")[:20_000]
        try:
            stack.fill(row, source, seed=row)
        except CorruptSource as error:
            errors += [error] if held else []
    array = read(stack.encode([row for row in range(12) if row % 3]))
    expected = [p(photo("rocket"), seed=row) for row in range(12) if row % 3]
    np.testing.assert_array_equal(array, np.stack(expected))


def test_rows_close_up_without_a_second_copy():
    p = Pipeline.parse("resize:600,600/npy")
    stack = Stack(p, 20)
    for row in range(1, 20):
        stack.fill(row, photo("chelsea"))
    tracemalloc.start()
    try:
        body = stack.encode(range(1, 20)).body
        assert tracemalloc.get_traced_memory()[1] < 2 * 600 * 600 * 3
    finally:
        tracemalloc.stop()
    assert len(body) == Stack(p, 19).output.nbytes


class Late:
    """A pipeline that pauses in the middle of its row until it may continue."""

    def __init__(self, pipeline):
        self.pipeline, self.begun, self.gate = pipeline, threading.Event(), threading.Event()

    def __getattr__(self, name):
        return getattr(self.pipeline, name)

    def __call__(self, source, **how):
        if source is None:
            self.begun.set()
            self.gate.wait(10)
            how["out"].fill(77)
            return how["out"]
        return self.pipeline(source, **how)


def test_what_comes_too_late_changes_nothing():
    late = Late(Pipeline.parse("resize:8,8/npy"))
    stack = Stack(late, 4)
    for row in (1, 2, 3):
        stack.fill(row, photo("chelsea"))
    with ThreadPoolExecutor(1) as pool:
        straggler = pool.submit(stack.fill, 0, None)
        late.begun.wait(10)
        encoded = stack.encode([1, 2, 3])
        late.gate.set()
        assert straggler.result(10) is None
    expected = late.pipeline(photo("chelsea"))
    np.testing.assert_array_equal(read(encoded), np.stack([expected] * 3))
    with pytest.raises(RuntimeError, match="has been encoded"):
        stack.fill(0, photo("chelsea"))


def test_nothing_that_came_is_a_stack_of_none():
    encoded = Stack(Pipeline.parse("resize:8,8/npy"), 4).encode([])
    assert read(encoded).shape == (0, 3, 8, 8)


@pytest.mark.parametrize("rows", [[2], [1, 0], [0, 0]])
def test_other_rows_than_were_filled_are_none(rows):
    stack = Stack(Pipeline.parse("resize:8,8/npy"), 3)
    for row in (0, 1):
        stack.fill(row, photo("chelsea"))
    with pytest.raises(ValueError, match="filled, in ascending order"):
        stack.encode(rows)
    stack.encode([0, 1])
    with pytest.raises(ValueError, match="once"):
        stack.encode([0, 1])


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("nbytes", [0, 100, 10_000, 100_001, 4_706_304])
def test_it_tells_how_many_fit(spec, nbytes):
    p = Pipeline.parse(spec)
    most = Stack(p, 1000).most(nbytes)
    assert most == 0 or Stack(p, most).output.nbytes <= nbytes
    assert Stack(p, most + 1).output.nbytes > nbytes - 8  # of a shorter header


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("resize:256/npy", "center_crop:224"),
        ("resize:8,8/raw", "raw holds a single result"),
        ("resize:8,8/png", "png holds a single result"),
        ("views:1,key=a/resize:8,8/views:1,key=b/resize:8,8/safetensors", "several arrays"),
    ],
)
def test_what_cannot_be_stacked_says_why(spec, words):
    with pytest.raises(SpecError, match=words):
        Stack(Pipeline.parse(spec), 2)
    with pytest.raises(ValueError, match="got 0"):
        Stack(Pipeline.parse("resize:8,8/npy"), 0)


@given(images(("uint8",), channels=(3,)), LAYOUTS, st.booleans())
def test_a_result_goes_where_it_is_told(image, layout, strided):
    p = Pipeline([Resize((6, 7))], Npy(layout))
    shape = p.output.shape
    out = (
        np.zeros((*shape[:-1], 2 * shape[-1]), np.uint8)[..., ::2]
        if strided
        else np.zeros(shape, "u1")
    )
    assert p(image, out=out) is out
    np.testing.assert_array_equal(out, p(image))
    for wrong in (np.zeros((5, *shape[1:]), np.uint8), np.zeros(shape, np.float32)):
        with pytest.raises(IncompatibleSource, match="`out`"):
            p(image, out=wrong)


@pytest.mark.parametrize("encoding", ["npy", "npy:layout=hwc", "safetensors"])
def test_a_row_that_was_made_before_is_put_as_it_is(encoding: str) -> None:
    pipeline = Pipeline.parse(f"resize:8,8/{encoding}")
    made, put = Stack(pipeline, 2), Stack(pipeline, 2)
    for row in range(2):
        image = np.full((9, 9, 3), 50 * row, np.uint8)
        made.fill(row, image)
        put.put(row, pipeline.encode(image).body)
    assert put.encode([0, 1]) == made.encode([0, 1])
    with pytest.raises(ValueError, match="a result has"):
        Stack(pipeline, 1).put(0, b"short")
