"""Transforms that move pixels at random."""

from __future__ import annotations

from hypothesis import strategies as st

from preprocessing import (
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
    Transform,
)

from .common import INTERPOLATIONS, PAD_MODES, pairs, sides

probabilities = st.floats(0, 1)
areas = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(lambda pair: (min(pair), max(pair)))
ratios = st.tuples(st.floats(0.1, 10), st.floats(0.1, 10)).map(lambda pair: (min(pair), max(pair)))
_edges = st.integers(0, 5)

TRANSFORMS: dict[str, st.SearchStrategy[Transform]] = {
    "random_crop": st.builds(
        RandomCrop,
        sides | pairs,
        st.none() | _edges | st.tuples(_edges, _edges) | st.tuples(_edges, _edges, _edges, _edges),
        st.booleans(),
        st.floats(-1e3, 1e3, width=16),
        st.sampled_from(PAD_MODES),
    ),
    "random_resized_crop": st.builds(
        RandomResizedCrop,
        sides | pairs,
        areas,
        ratios,
        st.sampled_from(INTERPOLATIONS),
        st.booleans(),
    ),
    "random_horizontal_flip": st.builds(RandomHorizontalFlip, probabilities),
    "random_vertical_flip": st.builds(RandomVerticalFlip, probabilities),
}
