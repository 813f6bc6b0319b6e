"""The transforms: each a thin dataclass; what it means is in its docstring, what it does in a kernel."""

from preprocessing.grammar.step import Registry
from preprocessing.transforms.base import FixedTransform, RandomTransform, Transform

TRANSFORMS: Registry[Transform] = Registry(
    "transform",
    __name__,
    {
        "resize": "geometry.Resize",
        "center_crop": "geometry.CenterCrop",
        "crop": "geometry.Crop",
        "pad": "geometry.Pad",
        "horizontal_flip": "geometry.HorizontalFlip",
        "vertical_flip": "geometry.VerticalFlip",
        "grayscale": "color.Grayscale",
        "normalize": "color.Normalize",
        "to_dtype": "color.ToDtype",
    },
)

__all__ = ["TRANSFORMS", "FixedTransform", "RandomTransform", "Transform"]
