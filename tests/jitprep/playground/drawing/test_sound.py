"""Sound is seen as it is, and what is played are its very samples."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from jitprep.playground.desk import RGBA, Desk
from jitprep.playground.drawing.sound import draw_sound, draw_spectrogram
from jitprep.playground.drawing.view import View
from preprocessing import AudioSpec, Pipeline
from preprocessing.media import Array
from tests.media import sound

RATE = 16_000


def drawn(array: Array, rate: int = RATE) -> tuple[View, Desk]:
    desk = Desk()
    return draw_sound(desk, array, AudioSpec(None, None, rate)), desk


def played(view: View, desk: Desk) -> tuple[Array, int]:
    asset = desk.get(view.media)
    assert asset is not None
    assert asset.content_type == view.media_type == "audio/wav"
    samples, rate = soundfile.read(io.BytesIO(asset.body), dtype="float32", always_2d=True)
    return samples.T, rate


def pixels(view: View, desk: Desk, place: int) -> Array:
    asset = desk.get(view.frames[place].asset)
    assert asset is not None
    assert asset.content_type == RGBA
    return np.frombuffer(asset.body, np.uint8).reshape(asset.height, asset.width, 4)


def tone(hertz: float, peak: float = 0.5, seconds: float = 1.0) -> Array:
    time = np.arange(int(seconds * RATE)) / RATE
    return (peak * np.sin(2 * np.pi * hertz * time)).astype(np.float32)[None]


def test_a_recording_is_played_as_it_is() -> None:
    array = Pipeline.parse("resample:22050/wav:float")(sound())
    view, desk = drawn(array, 22_050)
    samples, rate = played(view, desk)
    assert rate == 22_050
    assert samples.shape == array.shape
    assert np.abs(samples - array).max() <= 2**-16
    assert view.seconds == array.shape[1] / 22_050
    assert view.caption == "audio 2×33075 float32 at 22050 Hz"


def test_loud_sound_is_not_clipped() -> None:
    array = tone(440, peak=3)
    assert np.array_equal(played(*drawn(array))[0], array)


def test_values_that_are_no_numbers_are_played_as_silence() -> None:
    array = tone(440)
    array[0, 100] = np.nan
    samples, _ = played(*drawn(array))
    assert samples[0, 100] == 0
    assert np.abs(samples - np.nan_to_num(array)).max() <= 2**-16
    array[:] = np.nan
    assert not played(*drawn(array))[0].any()


def test_long_sound_is_played_in_part() -> None:
    view, desk = drawn(np.zeros((1, 400 * 1000), np.float32), 1000)
    samples, _ = played(view, desk)
    assert samples.shape == (1, 300 * 1000)
    assert view.how == "the first 300 s are played"
    assert view.seconds == 400


def test_what_is_played_is_bounded_in_bytes() -> None:
    view, desk = drawn(np.zeros((8, 3_000_000), np.float32), 192_000)
    assert 2**24 < len(played(view, desk)[0].T) * 16 <= 2**25
    assert view.how == "the first 10.9 s are played"


def test_many_channels_are_played_in_part() -> None:
    array = np.arange(12, dtype=np.float32)[:, None] * np.full((1, 50), 1 / 16, np.float32)
    view, desk = drawn(array)
    assert np.array_equal(played(view, desk)[0], array[:8])
    assert "the first 8 channels are played" in view.how


def test_the_waveform_reaches_the_peaks() -> None:
    view, desk = drawn(np.concatenate([tone(2000, 1.0), tone(2000, 0.5)], axis=1))
    inked = pixels(view, desk, 0)[:, :, 3] > 0
    height, width = inked.shape
    heights = inked.sum(axis=0)
    assert heights[10 : width // 2 - 10].min() > 0.95 * height
    assert abs(heights[width // 2 + 10 : -10].max() - height / 2) < 4


@pytest.mark.parametrize(("peak", "times"), [(0.5, 2), (0.3, 2), (0.02, 32)])
def test_low_sound_is_magnified_and_this_is_said(peak: float, times: int) -> None:
    view, desk = drawn(tone(2000, peak))
    inked = pixels(view, desk, 0)[:, :, 3] > 0
    assert view.how == f"the waveform is drawn {times} times as high"
    assert abs(inked.sum(axis=0).max() / len(inked) - times * peak) < 0.05


def test_a_tone_is_at_its_height_in_the_spectrogram() -> None:
    view, desk = drawn(tone(2000))
    assert [frame.label for frame in view.frames] == ["waveform", "spectrogram"]
    assert view.more == {"hertz": 8000}
    brightness = pixels(view, desk, 1)[:, :, :3].sum(axis=2).mean(axis=1)
    row = int(brightness.argmax())
    assert abs((1 - row / len(brightness)) * 8000 - 2000) < 100


def test_silence_and_single_samples_are_drawn() -> None:
    for array in (np.zeros((2, 1), np.float32), np.zeros((1, 100), np.float32)):
        assert len(drawn(array)[0].frames) == 2


def test_nothing_is_drawn_of_nothing() -> None:
    view, _ = drawn(np.zeros((2, 0), np.float32))
    assert view.frames == ()
    assert view.media == ""


@pytest.mark.parametrize(("bins", "frames"), [(80, 300), (13, 7), (1, 1), (700, 2000)])
def test_the_values_under_the_cursor_are_those_of_the_cell(bins: int, frames: int) -> None:
    values = np.random.default_rng(0).random((2, bins, frames), np.float32)
    desk = Desk()
    view = draw_spectrogram(desk, values)
    (frame,) = view.frames
    asset = desk.get(frame.asset)
    assert asset is not None
    assert asset.array is not None
    assert asset.array.shape == (asset.height, asset.width, 2)
    assert (frame.width, frame.height, frame.scale) == (asset.width, asset.height, 1)
    for row, column in ((0, 0), (asset.height - 1, asset.width - 1), (asset.height // 2, 0)):
        cell = values[:, bins - 1 - row * bins // asset.height, column * frames // asset.width]
        assert np.array_equal(asset.array[row, column], cell)
    assert 200 <= max(asset.height, asset.width) <= 1000


def test_powers_are_shown_in_decibels() -> None:
    array = Pipeline.parse("mono/spectrogram:400/npy")(sound())
    view = draw_spectrogram(Desk(), array)
    assert view.how == "shown in decibels"
    array = Pipeline.parse("mono/resample:16000/log_mel:whisper/npy")(sound())
    assert draw_spectrogram(Desk(), array).how == ""


def test_cells_of_a_small_spectrogram_are_sharp() -> None:
    values = np.zeros((1, 2, 2), np.float32)
    values[0, 0, 1] = 1
    desk = Desk()
    view = draw_spectrogram(desk, values)
    picture = pixels(view, desk, 0)
    assert len(np.unique(picture.reshape(-1, 4), axis=0)) == 2
    assert (picture[-1, -1, :3] == 255).all()  # low bins are at the bottom
    assert (picture[0, -1, :3] == 0).all()
