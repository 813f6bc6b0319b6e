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
        "letter_box": "letter_box.LetterBox",
        "rotate": "warp.Rotate",
        "affine": "warp.Affine",
        "perspective": "warp.Perspective",
        "erase": "erase.Erase",
        "random_crop": "random_crop.RandomCrop",
        "random_resized_crop": "random_resized_crop.RandomResizedCrop",
        "random_horizontal_flip": "random_flip.RandomHorizontalFlip",
        "random_vertical_flip": "random_flip.RandomVerticalFlip",
        "random_rotation": "random_warp.RandomRotation",
        "random_affine": "random_warp.RandomAffine",
        "random_perspective": "random_warp.RandomPerspective",
        "random_erasing": "random_erasing.RandomErasing",
        "clahe": "exposure.CLAHE",
        "equalize_hist": "exposure.EqualizeHist",
        "denoise_tv": "restoration.DenoiseTV",
        "denoise_bilateral": "restoration.DenoiseBilateral",
        "unsharp_mask": "restoration.UnsharpMask",
        "sobel": "edges.Sobel",
        "canny": "edges.Canny",
        "hog": "features.HOG",
        "to_hsv": "colorspace.ToHSV",
        "to_lab": "colorspace.ToLab",
        "to_ycbcr": "colorspace.ToYCbCr",
    },
)

__all__ = ["TRANSFORMS", "FixedTransform", "RandomTransform", "Transform"]
