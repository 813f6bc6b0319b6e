"""Transforms that torchvision lacks: exposure, restoration, edges, features, colour spaces."""

from __future__ import annotations

from hypothesis import strategies as st

from preprocessing import (
    CLAHE,
    HOG,
    Canny,
    DenoiseBilateral,
    DenoiseTV,
    EqualizeHist,
    Sobel,
    ToHSV,
    ToLab,
    ToYCbCr,
    Transform,
    UnsharpMask,
)

from .common import PAD_MODES

_regions = st.integers(1, 12)


@st.composite
def _canny(draw: st.DrawFn) -> Canny:
    low, high = sorted((draw(st.floats(0, 4)), draw(st.floats(0, 4))))
    return Canny(draw(st.floats(0, 9)), low, high)


@st.composite
def _hog(draw: st.DrawFn) -> HOG:
    pixels, cells = draw(st.integers(1, 8)), draw(st.integers(1, 3))
    return HOG(draw(st.integers(1, min(16 * pixels**2 // cells**2, 18))), pixels, cells)


TRANSFORMS: dict[str, st.SearchStrategy[Transform]] = {
    "clahe": st.builds(
        CLAHE, st.floats(0, 1), st.none() | _regions | st.tuples(_regions, _regions)
    ),
    "equalize_hist": st.just(EqualizeHist()),
    "denoise_tv": st.builds(DenoiseTV, st.floats(1e-6, 1e6), st.floats(0, 1), st.integers(1, 30)),
    "denoise_bilateral": st.builds(
        DenoiseBilateral,
        st.none() | st.sampled_from((1, 3, 7)),
        st.none() | st.floats(1e-6, 1e6),
        st.floats(1e-3, 3),
        st.sampled_from((*PAD_MODES, "wrap")),
    ),
    "unsharp_mask": st.builds(UnsharpMask, st.floats(0, 9), st.floats(-1e6, 1e6)),
    "sobel": st.just(Sobel()),
    "canny": _canny(),
    "hog": _hog(),
    "to_hsv": st.just(ToHSV()),
    "to_lab": st.just(ToLab()),
    "to_ycbcr": st.just(ToYCbCr()),
}
