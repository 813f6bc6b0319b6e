"""Panels of sound: a waveform above a spectrogram, or a spectrogram in colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.preview.picture import BOX, GAP, below, scale

if TYPE_CHECKING:
    from preprocessing.media import Array

_WAVE = 96
_BINS = BOX - GAP - _WAVE
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
    wave = np.full((_WAVE, BOX, 3), 255, np.uint8)
    wave[waveform(sound, _WAVE, BOX)] = _INK
    return below([wave, colored(sound_levels(sound, _BINS, BOX))])


def spectrogram_panel(values: Array) -> Array:
    """Return a spectrogram, (channels, bins, frames), as a panel: the mean of its channels.

    Low bins are at the bottom. Values that `needs_decibels` are shown in decibels.
    """
    levels = spectrogram_levels(values)
    return colored(scale(levels[:, :, None], BOX, BOX)[:, :, 0])


def waveform(sound: Array, height: int, width: int) -> Array:
    """Return which pixels are between the lowest and the highest sample of their column, (H, W) bool."""
    finite = np.nan_to_num(sound)
    low, high = finite.min(axis=0), finite.max(axis=0)
    starts = np.arange(width) * low.size // width  # fewer samples than columns are repeated
    lines = np.arange(height)[:, None]
    top, bottom = (
        np.rint((1 - extreme.clip(-1, 1)) / 2 * (height - 1))
        for extreme in (np.maximum.reduceat(high, starts), np.minimum.reduceat(low, starts))
    )
    inside: Array = (lines >= top) & (lines <= bottom)
    return inside


def sound_levels(sound: Array, bins: int, columns: int) -> Array:
    """Return the power of sound in decibels, (bins, columns) from 0 to 1, high frequencies above."""
    return _unit(_decibels(_powers(np.nan_to_num(sound), bins, columns)))


def spectrogram_levels(values: Array) -> Array:
    """Return the mean of a spectrogram's channels, (bins, frames) float32 from 0 to 1, low bins below.

    Values that `needs_decibels` are in decibels.
    """
    with np.errstate(invalid="ignore"):  # infinities of both signs
        plane: Array = values.mean(axis=0, dtype=np.float64)
    levels = _unit(_decibels(plane) if needs_decibels(values) else plane)
    upright: Array = levels[::-1].astype(np.float32)
    return upright


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


def _powers(sound: Array, bins: int, columns: int) -> Array:
    """Return the power at evenly spaced moments, (bins, columns), high frequencies above."""
    channels, samples = sound.shape
    size = 2 * bins  # the shortest window whose transform has so many bins besides the constant
    starts = np.linspace(0, max(samples - size, 0), columns).astype(np.intp)
    window = np.hanning(size)
    powers: Array = np.zeros((bins, columns))
    for channel in sound:
        whole = np.pad(channel, (0, max(size - samples, 0)))
        pieces = np.lib.stride_tricks.sliding_window_view(whole, size)[starts]
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
