"""Rules that decode less of a JPEG than all of it."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, floor

from preprocessing.decode.image.header import ImageHeader
from preprocessing.planner.rewrites.base import Draft
from preprocessing.planner.stages import CropStage, Decode, FlipStage, Luma, ResampleStage

# Least decoded size over target size. At 3 photographs come within 50 dB of the full decode; at 2,
# which would be faster, only within 44. What the worst picture comes to, docs/decisions/decoding.md has.
MARGIN = 3
# At 1/8 a block is its mean alone, a poor filter that saves next to nothing more; at other scales
# libjpeg-turbo has no SIMD code.
_EIGHTHS = (2, 4)
# The edges of a crop fall within blocks, where what is beyond them leaks in; fewer pixels than these
# would be edge for the most part.
_LEAST_OF_CROP = 32


def luma_decode(draft: Draft) -> Draft | None:
    """Decode the luma of a JPEG where the pipeline makes it gray and only moves pixels before."""
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
    """Decode a JPEG at 1/4 or 1/2 where the resampling of all or a crop shrinks it far more.

    For gray, luma, and colour that is stored as finely as luma.
    """
    return _scaled(draft, subsampled=False)


def scaled_decode_420(draft: Draft) -> Draft | None:
    """Do the same with colour that is stored at half the resolution."""
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
    for eighths in _EIGHTHS:
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
    """Whether the window, or the whole image, has chroma as fine as luma, and nothing else in it.

    A block that the picture fills in part holds whatever the encoder put beyond the edge, and a scaled
    block mixes it in, unless it is decoded to all of its 8 x 8 samples. libjpeg does so with chroma of
    half the resolution at 1/2 (``jpeg_calc_output_dimensions``: it scales chroma by what is left of the
    factors, and repeats samples only where the two axes differ).
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
                # Half a block, decoded to half its samples, takes next to nothing from the other half.
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


def _around(box: tuple[float, float, float, float]) -> CropStage:
    """Return the whole scaled pixels that the box touches; `output` rounds up, so all are there."""
    top, left = floor(box[0]), floor(box[1])
    return CropStage(top, left, ceil(box[0] + box[2]) - top, ceil(box[1] + box[3]) - left)


def _has_luma(header: ImageHeader) -> bool:
    return header.by_turbo and header.colorspace in ("YCbCr", "Gray")
