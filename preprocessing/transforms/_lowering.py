"""Stages of kernels whose result has the size and type of the image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from preprocessing.geometry.matrices import IDENTITY
from preprocessing.kernels.image.lut import apply_table, table_of
from preprocessing.planner.stages import KernelStage, Stage

if TYPE_CHECKING:
    from preprocessing.media import Array, ImageSpec


def call(
    spec: ImageSpec, kernel: Callable[..., Array], *arguments: object, pointwise: bool = False
) -> tuple[Stage, ...]:
    """Return the stage that calls a kernel on an image of `spec` or on a part of it.

    Each pixel of the result must show the same place as that pixel of the image: see `Geometry`.
    """
    result = replace(spec, height=None, width=None)
    return (KernelStage(kernel, arguments, result, IDENTITY, pointwise),)


def call_by_sample(
    spec: ImageSpec, kernel: Callable[..., Array], *arguments: object
) -> tuple[Stage, ...]:
    """Return the stage of a kernel that depends on single samples; for uint8, a lookup table."""
    if spec.dtype == "uint8":
        return call(spec, apply_table, table_of(kernel, *arguments), pointwise=True)
    return call(spec, kernel, *arguments, pointwise=True)
