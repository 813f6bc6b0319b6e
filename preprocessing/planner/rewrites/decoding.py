"""Rules that decode a JPEG only in part: scaled down, or its luma only."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, floor

from preprocessing.decode.image.header import ImageHeader
from preprocessing.planner.rewrites.base import Draft
from preprocessing.planner.stages import CropStage, Decode, FlipStage, Luma, ResampleStage

# Least ratio of decoded size to target size. At 3, photographs are within 50 dB of the full decode; at
# 2, which is faster, within 44 dB. docs/decisions/decoding.md has the worst case.
MARGIN = 3
# The edges of a crop lie inside blocks, where pixels beyond the edge leak in. A smaller crop would
# consist mostly of edge.
_LEAST_OF_CROP = 32


def luma_decode(draft: Draft) -> Draft | None:
    """Decode only a JPEG's luma if the pipeline makes it gray and only moves pixels before that."""
    decode = draft.source
    if not isinstance(decode, Decode) or decode.luma or not _has_luma(decode.header):
        return None
    for i, stage in enumerate(draft.stages):
        if isinstance(stage, Luma):
            return replace(draft.splice(i, 1), source=replace(decode, luma=True))
        if not isinstance(stage, ResampleStage | CropStage | FlipStage):
            return None
    return None


def scaled_decode(draft: Draft) -> Draft | None:
    """Decode a JPEG at 1/4 or 1/2 if the resampling after it shrinks the image, or a crop, far more.

    For gray, luma, and colour stored at the resolution of luma.
    """
    return _scaled(draft, subsampled=False)


def scaled_decode_420(draft: Draft) -> Draft | None:
    """Do the same for colour stored at half the resolution of luma."""
    return _scaled(draft, subsampled=True)


def _scaled(draft: Draft, *, subsampled: bool) -> Draft | None:
    decode, window = draft.source, None
    if not isinstance(decode, Decode) or decode.eighths != 8 or not decode.header.by_turbo:
        return None
    if (not decode.luma and decode.header.subsampled) != subsampled:
        return None
    stages = draft.stages
    if stages and isinstance(stages[0], CropStage):
        window, stages = stages[0], stages[1:]
    resample = stages[0] if stages else None
    if not isinstance(resample, ResampleStage) or not resample.linear or not resample.antialias:
        return None
    whole = decode.header if window is None else window
    sides = tuple(zip((whole.height, whole.width), resample.size, strict=True))
    if window is not None and min(resample.size) < _LEAST_OF_CROP:
        return None
    for eighths in draft.scales:
        if any(-(-side * eighths // 8) < MARGIN * size for side, size in sides):
            continue
        scaled = replace(decode, eighths=eighths)
        if not _is_clear(scaled, window):
            continue
        box = _scaled_box(scaled, window)
        if window is None:
            return Draft(scaled, (replace(resample, box=box), *stages[1:]))
        crop = _around(box)
        moved = (box[0] - crop.top, box[1] - crop.left, box[2], box[3])
        return Draft(scaled, (crop, replace(resample, box=moved), *stages[1:]))
    return None


def _is_clear(scaled: Decode, window: CropStage | None) -> bool:
    """Whether scaled decoding of the window, or the whole image, mixes in nothing from beyond the edge.

    The last blocks may be filled only in part, and beyond the edge contain whatever the encoder put
    there. A scaled block mixes that in, unless it is decoded to all of its 8 x 8 samples. libjpeg does
    so for chroma of half the resolution at 1/2: ``jpeg_calc_output_dimensions`` scales chroma by the
    rest of the factors, and repeats samples only if the two axes differ.
    """
    header = scaled.header
    if header.inks:
        return False
    across, down = (max(factors) for factors in zip(*header.sampling, strict=True))
    clear = list(header.stored)
    for h, v in header.sampling[:1] if scaled.luma else header.sampling:
        ratio = across // h
        if ratio * h != across or ratio * v != down or ratio > 2:
            return False
        size = scaled.eighths * ratio
        if size < 8:
            for axis, side in enumerate(header.stored):
                samples = -(-side // ratio)
                # Half a block decoded to half its samples takes hardly anything from the other half.
                if samples % 8 and (samples % 8, size) != (4, 4):
                    clear[axis] = min(clear[axis], samples // 8 * 8 * ratio)
    if header.turned:
        clear.reverse()
    sides = (header.height, header.width)
    wanted = (
        ((0, header.height), (0, header.width))
        if window is None
        else ((window.top, window.height), (window.left, window.width))
    )
    for reverse, side, most, (start, length) in zip(
        header.mirrored, sides, clear, wanted, strict=True
    ):
        first = side - start - length if reverse else start
        if first + length > most:
            return False
    return True


def _scaled_box(scaled: Decode, window: CropStage | None) -> tuple[float, float, float, float]:
    """Return the window, or the whole image, in scaled pixels.

    The last stored row and column may be partial, and come first if the image is mirrored.
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


def _around(box: tuple[float, float, float, float]) -> CropStage:
    """Return the crop of all scaled pixels that the box touches; `output` rounds up to include them."""
    top, left = floor(box[0]), floor(box[1])
    return CropStage(top, left, ceil(box[0] + box[2]) - top, ceil(box[1] + box[3]) - left)


def _has_luma(header: ImageHeader) -> bool:
    return header.by_turbo and header.colorspace in ("YCbCr", "Gray")
