"""Rules that merge arithmetic, so that results are not rounded between two passes."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeGuard

import numpy as np

from preprocessing.kernels.image.lut import apply_table
from preprocessing.planner.rewrites.base import Draft
from preprocessing.planner.stages import Cast, KernelStage, ResampleStage, ScaleShift, Stage


def cast_into_affine(draft: Draft) -> Draft | None:
    """Merge the division of a cast into the normalisation after it."""
    for i, first, second in draft.pairs():
        if isinstance(first, Cast) and isinstance(second, ScaleShift):
            before = draft.before(i).dtype
            if first.dtype == "float32" and before.startswith("uint"):
                top = float(np.iinfo(before).max) if first.scale else 1.0
                scaled = tuple(s / top for s in second.scale)
                return draft.splice(i, 2, ScaleShift(scaled, second.shift))
    return None


def affine_into_resample(draft: Draft) -> Draft | None:
    """Normalise resampled floats while they are in cache, without rounding them to integers."""
    for i, first, second in draft.pairs():
        if isinstance(first, ResampleStage) and first.linear and isinstance(second, ScaleShift):
            scale, shift = second.scale, second.shift
            if first.affine is not None:
                before = first.affine
                shift = tuple(s * b + t for s, b, t in zip(scale, before[1], shift, strict=True))
                scale = tuple(s * a for s, a in zip(scale, before[0], strict=True))
            return draft.splice(i, 2, replace(first, dtype="float32", affine=(scale, shift)))
    return None


def single_precision(draft: Draft) -> Draft | None:
    """Resample 8-bit samples with weights of fewer places, whose sums are exact in float32."""
    for i, stage in enumerate(draft.stages):
        if isinstance(stage, ResampleStage) and stage.linear and not stage.single:
            if draft.before(i).dtype != "uint8":
                continue
            return draft.splice(i, 1, replace(stage, single=True))
    return None


def merge_tables(draft: Draft) -> Draft | None:
    """Merge two consecutive lookup tables into one."""
    for i, first, second in draft.pairs():
        if _is_table(first) and _is_table(second):
            table = first.arguments[0].translate(second.arguments[0])
            return draft.splice(i, 2, replace(second, arguments=(table,)))
    return None


def _is_table(stage: Stage) -> TypeGuard[KernelStage]:
    return isinstance(stage, KernelStage) and stage.kernel is apply_table
