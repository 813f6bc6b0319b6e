"""A pipeline does to each frame of a video what it does to an image."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from preprocessing import (
    IncompatibleSource,
    Media,
    Npy,
    Pipeline,
    Seed,
    SpecError,
    Stack,
)
from preprocessing.block_reader import BlockReader
from preprocessing.limits import Limits
from preprocessing.planner.timing import measure_plan
from preprocessing.sources import load_source
from tests.preprocessing.strategies import images, transforms

from ...support.clips import Counted, clip

HWC = "npy:layout=hwc"


@st.composite
def videos(draw: st.DrawFn) -> np.ndarray:
    """Up to four frames of any legal type and channels."""
    first = draw(images())
    return np.stack([np.roll(first, i, axis=0) for i in range(draw(st.integers(1, 4)))])


@given(videos(), st.lists(transforms, max_size=4), st.sampled_from(["chw", "hwc"]), st.booleans())
def test_every_transform_of_images_goes_frame_by_frame(frames, steps, layout, exact):
    """Random ones draw once for all frames."""
    encode, seed = Npy(layout), Seed(3, "key", '"etag"')
    try:
        one = Pipeline(steps, encode, exact=exact)
        all_ = Pipeline(steps, encode, exact=exact, kind="video")
    except SpecError:
        assume(False)
    assume(not one.random)  # which draws from the pipeline's own fingerprint: below
    try:
        expected = [one(frame, seed=seed) for frame in frames]
    except IncompatibleSource:
        with pytest.raises(IncompatibleSource):
            all_(frames, seed=seed)
        return
    plan = all_.plan(frames, seed=seed)
    made = all_(frames, seed=seed)
    np.testing.assert_array_equal(made, np.stack(expected))
    assert made.shape == encode.shape(plan.output)
    assert made.dtype.name == plan.output.dtype
    np.testing.assert_array_equal(np.load(io.BytesIO(all_.encode(frames).body)), made)


@given(st.lists(transforms, min_size=1, max_size=4), st.integers(0, 99))
def test_what_is_drawn_is_drawn_for_all_frames(steps, number):
    """So that equal frames stay equal."""
    try:
        pipeline = Pipeline(steps, Npy(), kind="video")
    except SpecError:
        assume(False)
    assume(pipeline.random)
    frame = np.random.default_rng(0).integers(0, 255, (20, 24, 3), np.uint8)
    try:
        made = pipeline(np.stack([frame] * 3), seed=number)
    except IncompatibleSource:
        assume(False)
    np.testing.assert_array_equal(made[1], made[0])
    np.testing.assert_array_equal(made[2], made[0])


@pytest.mark.parametrize(
    "spec",
    ["resize:20,30", "center_crop:16/normalize:imagenet", "grayscale/resize:9", "vertical_flip"],
)
def test_a_decoded_video_goes_through_as_its_frames_do(spec):
    frames = Pipeline.parse(f"video/{HWC}")(clip("mp4, sound"))
    made = Pipeline.parse(f"video/{spec}/npy")(clip("mp4, sound"))
    one = Pipeline.parse(f"{spec}/npy")
    np.testing.assert_array_equal(made, np.stack([one(frame) for frame in frames]))


@pytest.mark.parametrize("encoding", ["npy", "npy:layout=hwc", "safetensors", "raw:layout=hwc"])
@pytest.mark.parametrize("gray", ["", "grayscale/"])
def test_tensors_of_fixed_shape_know_their_size_before_anything_is_read(encoding, gray):
    p = Pipeline.parse(f"sample_frames:4/{gray}resize:20,30/{encoding}")
    channels = 1 if gray else 3
    chw = (4, channels, 20, 30)
    hwc = (4, 20, 30) if gray else (4, 20, 30, 3)
    assert p.kind == "video"
    assert p.output.shape == (hwc if "hwc" in encoding else chw)
    encoded = p.encode(clip("mp4"))
    assert len(encoded.body) == p.output.nbytes
    assert encoded.metadata["shape"] == ",".join(map(str, p.output.shape))
    array = p(clip("mp4"))
    assert bytes(encoded.body).endswith(array.tobytes())


def test_the_number_of_frames_is_unknown_where_the_content_tells_it():
    for spec in ("video/resize:8,8", "sample_fps:2/resize:8,8", "key_frames/resize:8,8", "clip:1"):
        output = Pipeline.parse(spec).output
        assert (output.shape[0], output.nbytes) == (None, None), spec


def test_batches_and_stacks_hold_videos():
    p = Pipeline.parse("sample_frames:3/random_resized_crop:16/npy")
    sources = [clip("mp4"), clip("webm, VP9"), clip("mov")]
    seeds = [Seed(1, f"key {i}") for i in range(3)]
    each = [p(source, seed=seed) for source, seed in zip(sources, seeds, strict=True)]
    np.testing.assert_array_equal(p.batch(sources, seed=seeds, threads=2), np.stack(each))
    stack = Stack(p, 3)
    for row, (source, seed) in enumerate(zip(sources, seeds, strict=True)):
        stack.fill(row, source, seed=seed)
    np.testing.assert_array_equal(np.load(io.BytesIO(stack.encode([0, 1, 2]).body)), np.stack(each))


def test_a_seed_is_that_of_the_bytes_however_they_are_read(tmp_path):
    p = Pipeline.parse("sample_frames:2/random_resized_crop:16/npy")
    path = tmp_path / "clip"
    path.write_bytes(clip("mp4"))
    expected = p(clip("mp4"), seed=5)
    for source in (path, str(path), Counted(clip("mp4")), bytearray(clip("mp4"))):
        np.testing.assert_array_equal(p(source, seed=5), expected)
    assert not np.array_equal(p(path, seed=6), expected)


def test_only_what_draws_needs_all_bytes_for_its_seed():
    content, steps = clip("mp4"), "sample_frames:1/resize:16,16"
    for spec, seed, whole in (
        (f"{steps}/npy", 1, False),
        (f"{steps}/random_invert/npy", 1, True),
        (f"{steps}/random_invert/npy", Seed(1, "key", '"etag"'), False),
    ):
        padded = Counted(content + bytes(2**20))  # which FFmpeg passes over
        Pipeline.parse(spec).encode(padded, seed=seed)
        assert (padded.bytes_read >= padded.size) == whole, spec


def test_a_plan_tells_frames_and_times_them():
    p = Pipeline.parse("sample_frames:4/resize:20,30/normalize:imagenet/npy")
    plan = p.plan(clip("mp4"))
    assert "4 frames of 0 to 2.4 s" in str(plan)
    assert "4×20×30×3 float32" in str(plan)
    assert [rule.name for rule in plan.rewrites] == [
        rule.name
        for rule in Pipeline.parse("resize:20,30/normalize:imagenet/npy")
        .plan(np.zeros((48, 64, 3), np.uint8))
        .rewrites
    ]
    times = measure_plan(plan, load_source(clip("mp4"), "video", Limits()).content, 1)
    assert len(times) == len(plan.rows) + 1
    assert all(time > 0 for time in times)


def test_a_video_is_no_image_and_an_image_no_video():
    with pytest.raises(IncompatibleSource, match=r"the object is a video \(video/mp4\)"):
        Pipeline.parse("resize:8")(clip("mp4"))
    with pytest.raises(IncompatibleSource, match="the array is an image"):
        Pipeline.parse("video/resize:8")(Media(np.zeros((8, 8, 3), np.uint8), "image"))
    with pytest.raises(IncompatibleSource, match="a video array must have shape"):
        Pipeline.parse("video/resize:8")(np.zeros((8, 8, 3), np.uint8))


def test_other_kinds_are_read_whole_and_passed_on_untouched():
    text = Counted(b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + bytes(10**5))
    passed = Pipeline.parse("video:skip/sample_frames:2/resize:8,8").encode(text)
    assert (passed.body, passed.content_type) == (text.data, "audio/wav")


def test_images_are_read_from_ranges_too():
    photo = Counted(Pipeline.parse("resize:40,50/png").encode(np.zeros((9, 9, 3), np.uint8)).body)
    p = Pipeline.parse("resize:8,8/npy")
    np.testing.assert_array_equal(p(photo), p(bytes(photo.data)))
    assert isinstance(load_source(Counted(clip("mp4")), "video", Limits()).content, BlockReader)
