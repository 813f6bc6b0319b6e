"""Panels of sound: a waveform above a spectrogram, or a spectrogram in colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.preview.picture import BOX, GAP, below, scale

if TYPE_CHECKING:
    from preprocessing.media import Array

_WAVE = 96
_BINS = BOX - GAP - _WAVE
# The shortest window whose transform has a bin for each row besides the constant.
_WINDOW = 2 * _BINS
# Levels this far below the loudest are black, in decibels.
_RANGE = 80.0
# Ratio of largest value to mean above which a spectrogram is shown in decibels.
_FAR = 16
_INK = (31, 119, 180)


def panel(sound: Array) -> Array:
    """Return sound, (channels, samples) float32, as a waveform above a spectrogram.

    The waveform shows the lowest and highest sample of all channels at each time; its height is full
    scale. The spectrogram shows the mean power of all channels, up to half the sampling rate.
    """
    finite = np.nan_to_num(sound)
    return below([_waveform(finite), colored(_unit(_decibels(_powers(finite))))])


def spectrogram_panel(values: Array) -> Array:
    """Return a spectrogram, (channels, bins, frames), as a panel: the mean of its channels.

    Low bins are at the bottom. Values that `needs_decibels` are shown in decibels.
    """
    with np.errstate(invalid="ignore"):  # infinities of both signs
        plane: Array = values.mean(axis=0, dtype=np.float64)
    levels = _unit(_decibels(plane) if needs_decibels(values) else plane)
    return colored(scale(levels[::-1, :, None].astype(np.float32), BOX, BOX)[:, :, 0])


def needs_decibels(values: Array) -> bool:
    """Whether values are powers or magnitudes, most of them too small to see on a linear scale.

    This is so if none is negative and the largest is far above the mean, unlike logarithms.
    """
    return bool((values >= 0).all() and values.max() > _FAR * values.mean(dtype=np.float64))


def colored(levels: Array) -> Array:
    """Return levels (H, W) from 0, black, to 1, white, as a picture.

    The colours are cubehelix, whose brightness rises evenly: D. A. Green, "A colour scheme
    for the display of astronomical intensity images", Bulletin of the Astronomical Society of India 39
    (2011), 289-295, with its start 0.5, rotations -1.5, hue 1 and gamma 1.
    """
    part = levels.astype(np.float64)
    angle = 2 * np.pi * (0.5 / 3 + 1 - 1.5 * part)
    amplitude = part * (1 - part) / 2
    around = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    tint = around @ np.array([[-0.14861, -0.29227, 1.97294], [1.78277, -0.90649, 0.0]])
    shade = part[..., None] + amplitude[..., None] * tint
    colors: Array = np.rint(255 * shade.clip(0, 1)).astype(np.uint8)
    return colors


def _unit(levels: Array) -> Array:
    """Scale values so that the least is 0 and the most is 1. NaN becomes 0."""
    finite = np.isfinite(levels)
    if not finite.any():
        return np.zeros(levels.shape)
    least, most = levels[finite].min(), levels[finite].max()
    unit = (levels - least) / (most - least or 1.0)
    bounded: Array = np.nan_to_num(unit, nan=0.0, posinf=1.0, neginf=0.0)
    return bounded


def _waveform(sound: Array) -> Array:
    """Draw the lowest and the highest sample of each column, (`_WAVE`, `BOX`, 3)."""
    low, high = sound.min(axis=0), sound.max(axis=0)
    starts = np.arange(BOX) * low.size // BOX  # fewer samples than columns are repeated
    lines = np.arange(_WAVE)[:, None]
    top, bottom = (
        np.rint((1 - extreme.clip(-1, 1)) / 2 * (_WAVE - 1))
        for extreme in (np.maximum.reduceat(high, starts), np.minimum.reduceat(low, starts))
    )
    inside = (lines >= top) & (lines <= bottom)
    picture = np.full((_WAVE, BOX, 3), 255, np.uint8)
    picture[inside] = _INK
    return picture


def _powers(sound: Array) -> Array:
    """Return the power at `BOX` moments, (`_BINS`, `BOX`), high frequencies above."""
    channels, samples = sound.shape
    starts = np.linspace(0, max(samples - _WINDOW, 0), BOX).astype(np.intp)
    window = np.hanning(_WINDOW)
    powers: Array = np.zeros((_BINS, BOX))
    for channel in sound:
        whole = np.pad(channel, (0, max(_WINDOW - samples, 0)))
        pieces = np.lib.stride_tricks.sliding_window_view(whole, _WINDOW)[starts]
        powers += np.abs(np.fft.rfft(pieces * window, axis=1)[:, :0:-1].T) ** 2
    powers /= channels
    return powers


def _decibels(powers: Array) -> Array:
    """Return powers in decibels below the loudest."""
    loudest = powers.max()
    if not 0 < loudest < np.inf:
        return np.zeros(powers.shape)
    decibels: Array = 10 * np.log10(np.maximum(powers / loudest, 10 ** (-_RANGE / 10)))
    return decibels
