"""Rules that move crops and flips to where they cost least. All are exact."""

from __future__ import annotations

from dataclasses import replace

from preprocessing.planner.rewrites.base import Draft
from preprocessing.planner.stages import (
    Cast,
    CropStage,
    FlipStage,
    KernelStage,
    Luma,
    PadStage,
    Replicate,
    ResampleStage,
    ScaleShift,
    Stage,
)


def merge_windows(draft: Draft) -> Draft | None:
    """Merge two consecutive crops into one."""
    for i, first, second in draft.pairs():
        if isinstance(first, CropStage) and isinstance(second, CropStage):
            top, left = first.top + second.top, first.left + second.left
            return draft.splice(i, 2, replace(second, top=top, left=left))
    return None


def cancel_mirrors(draft: Draft) -> Draft | None:
    """Remove two consecutive flips along the same axis."""
    for i, first, second in draft.pairs():
        if isinstance(first, FlipStage) and first == second:
            return draft.splice(i, 2)
    return None


def window_before_mirror(draft: Draft) -> Draft | None:
    """Crop before a flip, so that fewer pixels are flipped."""
    for i, first, second in draft.pairs():
        if isinstance(first, FlipStage) and isinstance(second, CropStage):
            spec = draft.before(i)
            assert spec.height and spec.width
            if first.direction == "horizontal":
                crop = replace(second, left=spec.width - second.left - second.width)
            else:
                crop = replace(second, top=spec.height - second.top - second.height)
            return draft.splice(i, 2, crop, first)
    return None


def move_before_pointwise(draft: Draft) -> Draft | None:
    """Crop and flip before a pointwise stage, so that it changes only the pixels that are kept."""
    for i, first, second in draft.pairs():
        if _is_pointwise(first) and isinstance(second, CropStage | FlipStage):
            return draft.splice(i, 2, second, first)
    return None


def window_into_border(draft: Draft) -> Draft | None:
    """Pad only the part of a border that the crop after it keeps."""
    for i, border, window in draft.pairs():
        if isinstance(border, PadStage) and isinstance(window, CropStage):
            spec = draft.before(i)
            assert spec.height and spec.width
            top, height, above, below = _overlap(
                window.top - border.top, window.height, spec.height
            )
            left, width, before, after = _overlap(
                window.left - border.left, window.width, spec.width
            )
            inside = not (above or below or before or after)
            # A mirrored border copies pixels from inside the image, which the crop may remove.
            mirrored = border.mode in ("reflect", "symmetric")
            if height < 1 or width < 1 or (mirrored and not inside):
                continue
            kept = CropStage(top, left, height, width)
            rest = replace(border, left=before, top=above, right=after, bottom=below)
            return draft.splice(i, 2, kept, *(() if inside else (rest,)))
    return None


def crop_into_resample(draft: Draft) -> Draft | None:
    """Resample only the pixels that the crop after it keeps."""
    for i, first, second in draft.pairs():
        if isinstance(first, ResampleStage) and isinstance(second, CropStage):
            top, left, height, width = first.window
            # The window is in the result before mirroring.
            y = height - second.top - second.height if first.mirror[0] else second.top
            x = width - second.left - second.width if first.mirror[1] else second.left
            kept = (top + y, left + x, second.height, second.width)
            return draft.splice(i, 2, replace(first, window=kept))
    return None


def mirror_into_resample(draft: Draft) -> Draft | None:
    """Resample in reverse order instead of flipping afterwards."""
    for i, first, second in draft.pairs():
        if isinstance(first, ResampleStage) and isinstance(second, FlipStage):
            rows, columns = first.mirror
            if second.direction == "horizontal":
                return draft.splice(i, 2, replace(first, mirror=(rows, not columns)))
            return draft.splice(i, 2, replace(first, mirror=(not rows, columns)))
    return None


def _is_pointwise(stage: Stage) -> bool:
    return isinstance(stage, Luma | Replicate | ScaleShift | Cast) or (
        isinstance(stage, KernelStage) and stage.pointwise
    )


def _overlap(start: int, length: int, side: int) -> tuple[int, int, int, int]:
    """Intersect [start, start + length) with [0, side): its start, length, and what is cut off."""
    first, last = max(start, 0), min(start + length, side)
    return first, last - first, first - start, start + length - last
