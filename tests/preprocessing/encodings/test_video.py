"""Videos as files: MP4, and the contact sheet."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from preprocessing import IncompatibleSource, Media, Pipeline, SpecError
from preprocessing.kernels.image.geometry.contact_sheet import grid, sheet

from ..support.clips import clip, pictures


@given(st.integers(1, 500))
def test_a_sheet_is_as_near_a_square_as_can_be(count):
    rows, columns = grid(count)
    assert rows * columns >= count
    assert (rows - 1) * columns < count
    assert columns - 1 <= rows <= columns


@given(st.integers(1, 20), st.sampled_from([1, 3]))
@settings(max_examples=20)
def test_a_sheet_has_the_frames_row_by_row(count, channels):
    frames = np.random.default_rng(count).integers(0, 255, (count, 5, 7, channels), np.uint8)
    made, columns = sheet(frames), grid(count)[1]
    for i, frame in enumerate(frames):
        top, left = i // columns * 5, i % columns * 7
        np.testing.assert_array_equal(made[top : top + 5, left : left + 7], frame)
    assert made.sum() == frames.sum()


@pytest.mark.parametrize("gray", ["", "grayscale/"])
def test_a_jpeg_of_a_video_is_a_contact_sheet(gray):
    p = Pipeline.parse(f"sample_frames:5/resize:24,32/{gray}jpeg:quality=95,subsampling=444")
    encoded = p.encode(clip("mp4"))
    image = Image.open(io.BytesIO(encoded.body))
    assert (image.size, image.mode) == ((96, 48), "L" if gray else "RGB")
    assert encoded.metadata["shape"] == ("5,24,32" if gray else "5,24,32,3")
    frames = p(clip("mp4"))
    planned = sheet(frames[..., None] if gray else frames)
    decoded = np.asarray(image).reshape(planned.shape).astype(int)
    assert np.abs(decoded - planned).mean() < 4


def test_a_sheet_that_jpeg_cannot_hold_is_refused():
    with pytest.raises(
        SpecError, match="holds at most 65500 pixels per side, but the result has 80000"
    ):
        Pipeline.parse("sample_frames:64/resize:8,10000/jpeg")
    wide = Media(np.zeros((4, 2, 40_000, 1), np.uint8), "video")
    with pytest.raises(IncompatibleSource, match="the result has 80000"):
        Pipeline.parse("video/jpeg").encode(wide)


@pytest.mark.parametrize("fps", [25.0, 12.5, 29.97])
def test_an_mp4_shows_the_frames_at_its_rate(fps):
    p = Pipeline.parse(f"sample_frames:9/resize:48,64/mp4:fps={fps},crf=4")
    encoded = p.encode(clip("mp4"))
    assert encoded.content_type == p.output.content_type == "video/mp4"
    with av.open(io.BytesIO(encoded.body)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        frames = list(container.decode(stream))
        times = [frame.time for frame in frames]
    np.testing.assert_allclose(times, np.arange(9) / fps, atol=1e-3)
    decoded = np.stack([frame.to_ndarray(format="rgb24") for frame in frames]).astype(int)
    # Half the resolution of the colours is lost.
    assert np.abs(decoded.mean(-1) - p(clip("mp4")).mean(-1)).mean() < 12


def test_an_mp4_is_read_back_by_a_pipeline():
    smooth = np.stack([np.full((16, 16, 3), 20 * i, np.uint8) for i in range(10)])
    body = bytes(Pipeline.parse("video/mp4:crf=0").encode(smooth).body)
    again = Pipeline.parse("video/npy:layout=hwc")(body)
    assert again.shape == smooth.shape
    assert np.abs(again.astype(int) - smooth).max() <= 3


def test_a_smaller_crf_is_larger_and_the_bytes_are_always_the_same():
    frames = pictures(12)
    bodies = {
        crf: bytes(Pipeline.parse(f"video/mp4:crf={crf}").encode(frames).body) for crf in (10, 40)
    }
    assert len(bodies[10]) > len(bodies[40])
    assert bytes(Pipeline.parse("video/mp4:crf=40").encode(frames).body) == bodies[40]


def test_a_gray_video_is_stored_gray():
    frames = pictures(4)[..., :1]
    body = bytes(Pipeline.parse("video/mp4:crf=0").encode(frames).body)
    again = Pipeline.parse("video/npy:layout=hwc")(body).astype(int)
    assert np.abs(again - frames).mean() < 3


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("sample_frames:8/png", "step 2 'png': takes image, but is given video"),
        ("sample_frames:8/webp", "step 2 'webp': takes image, but is given video"),
        ("image/resize:8,8/mp4", "step 2 'mp4': takes video, but is given image"),
        ("image/sample_frames:8/npy", "step 1 'sample_frames': takes video, but is given image"),
        (
            "resize:9,8/mp4",
            "step 2 'mp4': holds frames of even sides up to 16384, but the result has 9 x 8",
        ),
        ("video/normalize:imagenet/mp4", "'mp4': holds uint8 with 1 or 3 channels"),
        ("video/normalize:imagenet/jpeg", "'jpeg': holds uint8"),
        ("video/mp4:crf=52", "crf: must be 0 to 51"),
        ("video/mp4:fps=0", "fps: must be above 0"),
        ("sample_frames:0", "count: must be from 1"),
        ("sample_fps:0", "fps: must be above 0"),
        ("key_frames:most=0", "most: must be 1 or more"),
        ("clip:-1", "start: must be 0 or more"),
        ("clip:2,stop=2", "stop: must be after start 2"),
    ],
)
def test_what_cannot_be_fails_as_it_is_parsed(spec, words):
    with pytest.raises(SpecError) as raised:
        Pipeline.parse(spec)
    assert words in str(raised.value)


def test_an_odd_side_that_only_the_source_tells_is_refused():
    with pytest.raises(IncompatibleSource, match="even sides"):
        Pipeline.parse("video/mp4").encode(clip("mp4, odd sides"))


def test_what_ends_in_mp4_is_for_video():
    p = Pipeline.parse("resize:8,8/mp4")
    assert p.kind == "video"
    assert Pipeline.parse(str(p)) == p == Pipeline.parse(p.document)
    assert str(p) == "resize:8,8/mp4"
    assert p.output.nbytes is None
