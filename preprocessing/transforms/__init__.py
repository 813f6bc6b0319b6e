"""The transforms: frozen dataclasses that say what to do; kernels do it.

Each folder holds the steps of one kind of data, each module one step or a few that belong together.
Modules that begin with an underscore hold what steps share.
"""

from collections.abc import Mapping

from preprocessing.spec.step import Registry
from preprocessing.transforms._base import (
    Branch,
    FixedTransform,
    RandomTransform,
    Selection,
    Transform,
)
from preprocessing.transforms._catalogue import TRANSFORM_CLASSES


def _own_steps() -> Mapping[str, type[Transform]]:
    from preprocessing.own_steps.loading import own_steps  # noqa: PLC0415  few have any

    return own_steps()


TRANSFORMS: Registry[Transform] = Registry("transform", __name__, TRANSFORM_CLASSES, _own_steps)

__all__ = [
    "TRANSFORMS",
    "Branch",
    "FixedTransform",
    "RandomTransform",
    "Selection",
    "Transform",
]
