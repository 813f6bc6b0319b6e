"""Transforms drawn from a list."""

from __future__ import annotations

from hypothesis import strategies as st

from preprocessing import RandAugment, Transform, TrivialAugmentWide

_interpolations = st.sampled_from(("nearest", "bilinear"))
_fills = st.floats(0, 255) | st.tuples(*[st.floats(0, 1)] * 3)


@st.composite
def _rand(draw: st.DrawFn) -> RandAugment:
    bins = draw(st.integers(2, 50))
    magnitude = draw(st.integers(0, bins - 1))
    return RandAugment(
        draw(st.integers(1, 3)), magnitude, bins, draw(_interpolations), draw(_fills)
    )


TRANSFORMS: dict[str, st.SearchStrategy[Transform]] = {
    "trivial_augment_wide": st.builds(
        TrivialAugmentWide, st.integers(2, 50), _interpolations, _fills
    ),
    "rand_augment": _rand(),
}
