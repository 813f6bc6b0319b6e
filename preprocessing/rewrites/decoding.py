"""Rules that decode less of a JPEG than all of it."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, floor

from preprocessing.decode.header import Header
from preprocessing.rewrites.base import Draft
from preprocessing.stages import Decode, Luma, Mirror, Resample, Window

# Least decoded size over target size. At 3 photographs come within 51 dB of the full decode; at 2,
# which would be faster, only within 44.
MARGIN = 3
# The scales that libjpeg-turbo has SIMD code for; the others take longer than the full size.
_EIGHTHS = (1, 2, 4)


def luma_decode(draft: Draft) -> Draft | None:
    """Decode the luma of a JPEG where the pipeline makes it gray and only moves pixels before."""
    decode = draft.source
    if not isinstance(decode, Decode) or decode.luma or not _has_luma(decode.header):
        return None
    for i, stage in enumerate(draft.stages):
        if isinstance(stage, Luma):
            return replace(draft.splice(i, 1), source=replace(decode, luma=True))
        if not isinstance(stage, Resample | Window | Mirror):
            return None
    return None


def scaled_decode(draft: Draft) -> Draft | None:
    """Decode a JPEG at 1/8, 1/4 or 1/2 where the resampling of all or a crop shrinks it far more."""
    decode, window = draft.source, None
    if not isinstance(decode, Decode) or decode.eighths != 8 or not decode.header.by_turbo:
        return None
    stages = draft.stages
    if stages and isinstance(stages[0], Window):
        window, stages = stages[0], stages[1:]
    resample = stages[0] if stages else None
    if not isinstance(resample, Resample) or not resample.linear or not resample.antialias:
        return None
    whole = decode.header if window is None else window
    sides = tuple(zip((whole.height, whole.width), resample.size, strict=True))
    for eighths in _EIGHTHS:
        if any(-(-side * eighths // 8) < MARGIN * size for side, size in sides):
            continue
        scaled = replace(decode, eighths=eighths)
        box = _scaled_box(scaled, window)
        if window is None:
            return Draft(scaled, (replace(resample, box=box), *stages[1:]))
        crop = _around(box)
        moved = (box[0] - crop.top, box[1] - crop.left, box[2], box[3])
        return Draft(scaled, (crop, replace(resample, box=moved), *stages[1:]))
    return None


def _scaled_box(scaled: Decode, window: Window | None) -> tuple[float, float, float, float]:
    """Return the window, or the whole image, in scaled pixels.

    The last stored row and column may be partly there, and come first where the image is mirrored.
    """
    header, factor = scaled.header, scaled.eighths / 8
    spec = scaled.output()
    assert spec.height and spec.width
    rows_reversed, columns_reversed = header.mirrored
    top = spec.height - header.height * factor if rows_reversed else 0.0
    left = spec.width - header.width * factor if columns_reversed else 0.0
    if window is None:
        return (top, left, header.height * factor, header.width * factor)
    return (
        top + window.top * factor,
        left + window.left * factor,
        window.height * factor,
        window.width * factor,
    )


def _around(box: tuple[float, float, float, float]) -> Window:
    """Return the whole scaled pixels that the box touches; `output` rounds up, so all are there."""
    top, left = floor(box[0]), floor(box[1])
    return Window(top, left, ceil(box[0] + box[2]) - top, ceil(box[1] + box[3]) - left)


def _has_luma(header: Header) -> bool:
    return header.format == "jpeg" and header.colorspace in ("YCbCr", "Gray")
