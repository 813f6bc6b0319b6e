"""The transforms: each a thin dataclass; what it means is in its docstring, what it does in a kernel."""

from preprocessing.grammar.step import Registry
from preprocessing.transforms.base import FixedTransform, RandomTransform, Transform

TRANSFORMS: Registry[Transform] = Registry(
    "transform",
    __name__,
    {
        "resize": "resize.Resize",
        "center_crop": "crop.CenterCrop",
        "crop": "crop.Crop",
        "pad": "pad.Pad",
        "horizontal_flip": "flip.HorizontalFlip",
        "vertical_flip": "flip.VerticalFlip",
        "grayscale": "grayscale.Grayscale",
        "normalize": "normalize.Normalize",
        "to_dtype": "dtype.ToDtype",
        "random_crop": "random_crop.RandomCrop",
        "random_resized_crop": "random_resized_crop.RandomResizedCrop",
        "random_horizontal_flip": "random_flip.RandomHorizontalFlip",
        "random_vertical_flip": "random_flip.RandomVerticalFlip",
    },
)

__all__ = ["TRANSFORMS", "FixedTransform", "RandomTransform", "Transform"]
