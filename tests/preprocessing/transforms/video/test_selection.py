"""What is taken of a video is what PyAV's plain decoding of all of it has at that moment."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing import IncompatibleSource, Media, Pipeline

from ...support.clips import FILES, Counted, clip
from ...support.video_reference import sequence

HWC = "npy:layout=hwc"
# What the others tell is what their frames last: 60 at 25 a second.
LENGTHS = {
    "mp4, variable rate": 9.8,  # FFmpeg writes less than its frames last: it adds up times of decoding
    "mp4, one frame": 0.04,
}


@pytest.mark.parametrize("name", FILES)
def test_all_frames_are_those_of_plain_decoding(name):
    whole = Pipeline.parse(f"video/{HWC}")(clip(name))
    np.testing.assert_array_equal(whole, np.stack(sequence(name).frames))


@pytest.mark.parametrize("name", FILES)
def test_the_length_is_that_of_the_frames(name):
    told = sequence(name).length
    assert float(told) == pytest.approx(LENGTHS.get(name, 2.4), abs=0.1)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("count", [1, 7, 150])
def test_sampled_frames_are_those_shown_in_the_middle_of_equal_spans(name, count):
    plain, source = sequence(name), Counted(clip(name))
    sampled = Pipeline.parse(f"sample_frames:{count}/{HWC}")(source)
    assert len(sampled) == count
    for i, frame in enumerate(sampled):
        moment = (i + Fraction(1, 2)) * plain.length / count
        np.testing.assert_array_equal(frame, plain.at(moment), str(i))


@pytest.mark.parametrize("name", FILES)
def test_a_clip_begins_with_what_is_shown_and_ends_before_its_stop(name):
    plain = sequence(name)
    start, stop = (float(round(plain.length * share, 3)) for share in (0.3, 0.7))
    clipped = Pipeline.parse(f"clip:{start},stop={stop}/{HWC}")(clip(name))
    first, last = Fraction(repr(start)), Fraction(repr(stop))
    expected = [plain.at(first)]
    expected += [f for f, t in zip(plain.frames, plain.times, strict=True) if first < t < last]
    np.testing.assert_array_equal(clipped, np.stack(expected))


@pytest.mark.parametrize("name", FILES)
def test_key_frames_are_decoded_by_themselves(name):
    plain = sequence(name)
    keys = np.stack([plain.frames[i] for i in plain.keys])
    np.testing.assert_array_equal(Pipeline.parse(f"key_frames/{HWC}")(clip(name)), keys)
    two = Pipeline.parse(f"key_frames:most=2/{HWC}")(clip(name))
    if len(keys) > 2:
        keys = keys[[len(keys) // 4, 3 * len(keys) // 4]]
    np.testing.assert_array_equal(two, keys)


@settings(max_examples=25)
@given(
    st.sampled_from(["mp4", "mp4, variable rate", "matroska", "webm, VP9"]),
    st.lists(st.sampled_from(["clip:0.4,stop=2", "sample_frames:5", "sample_fps:6", "clip:0.3"])),
)
def test_selections_follow_each_other_as_on_an_array(name, steps):
    """Of the frames at one rate, which an array can hold, the same are taken."""
    rate = 40
    plain = sequence(name)
    shown = [plain.at(Fraction(2 * i + 1, 2 * rate)) for i in range(int(plain.length * rate))]
    array = Media(np.stack(shown), "video", rate)
    pipeline = Pipeline.parse("/".join(["sample_fps:40", *steps, HWC]))
    try:
        expected = pipeline(array)
    except IncompatibleSource as error:
        with pytest.raises(IncompatibleSource, match=re.escape(str(error))):
            pipeline(clip(name))
    else:
        np.testing.assert_array_equal(pipeline(clip(name)), expected)


@given(
    st.permutations(["clip:0.4,stop=2", "sample_frames:3"]),
    st.permutations(["resize:20,30", "horizontal_flip", "grayscale"]),
    st.data(),
)
@settings(max_examples=20)
def test_where_a_selection_stands_among_steps_on_frames_changes_nothing(chosen, steps, data):
    first, second = sorted(data.draw(st.tuples(st.integers(0, 3), st.integers(0, 3))))
    mixed = [*steps[:first], chosen[0], *steps[first:second], chosen[1], *steps[second:]]
    frames = Pipeline.parse("/".join([*chosen, *steps, HWC]))(clip("mp4"))
    np.testing.assert_array_equal(Pipeline.parse("/".join([*mixed, HWC]))(clip("mp4")), frames)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("clip:3", r"step 1 'clip': starts at 3 s, but the video is 2.4 s long"),
        ("sample_frames:3/key_frames", "step 2 'key_frames': cannot follow a step that samples"),
        ("key_frames/sample_frames:3", "step 2 'sample_frames': cannot follow key_frames"),
    ],
)
def test_what_cannot_be_taken_of_a_video_says_why(spec, words):
    with pytest.raises(IncompatibleSource, match=words):
        Pipeline.parse(spec).plan(clip("mp4"))


def test_an_array_without_a_rate_has_no_seconds():
    frames = np.arange(12 * 4 * 4 * 3, dtype=np.uint8).reshape(12, 4, 4, 3)
    sampled = Pipeline.parse(f"sample_frames:3/{HWC}")(frames)
    np.testing.assert_array_equal(sampled, frames[[2, 6, 10]])
    clipped = Pipeline.parse(f"clip:1,stop=2/{HWC}")(Media(frames, "video", 4))
    np.testing.assert_array_equal(clipped, frames[4:8])
    for spec in ("clip:1", "sample_fps:2"):
        with pytest.raises(IncompatibleSource, match="needs a frame rate"):
            Pipeline.parse(spec)(frames)
    with pytest.raises(IncompatibleSource, match="an array has no key frames"):
        Pipeline.parse("key_frames")(frames)
    with pytest.raises(IncompatibleSource, match="rate must be above 0"):
        Pipeline.parse("clip:1")(Media(frames, "video", -1))


def test_fps_samples_the_middle_of_each_span():
    frames = np.arange(100, dtype=np.uint8).reshape(100, 1, 1, 1)
    for fps, taken in ((2, [2, 7, 12, 17]), (3, [1, 5, 8, 11, 15, 18]), (0.1, [10])):
        given_ = Media(frames[:20], "video", 10)
        got = Pipeline.parse(f"sample_fps:{fps}/{HWC}")(given_)
        assert got.ravel().tolist() == taken
    by_numpy = Media(frames[:20], "video", np.float64(10))
    assert Pipeline.parse(f"sample_fps:2/{HWC}")(by_numpy).ravel().tolist() == [2, 7, 12, 17]
