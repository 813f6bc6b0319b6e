"""The transforms: frozen dataclasses that say what to do; kernels do it.

Each folder holds the steps of one kind of data, each module one step or a few that belong together.
Modules that begin with an underscore hold what steps share.
"""

from preprocessing.spec.step import Registry
from preprocessing.transforms._base import FixedTransform, RandomTransform, Selection, Transform
from preprocessing.transforms._catalogue import TRANSFORM_CLASSES

TRANSFORMS: Registry[Transform] = Registry("transform", __name__, TRANSFORM_CLASSES)

__all__ = ["TRANSFORMS", "FixedTransform", "RandomTransform", "Selection", "Transform"]
