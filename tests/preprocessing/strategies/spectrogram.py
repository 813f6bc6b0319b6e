"""Transforms that make spectrograms, take them, or take sound through them."""

from __future__ import annotations

from hypothesis import strategies as st

from preprocessing import (
    MFCC,
    FreqMask,
    LogMel,
    MaskBins,
    MaskFrames,
    MelSpectrogram,
    Spectrogram,
    Stretch,
    TimeMask,
    TimeStretch,
    Transform,
)

from .common import finite

_windows = st.sampled_from(("hann", "hamming", "blackman"))
_pad_modes = st.sampled_from(("reflect", "constant", "replicate"))
_scales = st.sampled_from(("htk", "slaney"))
_norms = st.sampled_from((None, "slaney"))
_powers = st.sampled_from((1.0, 2.0)) | st.floats(0.1, 3.0)
_rates = st.floats(0.1, 10.0)
_places = st.integers(0, 40)
_counts = st.integers(1, 40)


@st.composite
def _lengths(draw: st.DrawFn) -> dict[str, int | None]:
    """Of frames: n_fft, win_length, hop_length."""
    n_fft = draw(st.integers(2, 80))
    return {
        "n_fft": n_fft,
        "win_length": draw(st.none() | st.integers(2, n_fft)),
        "hop_length": draw(st.none() | st.integers(1, 40)),
    }


@st.composite
def _spectrogram(draw: st.DrawFn) -> Spectrogram:
    return Spectrogram(
        **draw(_lengths()),
        window=draw(_windows),
        power=draw(_powers),
        normalized=draw(st.booleans()),
        center=draw(st.booleans()),
        pad_mode=draw(_pad_modes),
    )


_bands = st.sampled_from(((0.0, None), (0.0, 4000.0), (20.0, 3500.0), (1000.0, None)))


@st.composite
def _mel_spectrogram(draw: st.DrawFn) -> MelSpectrogram:
    low, high = draw(_bands)
    return MelSpectrogram(
        **draw(_lengths()),
        window=draw(_windows),
        power=draw(_powers),
        center=draw(st.booleans()),
        pad_mode=draw(_pad_modes),
        n_mels=draw(_counts),
        f_min=low,
        f_max=high,
        norm=draw(_norms),
        mel_scale=draw(_scales),
    )


@st.composite
def _mfcc(draw: st.DrawFn) -> MFCC:
    n_mels = draw(_counts)
    low, high = draw(_bands)
    return MFCC(
        draw(st.integers(1, n_mels)),
        draw(st.booleans()),
        n_mels,
        **draw(_lengths()),
        f_min=low,
        f_max=high,
        window=draw(_windows),
        center=draw(st.booleans()),
        pad_mode=draw(_pad_modes),
        norm=draw(_norms),
        mel_scale=draw(_scales),
    )


MAKERS: dict[str, st.SearchStrategy[Transform]] = {
    "spectrogram": _spectrogram(),
    "mel_spectrogram": _mel_spectrogram(),
    "mfcc": _mfcc(),
    "log_mel": st.builds(LogMel, st.just("whisper"), st.sampled_from((None, 80, 128)))
    | st.builds(LogMel, st.just("librosa"), st.none() | _counts),
}
MASKS: dict[str, st.SearchStrategy[Transform]] = {
    "mask_frames": st.builds(MaskFrames, _places, _counts, finite),
    "mask_bins": st.builds(MaskBins, _places, _counts, finite),
    "time_mask": st.builds(TimeMask, _counts, st.floats(0, 1), finite),
    "freq_mask": st.builds(FreqMask, _counts, finite),
}
STRETCHES: dict[str, st.SearchStrategy[Transform]] = {
    "stretch": st.builds(Stretch, _rates),
    "time_stretch": st.tuples(_rates, _rates).map(lambda pair: TimeStretch(*sorted(pair))),
}
TRANSFORMS = MAKERS | MASKS | STRETCHES
