"""The transforms, by torchvision v2's names, arguments and numerics."""

from preprocessing.transforms.base import TRANSFORMS, Transform
from preprocessing.transforms.color import CONSTANTS, Grayscale, Normalize, ToDtype
from preprocessing.transforms.geometry import (
    CenterCrop,
    Crop,
    HorizontalFlip,
    Pad,
    Resize,
    VerticalFlip,
)

__all__ = [
    "CONSTANTS",
    "TRANSFORMS",
    "CenterCrop",
    "Crop",
    "Grayscale",
    "HorizontalFlip",
    "Normalize",
    "Pad",
    "Resize",
    "ToDtype",
    "Transform",
    "VerticalFlip",
]
