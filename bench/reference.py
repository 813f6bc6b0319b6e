"""The expected result of each operation in float64, and the distance of an answer from it.

The reference decodes every pixel in full colour, by libjpeg-turbo with its accurate transform, and
resamples with the antialiased triangle filter of torchvision, by dense matrices in float64. It shares
no code with the measured libraries.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
import simplejpeg
from PIL import Image

from bench.peers.base import MEAN, STD, centred, shorter_to

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bench.peers.base import Box, Pixels

_WEIGHTS = {
    "rec601": (0.299, 0.587, 0.114),  # ITU-R BT.601, as for JPEG's luma
    "rec709": (0.2125, 0.7154, 0.0721),  # ITU-R BT.709, as scikit-image's rgb2gray rounds it
}


@cache
def dense(n_in: int, n_out: int) -> NDArray[np.float64]:
    """Return (outputs, inputs) weights: torch's ``interpolate(mode="bilinear", antialias=True)``."""
    scale = n_in / n_out
    stretch = max(scale, 1.0)
    centre = (np.arange(n_out) + 0.5)[:, None] * scale
    taps = np.arange(n_in)[None]
    low = np.maximum(np.floor(centre - stretch + 0.5), 0)
    high = np.minimum(np.floor(centre + stretch + 0.5), n_in)
    weights = np.maximum(1 - np.abs(taps + 0.5 - centre) / stretch, 0)
    weights[(taps < low) | (taps >= high)] = 0
    normalised: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return normalised


def resized(image: NDArray[Any], height: int, width: int) -> NDArray[np.float64]:
    """Resample (H, W, C) one channel at a time."""
    rows, columns = dense(image.shape[0], height), dense(image.shape[1], width)
    planes = [rows @ (image[:, :, c] @ columns.T) for c in range(image.shape[2])]
    return np.stack(planes, axis=2)


def expected(pipeline: str, arguments: tuple[Any, ...], gray: str) -> NDArray[np.float64]:
    """Return the result in levels from 0 to 255, before rounding and normalisation."""
    if pipeline == "p5":
        return np.stack([_evaluated(image) for image in arguments[0]])
    image = _decoded(arguments[0])
    if pipeline.startswith("p1"):
        return resized(image @ np.array(_WEIGHTS[gray])[:, None], 224, 224)[:, :, 0]
    if pipeline == "p2":
        return _evaluated(image)
    if pipeline == "p3":
        return _cropped(image, *arguments[1:])
    return resized(image, *shorter_to(224, *image.shape[:2]))


def _evaluated(image: Pixels) -> NDArray[np.float64]:
    height, width = shorter_to(256, *image.shape[:2])
    top, left = centred(height, width)
    return resized(image, height, width)[top : top + 224, left : left + 224].transpose(2, 0, 1)


def _cropped(image: Pixels, box: Box, flip: bool) -> NDArray[np.float64]:
    top, left, height, width = box
    result = resized(image[top : top + height, left : left + width], 224, 224).transpose(2, 0, 1)
    return result[:, :, ::-1] if flip else result


def _decoded(data: bytes) -> Pixels:
    pixels: Pixels = simplejpeg.decode_jpeg(data)
    return pixels


def levels(pipeline: str, answer: Any) -> NDArray[np.float64]:
    """Convert the result of a peer to the units of the reference."""
    if pipeline in ("p1_png", "p1_jpeg"):
        return np.asarray(Image.open(BytesIO(answer)), np.float64)
    if pipeline == "p2":
        answer = np.load(BytesIO(answer))
    samples = np.asarray(answer, np.float64)
    if pipeline in ("p1", "p4"):
        return samples
    mean, std = (np.array(values)[:, None, None] for values in (MEAN, STD))
    return (samples * std + mean) * 255


def psnr(errors: list[NDArray[np.float64]]) -> float:
    """Return the peak signal-to-noise ratio of all errors in dB, for a peak of 255."""
    squares = sum(float(np.square(error).sum()) for error in errors)
    mean = squares / sum(error.size for error in errors)
    return inf if mean == 0 else float(10 * np.log10(255**2 / mean))
