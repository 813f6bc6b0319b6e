"""Spectrograms, and features computed from them.

Of samples that are not finite, or that float32 cannot square, comes what is not finite, and no warning.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.kernels.audio.dct import dct
from preprocessing.kernels.audio.logarithm import log10
from preprocessing.kernels.audio.mel import apply_filters, filters
from preprocessing.kernels.audio.stft import powers
from preprocessing.kernels.temporaries import temporaries

if TYPE_CHECKING:
    from typing import Any

    from preprocessing.kernels.audio.mel import Mels
    from preprocessing.kernels.audio.stft import Floats, Framing

# What is below is silence: 1e-10 is everybody's floor, of openai/whisper, librosa and torchaudio.
_FLOOR = 1e-10
_LOG_OFFSET = 1e-6
_LN_10 = 2.302585092994046
_TOP_DB = 80.0


def _framing(before: Any, _: Any, framing: Framing, *__: object) -> int:
    """Bytes of a channel with its padding."""
    return 4 * ((before.samples or 0) + 2 * framing.padding)


def _cepstral(before: Any, after: Any, framing: Framing, mels: Mels, *_: object) -> int:
    """Bytes of a padded channel and of its filtered spectrogram."""
    logarithms = 4 * (after.channels or 0) * mels.n_mels * (after.frames or 0)
    return _framing(before, after, framing) + logarithms


_quietly = np.errstate(over="ignore", invalid="ignore")


@temporaries(_framing)
@_quietly
def spectrogram(sound: Floats, framing: Framing, power: float) -> Floats:
    """Return the magnitudes of the short-time Fourier transform to some power.

    Parameters
    ----------
    sound : ndarray, shape (channels, samples)
    framing : Framing
    power : float

    Returns
    -------
    ndarray, shape (channels, bins, frames)
    """
    frames = framing.frames(sound.shape[1])
    result = np.empty((len(sound), framing.bins, frames), np.float32)
    for channel, plane in zip(sound, result, strict=True):
        for place, block in powers(channel, framing, power):
            plane[:, place] = block
    return result


@temporaries(_framing)
@_quietly
def mel_spectrogram(sound: Floats, framing: Framing, power: float, mels: Mels) -> Floats:
    """Return the spectrogram filtered by `mels`, shape (channels, mels, frames)."""
    return _mels(sound, framing, power, mels, None)


@temporaries(_framing)
@_quietly
def whisper(sound: Floats, framing: Framing, mels: Mels) -> Floats:
    """Return the log-mel spectrogram of openai/whisper: 8 decades below the loudest, near [-1, 1]."""
    result = _mels(sound, framing, 2.0, mels, _log10_above_floor)
    np.maximum(result, result.max() - np.float32(8.0), out=result)
    result += np.float32(4.0)
    result *= np.float32(0.25)
    return result


@temporaries(_framing)
@_quietly
def mel_decibels(sound: Floats, framing: Framing, mels: Mels) -> Floats:
    """Return the mel spectrogram in decibels of full scale, 80 below the loudest at the least."""
    result = _mels(sound, framing, 2.0, mels, _decibels)
    np.maximum(result, result.max() - np.float32(_TOP_DB), out=result)
    return result


@temporaries(_cepstral)
@_quietly
def mfcc(sound: Floats, framing: Framing, mels: Mels, n_mfcc: int, log_mels: bool) -> Floats:
    """Return the first `n_mfcc` cepstral coefficients, shape (channels, n_mfcc, frames)."""
    if log_mels:
        logarithms = _mels(sound, framing, 2.0, mels, _natural)
    else:
        logarithms = mel_decibels(sound, framing, mels)
    return dct(logarithms, n_mfcc)


def _mels(
    sound: Floats,
    framing: Framing,
    power: float,
    mels: Mels,
    finish: Callable[[Floats], None] | None,
) -> Floats:
    """Filter every channel; `finish` overwrites each block while it is in a cache."""
    bank = filters(mels)
    frames = framing.frames(sound.shape[1])
    result = np.empty((len(sound), len(bank), frames), np.float32)
    for channel, plane in zip(sound, result, strict=True):
        for place, block in powers(channel, framing, power):
            passed = plane[:, place]
            apply_filters(block, bank, passed)
            if finish is not None:
                finish(passed)
    return result


def _log10_above_floor(block: Floats) -> None:
    np.maximum(block, _FLOOR, out=block)
    log10(block)


def _decibels(block: Floats) -> None:
    _log10_above_floor(block)
    np.multiply(block, 10.0, out=block)


def _natural(block: Floats) -> None:
    np.add(block, _LOG_OFFSET, out=block)
    log10(block)
    np.multiply(block, _LN_10, out=block)
