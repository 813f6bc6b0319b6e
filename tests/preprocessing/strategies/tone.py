"""Transforms of brightness, colour, tones and sharpness."""

from __future__ import annotations

from hypothesis import strategies as st

from preprocessing import (
    AdjustBrightness,
    AdjustContrast,
    AdjustGamma,
    AdjustHue,
    AdjustSaturation,
    AdjustSharpness,
    Blur,
    ColorJitter,
    GaussianBlur,
    Posterize,
    RandomAdjustSharpness,
    RandomAutocontrast,
    RandomEqualize,
    RandomGrayscale,
    RandomInvert,
    RandomPosterize,
    RandomSolarize,
    Solarize,
    Transform,
)

factors = st.floats(0, 4)
hues = st.floats(-0.5, 0.5)
bits = st.integers(0, 8)
thresholds = st.floats(-0.5, 1) | st.floats(0, 255) | st.floats(0, 65_535)
probabilities = st.floats(0, 1)
_odd = st.integers(0, 5).map(lambda radius: 2 * radius + 1)
kernel_sizes = _odd | st.tuples(_odd, _odd)
sigmas = st.floats(1e-3, 10)


def _in_order(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[tuple[float, float]]:
    return st.tuples(numbers, numbers).map(lambda pair: (min(pair), max(pair)))


TRANSFORMS: dict[str, st.SearchStrategy[Transform]] = {
    "adjust_brightness": st.builds(AdjustBrightness, factors),
    "adjust_contrast": st.builds(AdjustContrast, factors),
    "adjust_saturation": st.builds(AdjustSaturation, factors),
    "adjust_hue": st.builds(AdjustHue, hues),
    "adjust_sharpness": st.builds(AdjustSharpness, factors),
    "adjust_gamma": st.builds(AdjustGamma, factors, factors),
    "color_jitter": st.builds(
        ColorJitter,
        *[factors | _in_order(factors)] * 3,
        st.floats(0, 0.5) | _in_order(hues),
    ),
    "posterize": st.builds(Posterize, bits),
    "solarize": st.builds(Solarize, thresholds),
    "random_invert": st.builds(RandomInvert, probabilities),
    "random_posterize": st.builds(RandomPosterize, bits, probabilities),
    "random_solarize": st.builds(RandomSolarize, thresholds, probabilities),
    "random_autocontrast": st.builds(RandomAutocontrast, probabilities),
    "random_equalize": st.builds(RandomEqualize, probabilities),
    "random_adjust_sharpness": st.builds(RandomAdjustSharpness, factors, probabilities),
    "random_grayscale": st.builds(RandomGrayscale, probabilities),
    "blur": st.builds(Blur, kernel_sizes, st.none() | sigmas | st.tuples(sigmas, sigmas)),
    "gaussian_blur": st.builds(GaussianBlur, kernel_sizes, sigmas | _in_order(sigmas)),
}
