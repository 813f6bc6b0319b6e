"""Transforms that move pixels at random."""

from __future__ import annotations

from hypothesis import strategies as st

from preprocessing import (
    RandomAffine,
    RandomCrop,
    RandomErasing,
    RandomHorizontalFlip,
    RandomPerspective,
    RandomResizedCrop,
    RandomRotation,
    RandomVerticalFlip,
    Transform,
)

from .common import INTERPOLATIONS, PAD_MODES, pairs, sides
from .warp import centers, fills, modes


def ranges(low: float, high: float) -> st.SearchStrategy[tuple[float, float]]:
    """Two numbers in order."""
    ends = st.floats(low, high)
    return st.tuples(ends, ends).map(lambda pair: (min(pair), max(pair)))


probabilities = st.floats(0, 1)
areas = ranges(0, 1)
ratios = ranges(0.1, 10)
_degrees = st.floats(0, 400) | ranges(-400, 400)
_shear = ranges(-80, 80)
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
    "random_rotation": st.builds(RandomRotation, _degrees, modes, st.booleans(), centers, fills),
    "random_affine": st.builds(
        RandomAffine,
        _degrees,
        st.none() | st.tuples(probabilities, probabilities),
        st.none() | ranges(0.1, 10),
        st.none()
        | st.floats(0, 80)
        | _shear
        | st.tuples(_shear, _shear).map(lambda p: p[0] + p[1]),
        modes,
        fills,
        centers,
    ),
    "random_perspective": st.builds(RandomPerspective, probabilities, probabilities, modes, fills),
    "random_erasing": st.builds(RandomErasing, probabilities, areas, ratios, fills),
}
