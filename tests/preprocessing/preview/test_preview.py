"""Previews: a picture or a page, by the kinds before and after."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from preprocessing import Media, Pipeline
from preprocessing.preview import Picture, TextPreview, images, sound
from preprocessing.preview.page import numbers, texts
from tests.photos import photo

from ..support.markup import Tags


@pytest.mark.parametrize(
    "spec",
    ["grayscale/resize:50", "resize:64/normalize:imagenet", "normalize:0.5,0.5,0.5,std=2,2,2/grayscale",
     "to_dtype:uint16,scale=true/png", "to_dtype:float16,scale=true", "resize:3,200/npy:hwc"],
)  # fmt: skip
def test_preview_shows_before_and_after(spec: str, tmp_path: Path) -> None:
    preview = Pipeline.parse(spec).preview(photo("chelsea"))
    assert str(Pipeline.parse(spec)) in preview.caption
    assert "300×451×3 uint8 to " in preview.caption
    html = preview._repr_html_()
    Tags(html)
    assert re.search(r'src="data:image/png;base64,[A-Za-z0-9+/=]+"', html)
    preview.save(tmp_path / "preview.png")
    with Image.open(tmp_path / "preview.png") as image:
        assert image.format == "PNG"
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert len((tmp_path / "preview.png").read_bytes()) == len(preview.png)
    width, height = 320, 213  # 451 × 300 in a box
    left = np.asarray(Image.open(io.BytesIO(photo("chelsea"))).resize((width, height)))
    assert np.abs(pixels[:height, :width] - left).mean() < 4
    assert pixels[:height, width + 10 :].std() > 10  # something is to be seen


def test_preview_of_the_unusual() -> None:
    Pipeline([]).preview(np.zeros((9, 9), np.float32))
    Pipeline([]).preview(np.ones((5, 1, 4), np.uint16))
    Pipeline([]).preview(np.full((2, 3), np.nan, np.float32))


def drawn(preview: Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(preview.png)).convert("RGB")).astype(int)


def tone(hertz: float, rate: int, seconds: float = 2.0) -> np.ndarray:
    times = np.arange(int(rate * seconds)) / rate
    return (0.5 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)[None]


@pytest.mark.parametrize("hertz", [500, 1000, 3500])
def test_a_tone_is_a_band_and_a_line(hertz: int) -> None:
    preview = Pipeline([], kind="audio").preview(Media(tone(hertz, 8000), "audio", 8000))
    assert isinstance(preview, Picture)
    assert preview.caption == (
        "audio/npy: 1×16000 float32 at 8000 Hz to 1×16000 float32 at 8000 Hz"
    )
    pixels = drawn(preview)
    assert pixels.shape == (320, 320 + 8 + 320, 3)
    np.testing.assert_array_equal(pixels[:, :320], pixels[:, 328:])  # nothing was done to it
    rows = np.flatnonzero((pixels[:96, :320] != 255).any(axis=(1, 2)))
    assert (rows[0], rows[-1]) == (24, 71)  # half of full scale
    brightest = pixels[104:, :320].sum(axis=2).argmax(axis=0)
    np.testing.assert_allclose(brightest, 216 * (1 - hertz / 4000), atol=1.5)


def values(rows: int, columns: int) -> st.SearchStrategy[np.ndarray]:
    """Any values, NaN and infinite ones too, in up to so many rows and columns."""
    return hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, rows), st.integers(1, columns)),
        elements=st.floats(width=32),
        fill=st.just(0.25),
    )


@given(values(32, 400))
def test_any_sound_can_be_drawn(samples: np.ndarray) -> None:
    assert sound.panel(samples).shape == (320, 320, 3)


@given(values(400, 400))
def test_any_spectrogram_can_be_drawn(powers: np.ndarray) -> None:
    assert sound.spectrogram_panel(powers[None]).shape == (320, 320, 3)


def test_a_short_click_is_seen_in_a_long_silence() -> None:
    silence = np.zeros((2, 1_000_000), np.float32)
    silence[1, 300_000] = -1.0
    rows, columns = np.nonzero((sound.panel(silence)[:96] != 255).any(axis=2))
    assert set(columns[rows == 95]) == {96}  # 0.3 of 320


def test_brightness_tells_the_level() -> None:
    """Green's weights: the intensity of a colour is what it stands for."""
    levels = np.linspace(0, 1, 256)[None]
    shade = sound.colored(levels)[0] / 255
    np.testing.assert_allclose(shade @ [0.30, 0.59, 0.11], levels[0], atol=0.02)
    assert (sound.colored(levels)[0, [0, -1]] == [[0] * 3, [255] * 3]).all()


