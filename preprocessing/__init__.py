"""Preprocessing of images, sound, video and text: decode, transform, encode.

>>> from preprocessing import Pipeline
>>> p = Pipeline.parse("grayscale/resize:224,224/png")
>>> p
Pipeline([Grayscale(), Resize((224, 224))], encode=Png())

A pipeline returns the same bytes wherever it runs. ``p(source)`` returns an array, ``p.batch(sources)``
one array of many sources, ``p.encode(source)`` bytes; a `Stack` encodes many sources into one body.
``p.output`` describes the result, ``p.plan(source)`` how it is computed, and ``p.fingerprint``
identifies the pipeline.

To follow ``Pipeline.parse(text)`` through the code, read in this order:

1. ``spec/pipeline_spec.py``: the part of `Pipeline` that needs no source.
2. ``spec/parse.py`` reads a whole pipeline, ``spec/line.py`` one step; ``spec/step.py`` builds it, and
   ``spec/coerce.py`` checks its arguments.
3. ``transforms/`` and ``encodings/``: the classes of the steps, one folder or module per kind of data.
4. ``spec/kinds.py`` infers which objects the pipeline is for.

Then follow ``encode(source)``:

1. ``pipeline.py``: the class `Pipeline`.
2. ``sources.py`` loads the source; ``decode/sniff.py`` recognises its format, and a decoder in
   ``decode/`` reads its header.
3. ``rng.py``: the numbers for random steps.
4. ``planner/plan.py`` turns random steps into fixed ones, and steps into stages (``planner/stages/``);
   ``planner/rewrites/`` replaces stages by faster ones, and ``planner/peak.py`` computes the memory.
5. ``planner/execute.py`` runs the plan: the decoder returns samples, and ``kernels/`` do the arithmetic.
6. The encoding writes the result.

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
