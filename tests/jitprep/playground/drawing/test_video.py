"""A video is seen as frames with their times, and as a file that plays."""

from __future__ import annotations

import io
from collections.abc import Iterator

import av
import numpy as np
import pytest

from jitprep.playground.desk import RGBA, Desk
from jitprep.playground.drawing import video_source
from jitprep.playground.drawing.video import draw_video
from jitprep.playground.drawing.video_source import draw_poster, draw_video_source
from jitprep.playground.drawing.view import Frame, View
from preprocessing import CorruptSource, Limits, Npy, Pipeline
from preprocessing.media import Array
from preprocessing.planner.execute import execute
from preprocessing.planner.stages.video import DecodeVideo
from preprocessing.sources import load_source
from tests.media import clip

LIMITS = Limits()
ALL = Pipeline.parse("video/npy:hwc")


def start_of(content: bytes) -> DecodeVideo:
    start = load_source(content, "video", LIMITS).start
    assert isinstance(start, DecodeVideo)
    return start


def stored(content: bytes) -> tuple[View, Desk]:
    desk = Desk()
    return draw_video_source(desk, content, start_of(content), LIMITS), desk


def result(pipeline: str, content: bytes) -> tuple[View, Desk, Array]:
    """Draw the result of a pipeline, as it is drawn for the page."""
    p, desk, loaded = Pipeline.parse(pipeline), Desk(), load_source(content, "video", LIMITS)
    plan = p.plan(content)
    array = execute(plan, loaded.content).copy()
    choice = plan.source.choice if isinstance(plan.source, DecodeVideo) else None
    view = draw_video(desk, array, p.steps, encoding=p.encoding, choice=choice)
    return view, desk, array


def picture(frame: Frame, desk: Desk) -> Array:
    asset = desk.get(frame.asset)
    assert asset is not None
    assert asset.content_type == RGBA
    pixels = np.frombuffer(asset.body, np.uint8).reshape(asset.height, asset.width, 4)
    assert (pixels[:, :, 3] == 255).all()
    return pixels[:, :, :3]


