"""Transforms that move pixels."""

from __future__ import annotations

from hypothesis import strategies as st

from preprocessing import CenterCrop, Crop, Pad, Resize, Transform

from .common import INTERPOLATIONS, PAD_MODES, pairs, sides


@st.composite
def _resize(draw: st.DrawFn) -> Resize:
    size = draw(sides | pairs)
    max_size = draw(st.none() | st.integers(size + 1, 60)) if isinstance(size, int) else None
    return Resize(size, draw(st.sampled_from(INTERPOLATIONS)), max_size, draw(st.booleans()))


_edges = st.integers(0, 5)

TRANSFORMS: dict[str, st.SearchStrategy[Transform]] = {
    "resize": _resize(),
    "center_crop": st.builds(CenterCrop, sides | pairs),
    "crop": st.builds(Crop, st.integers(-9, 40), st.integers(-9, 40), sides, sides),
    "pad": st.builds(
        Pad,
        _edges | st.tuples(_edges, _edges) | st.tuples(_edges, _edges, _edges, _edges),
        st.floats(-1e3, 1e3, width=16),
        st.sampled_from(PAD_MODES),
    ),
}
