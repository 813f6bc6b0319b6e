"""Transforms of sound."""

from __future__ import annotations

from hypothesis import strategies as st

from preprocessing import (
    AddNoise,
    LoudnessNormalize,
    Mono,
    PadOrTrim,
    PeakNormalize,
    PreEmphasis,
    Resample,
    Transform,
    Trim,
)

from .random_geometry import ranges

RATES = (8_000, 11_025, 16_000, 22_050, 44_100, 48_000)
_ratios = st.floats(-100, 200)
_seconds = st.floats(0.01, 3.0)


@st.composite
def _trim(draw: st.DrawFn) -> Trim:
    start = draw(st.floats(0, 2))
    return Trim(start, draw(st.none() | st.floats(0.01, 1.0).map(lambda more: start + more)))


TRANSFORMS: dict[str, st.SearchStrategy[Transform]] = {
    "resample": st.builds(
        Resample,
        st.sampled_from(RATES) | st.integers(1, 50_000),
        st.sampled_from(("QQ", "LQ", "MQ", "HQ", "VHQ")),
    ),
    "mono": st.builds(Mono),
    "trim": _trim(),
    "pad_or_trim": st.builds(PadOrTrim, _seconds),
    "peak_normalize": st.builds(PeakNormalize, st.floats(-120, 0)),
    "loudness_normalize": st.builds(LoudnessNormalize, st.floats(-70, 0)),
    "pre_emphasis": st.builds(PreEmphasis, st.floats(0, 1)),
    "add_noise": st.builds(AddNoise, _ratios | ranges(-100, 200)),
}