def test_low_bins_are_below_and_powers_in_decibels() -> None:
    powers = np.full((1, 40, 50), 1e-9, np.float32)
    powers[0, :10, 25:] = 1e-4  # 50 dB above the floor of 80
    powers[0, 39, 0] = 1.0
    shades = sound.spectrogram_panel(powers).astype(int) @ [0.30, 0.59, 0.11] / 255
    assert shades[300, 300] == pytest.approx(0.5, abs=0.02)
    assert shades[300, 20] == shades[20, 300] == 0
    logarithms = np.log10(powers)
    assert sound.needs_decibels(powers)
    assert not any(map(sound.needs_decibels, (logarithms, logarithms + 9, np.zeros((1, 2, 2)))))


def gray_video(frames: int, side: int = 10) -> np.ndarray:
    """Frames as gray as their number."""
    levels = np.arange(frames, dtype=np.uint8)[:, None, None, None]
    return np.broadcast_to(levels, (frames, side, side, 3)).copy()


@given(st.integers(1, 200))
def test_a_contact_sheet_shows_up_to_nine_frames_in_order(frames: int) -> None:
    chosen = images.chosen(frames)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(frames, 9)
    assert all(0 <= index < frames for index in chosen)


def test_a_video_becomes_two_contact_sheets() -> None:
    preview = Pipeline([], kind="video").preview(Media(gray_video(90), "video", 30.0))
    assert "90×10×10×3 uint8 to 90×10×10×3 uint8" in preview.caption
    pixels = drawn(preview)
    shown = [
        pixels[50 + 108 * row, 50 + 108 * column, 0] for row in range(3) for column in range(3)
    ]
    assert shown == [5, 15, 25, 35, 45, 55, 65, 75, 85]
    np.testing.assert_array_equal(pixels[:, :320], pixels[:, 328:])


def test_a_normalised_video_is_shown_as_it_was() -> None:
    steps = Pipeline.parse("normalize:imagenet/npy").steps
    video = np.random.default_rng(0).random((2, 8, 8, 3), np.float32)
    mean, std = steps[0].constants
    after = (video - np.array(mean, np.float32)) / np.array(std, np.float32)
    np.testing.assert_allclose(
        images.contact_sheet(after, steps).astype(int), images.contact_sheet(video), atol=1
    )
    assert images.as_picture(after[0], steps).dtype == np.uint8


def test_a_page_is_escaped_and_cut_and_saved(tmp_path: Path) -> None:
    spoilt = np.array(["<b>one</b> & two", "x" * 5000, *["more"] * 100], object)
    page = TextPreview("</figcaption> & <b>", texts(spoilt), ("one & two",))
    text = Tags(page._repr_html_()).text
    assert "<b>one</b> & two" in text and "one & two" in text
    assert "x" * 2000 + "…" in text and "x" * 2001 not in text
    assert text.count("more") == 6
    page.save(tmp_path / "page.html")
    saved = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert saved.startswith("<!doctype html>") and page._repr_html_() in saved


def test_half_a_pair_of_surrogates_can_be_saved(tmp_path: Path) -> None:
    TextPreview("", ("\ud800",), ("é",)).save(tmp_path / "page.HTML")
    assert "<td" in (tmp_path / "page.HTML").read_text(encoding="utf-8")


def test_the_suffix_tells_the_file(tmp_path: Path) -> None:
    picture, page = Picture("", b"png"), TextPreview("", (), ())
    picture.save(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == b"png"
    picture.save(tmp_path / "a.html")
    assert b"data:image/png;base64," in (tmp_path / "a.html").read_bytes()
    with pytest.raises(ValueError, match=r"can be saved as \.html, and not as 'a\.png'"):
        page.save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"as \.png or \.html, and not as 'a'"):
        picture.save(tmp_path / "a")


def test_tokens_are_numbers() -> None:
    tokens = np.zeros((2, 3, 400), np.int32)
    tokens[0] = np.arange(400)
    tokens[1, 0, :3] = tokens[1, 1] = 1
    first, second, third = numbers(tokens)
    assert first == "0 1 2 (and 397 masked)"
    assert second.startswith("0 1 2 3 ") and second.endswith(" 255…")
    assert third == " (and 400 masked)"
