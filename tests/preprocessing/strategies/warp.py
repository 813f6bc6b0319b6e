"""Transforms that turn and tilt, those that overwrite, and the letter box."""

from __future__ import annotations

from hypothesis import strategies as st

from preprocessing import Affine, Erase, LetterBox, Perspective, Rotate, SpecError, Transform
from preprocessing.kernels.image.geometry.projective import Corners

from .common import INTERPOLATIONS, pairs, sides

_levels = st.floats(-1e3, 1e3, width=16)
fills = _levels | st.tuples(_levels, _levels, _levels)
angles = st.floats(-400, 400, width=32) | st.integers(-4, 4).map(lambda turns: 90.0 * turns)
modes = st.sampled_from(("nearest", "bilinear"))
_places = st.floats(-40, 40, width=16)
centers = st.none() | st.tuples(_places, _places)
_shears = st.floats(-80, 80, width=16)
_corner = st.integers(-30, 60)
corners = st.tuples(*[_corner] * 8)


@st.composite
def perspectives(draw: st.DrawFn) -> Perspective:
    start: Corners = (0, 0, 20, 0, 20, 20, 0, 20)
    end: Corners = (1, 2, 18, 0, 19, 17, 3, 20)
    try:
        return Perspective(draw(corners), draw(corners), draw(modes), draw(fills))
    except SpecError:  # three of them on a line, which is rare
        return Perspective(start, end)


TRANSFORMS: dict[str, st.SearchStrategy[Transform]] = {
    "rotate": st.builds(Rotate, angles, modes, st.booleans(), centers, fills),
    "affine": st.builds(
        Affine,
        angles,
        st.tuples(_places, _places),
        st.floats(0.1, 10),
        st.tuples(_shears, _shears),
        modes,
        fills,
        centers,
    ),
    "perspective": perspectives(),
    "erase": st.builds(Erase, st.integers(0, 40), st.integers(0, 40), sides, sides, fills),
    "letter_box": st.builds(
        LetterBox,
        sides | pairs,
        _levels,
        st.booleans(),
        st.sampled_from(INTERPOLATIONS),
        st.booleans(),
    ),
}
