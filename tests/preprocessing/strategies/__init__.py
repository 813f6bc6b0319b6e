"""Hypothesis strategies: every step with every argument, valid pipelines, images.

There is one module for each group of transforms. A step that is in none of them gets a strategy derived
from its fields, see `derived`; write one where the derived strategy draws too little.
"""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from preprocessing import (
    ENCODINGS,
    TRANSFORMS,
    Encoding,
    Flac,
    ImageSpec,
    IncompatibleSource,
    Jpeg,
    Npy,
    Pipeline,
    Png,
    Raw,
    Safetensors,
    SpecError,
    Transform,
    Views,
    Wav,
    WebP,
)
from preprocessing.planner.plan import infer

from . import (
    audio,
    auto_augment,
    color,
    derived,
    geometry,
    random_geometry,
    scikit,
    spectrogram,
    text,
    tone,
    video,
    warp,
)
from .common import DTYPES, FILTERS, INTERPOLATIONS, PAD_MODES, finite, pairs, sides

__all__ = [
    "DTYPES",
    "ENCODINGS_BY_NAME",
    "FILTERS",
    "INTERPOLATIONS",
    "PAD_MODES",
    "TRANSFORMS_BY_NAME",
    "can_take",
    "encodings",
    "finite",
    "images",
    "pairs",
    "pipelines",
    "sides",
    "sound_encodings",
    "sound_pipelines",
    "sound_transforms",
    "transforms",
]

_OF_IMAGES: dict[str, st.SearchStrategy[Transform]] = {
    **geometry.TRANSFORMS,
    **color.TRANSFORMS,
    **tone.TRANSFORMS,
    **random_geometry.TRANSFORMS,
    **warp.TRANSFORMS,
    **auto_augment.TRANSFORMS,
    **scikit.TRANSFORMS,
}
_OF_IMAGES |= derived.missing(
    TRANSFORMS, {*_OF_IMAGES, "views"}, "image."
)  # views: see `pipelines`
_OF_SOUND = {**audio.TRANSFORMS, **spectrogram.TRANSFORMS}
_OF_SOUND |= derived.missing(TRANSFORMS, _OF_SOUND, "audio.")
TRANSFORMS_BY_NAME = {**_OF_IMAGES, **_OF_SOUND, **text.TRANSFORMS, **video.TRANSFORMS}
TRANSFORMS_BY_NAME |= derived.missing(TRANSFORMS, TRANSFORMS_BY_NAME)
_TENSORS = ("npy", "safetensors", "raw")
_layouts = st.sampled_from(("chw", "hwc"))
_keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
    lambda key: key != "__metadata__"
)
_FOR_IMAGES: dict[str, st.SearchStrategy[Encoding]] = {
    "png": st.builds(Png, st.sampled_from(("fast", "small"))),
    "jpeg": st.builds(Jpeg, st.integers(1, 100), st.sampled_from(("420", "422", "444"))),
    "webp": st.builds(WebP, st.integers(0, 100), st.booleans()),
    "npy": st.builds(Npy, _layouts),
    "safetensors": st.builds(Safetensors, layout=_layouts, key=_keys),
    "raw": st.builds(Raw, _layouts),
}
ENCODINGS_BY_NAME: dict[str, st.SearchStrategy[Encoding]] = {
    **_FOR_IMAGES,
    "wav": st.builds(Wav, st.sampled_from(("pcm_16", "pcm_24", "float"))),
    "flac": st.builds(Flac, st.sampled_from(("pcm_16", "pcm_24"))),
    **video.ENCODINGS,
}
_DERIVED = derived.missing(ENCODINGS, ENCODINGS_BY_NAME)
_FOR_IMAGES |= {n: s for n, s in _DERIVED.items() if "image" in ENCODINGS[n].input_kinds}
ENCODINGS_BY_NAME |= _DERIVED

# What passes for an image, and for sound.
transforms = st.one_of(*_OF_IMAGES.values())
encodings = st.one_of(*_FOR_IMAGES.values())
sound_transforms = st.one_of(*audio.TRANSFORMS.values())
sound_encodings = st.one_of(*(ENCODINGS_BY_NAME[name] for name in ("wav", "flac", *_TENSORS)))


@st.composite
def pipelines(draw: st.DrawFn, *, several: bool = False) -> Pipeline:
    """Any legal pipeline for images; with `several`, also those that return several arrays."""
    steps = draw(st.lists(transforms, max_size=5))
    encoding = draw(encodings)
    keys = draw(st.sampled_from(((), (), ("",), *([("a", "b.c")] if several else []))))
    for key in keys:
        steps += [Views(draw(st.integers(1, 3)), key), *draw(st.lists(transforms, max_size=2))]
        encoding = draw(_FOR_IMAGES["npy"]) if key == "" else Safetensors(draw(_layouts))
    try:
        return Pipeline(steps, encoding, exact=draw(st.booleans()))
    except SpecError:
        assume(False)
        raise


@st.composite
def sound_pipelines(draw: st.DrawFn) -> Pipeline:
    """Any legal pipeline for sound."""
    steps = draw(st.lists(sound_transforms, max_size=5))
    try:
        return Pipeline(steps, draw(sound_encodings), kind="audio")
    except SpecError:
        assume(False)
        raise


def images(
    dtypes: tuple[str, ...] = DTYPES, channels: tuple[int, ...] = (1, 3), longest: int = 24
) -> st.SearchStrategy[np.ndarray]:
    """Pixels of any legal type and channels; floats are in [0, 1]."""
    return st.builds(
        _pixels,
        st.sampled_from(dtypes),
        st.tuples(st.integers(1, longest), st.integers(1, longest), st.sampled_from(channels)),
        st.integers(0, 2**32 - 1),
    )


def _pixels(dtype: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    if dtype.startswith("uint"):
        return random.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    return random.random(shape, np.float32).astype(dtype)


def can_take(pipeline: Pipeline, spec: ImageSpec) -> bool:
    """Whether `pipeline` can take an image of `spec`."""
    try:
        infer(pipeline.steps, pipeline.encoding, spec)
    except IncompatibleSource:
        return False
    return True
