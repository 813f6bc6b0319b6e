"""What each transform's docstring promises against torchvision, in units of the result."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Golden:
    """One expected array.

    Parameters
    ----------
    input : str
        Name of the picture.
    spec : str
        The step, as users write it.
    expected : ndarray
        What torchvision made of it.
    """

    input: str
    spec: str
    expected: np.ndarray

    @property
    def step(self) -> str:
        return self.spec.removeprefix("index/").partition(":")[0]

    @property
    def ids(self) -> bool:
        """Whether it is a mask of class ids, which is right or wrong."""
        return self.spec.startswith("index/")

    @property
    def integer(self) -> bool:
        return self.expected.dtype.kind == "u"


def _resize(golden: Golden) -> float:
    if "nearest" in golden.spec:
        return 0
    if golden.input == "stark" and "bicubic" in golden.spec:
        return 5
    return 1 if golden.integer else 1e-5


def _to_dtype(golden: Golden) -> float:
    if "scale=true" not in golden.spec:
        return 0
    if golden.input == "photo_float16" and golden.expected.dtype == np.uint8:
        return 1
    return 0 if golden.integer else 1e-7


def _warp(golden: Golden) -> float:
    nearest = "perspective" not in golden.step  # by default
    if "nearest" in golden.spec or (nearest and "bilinear" not in golden.spec):
        return 0
    places = 2.0**-22 * max(golden.expected.shape)
    return 1 if golden.integer else places * (1 if nearest else 2)


def _by_type(golden: Golden, integer: float, float32: float) -> float:
    if golden.integer:
        return integer
    return 1e-3 if golden.expected.dtype == np.float16 else float32


def _adjust(golden: Golden) -> float:
    factor = re.search(r"[.0-9]+", golden.spec)
    return max(1.0, float(factor[0]) if factor else 0.0) * _by_type(golden, 1, 1e-6)


# Steps that are not here are exact.
TOLERANCES: dict[str, Callable[[Golden], float]] = {
    "resize": _resize,
    "random_resized_crop": _resize,
    "grayscale": lambda golden: 1 if golden.integer else 1e-4,
    "normalize": lambda golden: 1e-6 * float(np.ptp(golden.expected)),
    "to_dtype": _to_dtype,
    "adjust_contrast": _adjust,
    "adjust_saturation": _adjust,
    "adjust_hue": lambda golden: _by_type(golden, 1, 2e-6),
    "adjust_sharpness": _adjust,
    "random_adjust_sharpness": _adjust,
    "adjust_gamma": lambda golden: _by_type(golden, golden.expected.itemsize - 1, 1e-6),
    "color_jitter": _adjust,
    "autocontrast": lambda golden: _by_type(golden, 0, 0),
    "equalize": lambda golden: _by_type(golden, 0, 1e-7),
    "random_grayscale": lambda golden: 1 if golden.integer else 1e-4,
    "blur": lambda golden: _by_type(golden, 1, 1e-5),
    "gaussian_blur": lambda golden: _by_type(golden, 1, 1e-5),
    "rotate": _warp,
    "affine": _warp,
    "perspective": _warp,
    "random_perspective": _warp,
}
