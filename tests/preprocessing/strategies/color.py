"""Transforms that change what samples mean."""

from __future__ import annotations

from hypothesis import strategies as st

from preprocessing import Grayscale, Normalize, ToDtype, Transform

from .common import DTYPES, finite


@st.composite
def _normalize(draw: st.DrawFn) -> Normalize:
    if draw(st.booleans()):
        return Normalize(draw(st.sampled_from(("imagenet", "inception", "clip"))))
    count = draw(st.sampled_from((1, 3)))
    deviation = st.floats(1e-3, 1e3) | st.floats(-1e3, -1e-3)
    lists = (st.lists(s, min_size=count, max_size=count) for s in (finite, deviation))
    mean, std = (tuple(draw(values)) for values in lists)
    return Normalize(mean, std)


TRANSFORMS: dict[str, st.SearchStrategy[Transform]] = {
    "grayscale": st.builds(Grayscale, st.sampled_from((1, 3))),
    "normalize": _normalize(),
    "to_dtype": st.builds(ToDtype, st.sampled_from(DTYPES), st.booleans()),
}
