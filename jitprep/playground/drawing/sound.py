"""Sound as a waveform, a spectrogram and a file that a browser plays; and spectrograms as pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jitprep.playground.desk import Asset, Desk
from jitprep.playground.drawing.pictures import put_picture
from jitprep.playground.drawing.view import Frame, View
from preprocessing import AudioSpec, SpectrogramSpec, Wav
from preprocessing.media import Array
from preprocessing.preview import sound as panels
from preprocessing.preview.picture import scale

# The pictures, in pixels.
_WIDTH, _WAVE, _BINS = 960, 160, 256
# To be seen on white and on black: a contrast of 3 with either.
_INK = (46, 134, 193, 255)
# Most that low sound is magnified: what is lower is silence.
_LARGEST = 64
# What is played. A WAV of 48 kHz stereo takes 192 kB a second.
_MOST_SECONDS, _MOST_BYTES = 300, 32 * 2**20
# Browsers play no more channels.
_MOST_CHANNELS = 8


def draw_sound(desk: Desk, array: Array, spec: AudioSpec) -> View:
    """Draw sound, (channels, samples) float32.

    The waveform's height is full scale, or a half, a quarter and so on where sound is so low. The
    spectrogram reaches half the rate, ``more["hertz"]``. What is played are the samples as they are: of
    16 bits, or floats where any is above full scale.
    """
    channels, samples = array.shape
    caption = f"audio {replace(spec, channels=channels, samples=samples)}"
    if not array.size:
        return View("audio", caption, rate=spec.rate)
    media, left_out = (b"", "") if spec.rate is None else _playable(array, spec, spec.rate)
    magnified = _magnified(array)
    higher = f"the waveform is drawn {magnified} times as high" if magnified > 1 else ""
    return View(
        "audio",
        caption,
        how=", ".join(filter(None, (higher, left_out))),
        frames=_pictures(desk, array),
        count=samples,
        media=desk.put(Asset(media, Wav.content_type)) if media else "",
        media_type=Wav.content_type if media else "",
        seconds=None if spec.rate is None else samples / spec.rate,
        rate=spec.rate,
        more=None if spec.rate is None else {"hertz": spec.rate / 2},
    )


def draw_waveform(desk: Desk, array: Array) -> Frame:
    """Draw sound, (channels, samples), as its waveform."""
    inside = panels.waveform(array * np.float32(_magnified(array)), _WAVE, _WIDTH)
    return put_picture(desk, inside[:, :, None] * np.array(_INK, np.uint8), label="waveform")


def draw_spectrogram(desk: Desk, array: Array) -> View:
    """Draw a spectrogram, (channels, bins, frames), low bins at the bottom.

    Each cell is a rectangle of pixels, or several cells are one pixel. So that the page finds a value
    under the cursor all the same, the picture's array repeats, or leaves out, cells.
    """
    channels, bins, frames = array.shape
    caption = f"spectrogram {SpectrogramSpec(channels, bins, frames)}"
    if not array.size:
        return View("spectrogram", caption)
    rows, columns = (_pixels(n, most) for n, most in ((bins, _BINS), (frames, _WIDTH)))
    pixels = panels.colored(_resized(panels.spectrogram_levels(array), rows, columns))
    cells = _repeated(array[:, ::-1].transpose(1, 2, 0), rows, columns)
    return View(
        "spectrogram",
        caption,
        how="shown in decibels" if panels.needs_decibels(array) else "",
        frames=(put_picture(desk, pixels, array=cells, label="spectrogram"),),
        count=frames,
        more={"bins": bins, "frames": frames},
    )


def _magnified(array: Array) -> int:
    """Return by which power of two sound can be magnified within full scale, up to `_LARGEST`."""
    peak = _peak(array)
    return 2 ** int(np.log2(1 / peak)) if 1 / _LARGEST <= peak <= 1 else 1


def _peak(array: Array) -> float:
    """Return the largest distance from zero; 0 for nothing but NaN."""
    return max(float(np.fmax.reduce(array, None)), -float(np.fmin.reduce(array, None)), 0.0)


def _pictures(desk: Desk, array: Array) -> tuple[Frame, Frame]:
    levels = panels.sound_levels(array, _BINS, _WIDTH)
    return (
        draw_waveform(desk, array),
        put_picture(desk, panels.colored(levels), label="spectrogram"),
    )


def _playable(array: Array, spec: AudioSpec, rate: int) -> tuple[bytes, str]:
    """Return sound as a WAV, and what is left out of it."""
    channels, samples = array.shape
    played = array[:_MOST_CHANNELS]
    wav, width = (Wav("pcm_16"), 2) if _peak(played) <= 1 else (Wav("float"), 4)
    most = min(_MOST_SECONDS * rate, _MOST_BYTES // (width * len(played)))
    played = np.nan_to_num(played[:, :most])
    left_out = []
    if channels > _MOST_CHANNELS:
        left_out.append(f"the first {_MOST_CHANNELS} channels")
    if samples > most:
        left_out.append(f"the first {most / rate:.3g} s")
    how = f"{' and '.join(left_out)} are played" if left_out else ""
    return wav.encode(played, spec), how


def _pixels(cells: int, most: int) -> int:
    """Return the side of a picture of so many cells: a multiple of them, unless they are too many."""
    return cells * max(1, most // cells) if cells <= most else most


def _resized(levels: Array, rows: int, columns: int) -> Array:
    """Average cells that share a pixel, and repeat those that are larger than one."""
    height, width = (min(n, m) for n, m in zip(levels.shape, (rows, columns), strict=True))
    if (height, width) != levels.shape:
        levels = scale(levels[:, :, None], height, width)[:, :, 0]
    return _repeated(levels, rows, columns)


def _repeated(cells: Array, rows: int, columns: int) -> Array:
    """Return the cell that is at each pixel, (rows, columns, ...)."""
    down, across = (
        np.arange(n) * size // n for n, size in zip((rows, columns), cells.shape[:2], strict=True)
    )
    found: Array = cells[down][:, across]
    return found