def frames_of(view: View, desk: Desk) -> Iterator[Array]:
    asset = desk.get(view.media)
    assert asset is not None
    with av.open(io.BytesIO(asset.body)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def test_frames_of_a_file_are_those_at_their_times() -> None:
    content = clip()
    view, desk = stored(content)
    whole = ALL(content)
    assert (view.count, view.seconds, view.rate) == (50, 2, 25)
    assert len(view.frames) == 24
    for place, frame in enumerate(view.frames):
        assert frame.seconds == pytest.approx((place + 0.5) * 2 / 24)
        assert np.array_equal(picture(frame, desk), whole[int(frame.seconds * 25)])
        assert (frame.width, frame.height, frame.scale) == (128, 96, 1)


def test_a_short_file_has_each_of_its_frames_once() -> None:
    content = clip(12, 10, 64, 64)
    view, desk = stored(content)
    assert view.count == len(view.frames) == 12
    for frame, pixels in zip(view.frames, ALL(content), strict=True):
        assert np.array_equal(picture(frame, desk), pixels)


def test_a_file_that_browsers_play_is_played_as_it_is() -> None:
    view, desk = stored(clip())
    asset = desk.get(view.media)
    assert asset is not None
    assert asset.body == clip()
    assert view.media_type == asset.content_type == "video/mp4"


@pytest.mark.parametrize(
    ("form", "codec", "played"),
    [("webm", "libvpx", "video/webm"), ("matroska", "libx264", ""), ("mp4", "mpeg4", "")],
)
def test_what_is_played_depends_on_the_codec(form: str, codec: str, played: str) -> None:
    stream = io.BytesIO()
    with av.open(stream, "w", form) as container:
        track = container.add_stream(codec, 10)
        track.height, track.width, track.pix_fmt = 32, 32, "yuv420p"
        for shade in range(8):
            pixels = np.full((32, 32, 3), 20 * shade, np.uint8)
            container.mux(track.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(track.encode(None))
    view, _ = stored(stream.getvalue())
    assert view.media_type == played
    assert bool(view.media) == bool(played)
    assert view.count == len(view.frames) == 8


def test_the_poster_is_the_last_key_frame_before_the_middle() -> None:
    desk = Desk()
    frame = draw_poster(desk, clip(), start_of(clip()), LIMITS)
    assert frame.seconds == 24 / 25
    assert np.array_equal(picture(frame, desk), ALL(clip())[24])


def recorded(frames: int, every: int, side: int = 64) -> bytes:
    """Return an MP4 of white frames, each darker than the one before, with some key frames."""
    stream = io.BytesIO()
    options = {"preset": "ultrafast", "sc_threshold": "0", "g": str(every)}
    with av.open(stream, "w", "mp4") as container:
        track = container.add_stream("libx264", 10, options=options)
        track.height, track.width, track.pix_fmt = side, side, "yuv420p"
        for number in range(frames):
            pixels = np.full((side, side, 3), 255 - number, np.uint8)
            container.mux(track.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(track.encode(None))
    return stream.getvalue()


def test_of_a_long_file_key_frames_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_source, "_MOST_DECODED", 128 * 64 * 64)
    view, desk = stored(recorded(200, 20))
    assert view.how == "key frames"
    assert view.count == 200
    assert [frame.seconds for frame in view.frames] == [2 * i for i in range(10)]
    for frame in view.frames:
        assert frame.seconds is not None
        assert abs(int(picture(frame, desk)[0, 0, 0]) - (255 - 10 * frame.seconds)) <= 3


def test_of_a_long_file_of_few_key_frames_the_beginning_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(video_source, "_MOST_DECODED", 128 * 64 * 64)
    view, desk = stored(recorded(200, 999))
    assert view.how == "frames of the first 13 s, since few are key frames"
    assert len(view.frames) == 24
    for frame in view.frames:
        assert frame.seconds is not None
        assert frame.seconds < 13
        assert abs(int(picture(frame, desk)[0, 0, 0]) - (255 - int(10 * frame.seconds))) <= 3


def test_a_damaged_file_is_refused_with_the_librarys_sentence() -> None:
    with pytest.raises(CorruptSource, match="cut off"):
        stored(clip()[:4000])


def test_frames_of_a_result_have_the_times_that_were_chosen() -> None:
    view, desk, array = result("sample_frames:4/resize:48,64/npy", clip())
    assert [frame.seconds for frame in view.frames] == [0.25, 0.75, 1.25, 1.75]
    assert (view.count, view.seconds, view.rate) == (4, 2, 2)
    for frame, pixels in zip(view.frames, array, strict=True):
        assert np.array_equal(picture(frame, desk), pixels)
        asset = desk.get(frame.asset)
        assert asset is not None
        assert asset.array is not None
        assert np.array_equal(asset.array, pixels)


def test_frames_of_an_mp4_have_the_times_of_the_mp4() -> None:
    view, _, _ = result("sample_frames:4/mp4:fps=8", clip())
    assert [frame.seconds for frame in view.frames] == [0, 0.125, 0.25, 0.375]
    assert (view.seconds, view.rate) == (0.5, 8)


def test_an_mp4_is_played_as_it_is() -> None:
    p = Pipeline.parse("sample_frames:4/mp4:fps=8")
    body, desk = p.encode(clip()).body, Desk()
    view = draw_video(desk, p(clip()), p.steps, encoding=p.encoding, body=body)
    asset = desk.get(view.media)
    assert asset is not None
    assert asset.body == body
    view = draw_video(desk, p(clip()), p.steps, encoding=Npy(), body=b"an array")
    assert len(list(frames_of(view, desk))) == 4


def test_all_frames_keep_the_rate_of_the_file() -> None:
    view, _, _ = result("video/clip:1/npy", clip())
    assert (view.count, view.seconds, view.rate) == (25, 1, 25)


def test_a_result_plays() -> None:
    view, desk, array = result("sample_frames:6/resize:47,63/npy", clip())
    played = list(frames_of(view, desk))
    assert len(played) == len(array) == 6
    assert all(frame.shape == (48, 64, 3) for frame in played)
    for frame, pixels in zip(played, array, strict=True):
        assert np.abs(frame[:47, :63].astype(int) - pixels).mean() < 6


def test_a_normalisation_is_undone() -> None:
    view, desk, array = result("sample_frames:3/normalize:imagenet/npy", clip())
    plain = Pipeline.parse("sample_frames:3/npy:hwc")(clip())
    assert view.how == "normalisation undone"
    for frame, pixels in zip(view.frames, plain, strict=True):
        assert np.abs(picture(frame, desk).astype(int) - pixels).max() <= 1
    asset = desk.get(view.frames[0].asset)
    assert asset is not None
    assert asset.array is not None
    assert np.array_equal(asset.array, array[0])  # the cursor shows what the result has


def test_of_a_long_result_some_frames_are_shown_and_played() -> None:
    array = np.zeros((1000, 128, 256, 1), np.uint8)
    array[:, :, :, 0] = (np.arange(1000) // 4)[:, None, None]
    desk = Desk()
    view = draw_video(desk, array)
    assert view.count == 1000
    assert len(view.frames) == 24
    assert view.more is not None
    for place, frame in zip(view.more["places"], view.frames, strict=True):
        assert picture(frame, desk)[0, 0, 0] == place // 4
    assert 64 <= sum(1 for _ in frames_of(view, desk)) <= 256


def test_large_frames_are_small_on_the_page() -> None:
    array = np.zeros((2, 600, 800, 3), np.uint8)
    desk = Desk()
    view = draw_video(desk, array)
    (frame, *_) = view.frames
    assert picture(frame, desk).shape == (360, 480, 3)
    assert (frame.width, frame.height, frame.scale) == (800, 600, 0.6)


def test_nothing_is_drawn_of_nothing() -> None:
    view = draw_video(Desk(), np.zeros((0, 4, 4, 3), np.uint8))
    assert (view.frames, view.media, view.count) == ((), "", 0)
