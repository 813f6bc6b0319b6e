"""Hypothesis strategies: every step with every argument, legal pipelines, images."""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from preprocessing import (
    CenterCrop,
    Crop,
    Encoding,
    Grayscale,
    HorizontalFlip,
    ImageSpec,
    IncompatibleSource,
    Jpeg,
    Normalize,
    Npy,
    Pad,
    Pipeline,
    Png,
    Raw,
    Resize,
    Safetensors,
    SpecError,
    ToDtype,
    Transform,
    VerticalFlip,
    WebP,
)
from preprocessing.plan import infer

DTYPES = ("uint8", "uint16", "float16", "float32")
FILTERS = ("bilinear", "bicubic", "lanczos")
INTERPOLATIONS = (*FILTERS, "nearest", "nearest_exact")
PAD_MODES = ("constant", "edge", "reflect", "symmetric")

sides = st.integers(1, 40)
pairs = st.tuples(sides, sides)
finite = st.floats(-1e6, 1e6, width=32)


@st.composite
def _resize(draw: st.DrawFn) -> Resize:
    size = draw(sides | pairs)
    max_size = draw(st.none() | st.integers(size + 1, 60)) if isinstance(size, int) else None
    return Resize(size, draw(st.sampled_from(INTERPOLATIONS)), max_size, draw(st.booleans()))


@st.composite
def _normalize(draw: st.DrawFn) -> Normalize:
    if draw(st.booleans()):
        return Normalize(draw(st.sampled_from(("imagenet", "inception", "clip"))))
    count = draw(st.sampled_from((1, 3)))
    deviation = st.floats(1e-3, 1e3) | st.floats(-1e3, -1e-3)
    lists = (st.lists(s, min_size=count, max_size=count) for s in (finite, deviation))
    mean, std = (tuple(draw(values)) for values in lists)
    return Normalize(mean, std)


_edges = st.integers(0, 5)
_layouts = st.sampled_from(("chw", "hwc"))
_keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
    lambda key: key != "__metadata__"
)

# One entry a step. A test fails where a registered step is missing here.
TRANSFORMS_BY_NAME: dict[str, st.SearchStrategy[Transform]] = {
    "resize": _resize(),
    "center_crop": st.builds(CenterCrop, sides | pairs),
    "crop": st.builds(Crop, st.integers(-9, 40), st.integers(-9, 40), sides, sides),
    "pad": st.builds(
        Pad,
        _edges | st.tuples(_edges, _edges) | st.tuples(_edges, _edges, _edges, _edges),
        st.floats(-1e3, 1e3, width=16),
        st.sampled_from(PAD_MODES),
    ),
    "horizontal_flip": st.just(HorizontalFlip()),
    "vertical_flip": st.just(VerticalFlip()),
    "grayscale": st.builds(Grayscale, st.sampled_from((1, 3))),
    "normalize": _normalize(),
    "to_dtype": st.builds(ToDtype, st.sampled_from(DTYPES), st.booleans()),
}
ENCODINGS_BY_NAME: dict[str, st.SearchStrategy[Encoding]] = {
    "png": st.builds(Png, st.sampled_from(("fast", "small"))),
    "jpeg": st.builds(Jpeg, st.integers(1, 100), st.sampled_from(("420", "422", "444"))),
    "webp": st.builds(WebP, st.integers(0, 100), st.booleans()),
    "npy": st.builds(Npy, _layouts),
    "safetensors": st.builds(Safetensors, layout=_layouts, key=_keys),
    "raw": st.builds(Raw, _layouts),
}

transforms = st.one_of(*TRANSFORMS_BY_NAME.values())
encodings = st.one_of(*ENCODINGS_BY_NAME.values())


@st.composite
def pipelines(draw: st.DrawFn) -> Pipeline:
    """Any legal pipeline."""
    steps = draw(st.lists(transforms, max_size=5))
    try:
        return Pipeline(steps, draw(encodings), exact=draw(st.booleans()))
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
