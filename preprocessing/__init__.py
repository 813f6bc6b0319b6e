"""Preprocessing of images, sound, video and text: decode, transform, encode.

>>> from preprocessing import Pipeline
>>> p = Pipeline.parse("grayscale/resize:224,224/png")
>>> p
Pipeline([Grayscale(), Resize((224, 224))], encode=Png())

A pipeline returns the same bytes wherever it runs. ``p(source)`` returns an array, ``p.batch(sources)``
one array of many sources, ``p.encode(source)`` bytes; a `Stack` encodes many sources into one body.
``p.output`` describes the result, ``p.plan(source)`` how it is computed, and ``p.geometry(source)``
where boxes and masks move. ``p.fingerprint`` identifies the pipeline.

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

from importlib import import_module
from typing import TYPE_CHECKING, Any

from preprocessing.encodings import ENCODINGS, Encoding
from preprocessing.errors import (
    CorruptSource,
    EmptySource,
    IncompatibleSource,
    LimitExceeded,
    PreprocessingError,
    SourceError,
    SpecError,
    StepFailed,
    UnknownFormat,
    UnsupportedSource,
)
from preprocessing.geometry.geometry import Geometry
from preprocessing.limits import Limits
from preprocessing.media import (
    AudioSpec,
    Encoded,
    ImageSpec,
    IndexSpec,
    Media,
    OutputSpec,
    Ranged,
    SpectrogramSpec,
    TextSpec,
    TokensSpec,
    VideoSpec,
)
from preprocessing.pipeline import Pipeline, parse_pipeline
from preprocessing.planner.plan import Plan
from preprocessing.rng import Draws, Seed
from preprocessing.spec.view_specs import SectionsSpec, ViewsSpec
from preprocessing.stack import Stack
from preprocessing.transforms import TRANSFORMS, Transform

if TYPE_CHECKING:
    from preprocessing.own_steps.step import Step
    from preprocessing.shards.shard_pipeline import ShardPipeline
    from preprocessing.shards.tar_step import Tar

# Imported at their first use: most processes read no shard and have no steps of their own.
_LAZY = {
    "ShardPipeline": "shards.shard_pipeline",
    "Step": "own_steps.step",
    "Tar": "shards.tar_step",
}
_STEPS = {name: registry for registry in (TRANSFORMS, ENCODINGS) for name in registry.classes}

__all__ = [  # noqa: PLE0604  and every transform and encoding
    "ENCODINGS",
    "TRANSFORMS",
    "AudioSpec",
    "CorruptSource",
    "Draws",
    "EmptySource",
    "Encoded",
    "Encoding",
    "Geometry",
    "ImageSpec",
    "IncompatibleSource",
    "IndexSpec",
    "LimitExceeded",
    "Limits",
    "Media",
    "OutputSpec",
    "Pipeline",
    "Plan",
    "PreprocessingError",
    "Ranged",
    "SectionsSpec",
    "Seed",
    "ShardPipeline",
    "SourceError",
    "SpecError",
    "SpectrogramSpec",
    "Stack",
    "Step",
    "StepFailed",
    "Tar",
    "TextSpec",
    "TokensSpec",
    "Transform",
    "UnknownFormat",
    "UnsupportedSource",
    "VideoSpec",
    "ViewsSpec",
    "parse_pipeline",
    *_STEPS,
]


def __getattr__(name: str) -> type[Any]:
    if name in _STEPS:
        return _STEPS[name].by_class(name)
    if name in _LAZY:
        found: type[Any] = getattr(import_module(f"preprocessing.{_LAZY[name]}"), name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
