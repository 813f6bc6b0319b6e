"""Preprocessing of images, sound, video and text: decode, transform, encode.

>>> from preprocessing import Pipeline
>>> p = Pipeline.parse("grayscale/resize:224,224/png")
>>> p
Pipeline([Grayscale(), Resize((224, 224))], encode=Png())

A pipeline returns the same bytes wherever it runs. ``p(source)`` returns an array, ``p.batch(sources)``
one array of many sources, ``p.encode(source)`` bytes; a `Stack` encodes many sources into one body.
``p.output`` describes the result, ``p.plan(source)`` how it is computed, and ``p.fingerprint``
identifies the pipeline.

To follow a call through the code, read in this order:

- ``pipeline`` and ``spec/pipeline_spec``: the class `Pipeline`.
- ``spec/``: text and documents become steps. ``spec/parse`` reads whole pipelines, ``spec/line`` one
  step, ``spec/coerce`` its arguments; ``spec/kinds`` infers which objects a pipeline is for.
- ``transforms/`` and ``encodings/``: the steps, one folder per kind of data.
- ``sources`` and ``decode/``: bytes become a header, then samples.
- ``planner/``: ``planner/plan`` turns random steps into fixed ones, with numbers from ``rng``, and steps
  into ``planner/stages``; ``planner/rewrites`` replaces stages by faster ones.
- ``kernels/``: the arithmetic of the stages.

Transforms and encodings are imported when they are first used, which keeps cold starts short. Type
checkers and editors find them in ``__init__.pyi``, which is generated from the classes.
"""

from __future__ import annotations

from preprocessing.encodings import ENCODINGS, Encoding
from preprocessing.errors import (
    CorruptSource,
    EmptySource,
    IncompatibleSource,
    LimitExceeded,
    PreprocessingError,
    SourceError,
    SpecError,
    UnknownFormat,
    UnsupportedSource,
)
from preprocessing.limits import Limits
from preprocessing.media import (
    AudioSpec,
    Encoded,
    ImageSpec,
    Media,
    OutputSpec,
    Ranged,
    SpectrogramSpec,
    TextSpec,
    TokensSpec,
    VideoSpec,
)
from preprocessing.pipeline import Pipeline
from preprocessing.planner.plan import Plan
from preprocessing.rng import Seed
from preprocessing.spec.step import Step
from preprocessing.stack import Stack
from preprocessing.transforms import TRANSFORMS, Transform

_STEPS = {name: registry for registry in (TRANSFORMS, ENCODINGS) for name in registry.classes}

__all__ = [  # noqa: PLE0604  and every transform and encoding
    "ENCODINGS",
    "TRANSFORMS",
    "AudioSpec",
    "CorruptSource",
    "EmptySource",
    "Encoded",
    "Encoding",
    "ImageSpec",
    "IncompatibleSource",
    "LimitExceeded",
    "Limits",
    "Media",
    "OutputSpec",
    "Pipeline",
    "Plan",
    "PreprocessingError",
    "Ranged",
    "Seed",
    "SourceError",
    "SpecError",
    "SpectrogramSpec",
    "Stack",
    "TextSpec",
    "TokensSpec",
    "Transform",
    "UnknownFormat",
    "UnsupportedSource",
    "VideoSpec",
    *_STEPS,
]


def __getattr__(name: str) -> type[Step]:
    if name in _STEPS:
        return _STEPS[name].by_class(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
