"""What goes into an example's step and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from preprocessing import Jsonl, Pipeline
from preprocessing.media import Array, Encoded, SourceKind, Spec
from tools.gallery.examples import Example
from tools.gallery.sources import gallery_objects


@dataclass(frozen=True)
class Seen:
    """A result within a pipeline.

    Parameters
    ----------
    array : ndarray
        Channels last, if it is of pixels.
    spec : Spec
    """

    array: Array
    spec: Spec


def around(example: Example) -> tuple[Seen, Seen]:
    """Return what goes into an example's step and what comes out of it.

    What comes out of an encoding is what a reader decodes.
    """
    whole, body = example.pipeline, gallery_objects()[example.source]
    names = [step.name for step in whole.steps]
    place = names.index(example.step) if example.step in names else len(names)
    encode = Jsonl() if whole.kind == "text" else None
    before = Pipeline(whole.steps[:place], encode, kind=whole.kind)
    after = _seen(whole, body, example.seed)
    if example.step == whole.encoding.name:
        after = _decoded(encoded(example)) or after
    return _seen(before, body, example.seed), after


def encoded(example: Example) -> Encoded:
    """Return the result as bytes."""
    return example.pipeline.encode(gallery_objects()[example.source], seed=example.seed)


def _decoded(result: Encoded) -> Seen | None:
    """Decode what image files, sound and video were encoded to; None for tensors and text."""
    name = result.content_type.partition("/")[0]
    kinds: tuple[SourceKind, ...] = ("image", "audio", "video")
    kind = next((kind for kind in kinds if kind == name), None)
    return None if kind is None else _seen(Pipeline([], kind=kind), bytes(result.body), 0)


@lru_cache(4)  # examples that follow one another often begin alike
def _seen(pipeline: Pipeline, body: bytes, seed: int) -> Seen:
    array, spec = pipeline(body, seed=seed), pipeline.plan(body, seed=seed).output
    if spec.kind in {"image", "video", "views"}:
        if getattr(pipeline.encoding, "layout", "hwc") == "chw":
            array = np.moveaxis(array, -3, -1)
        elif array.ndim == 2:  # a gray image file
            array = array[..., None]
    return Seen(array, spec)
