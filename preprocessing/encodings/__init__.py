"""The output encodings: image files and plain tensors."""

from preprocessing.encodings.base import ENCODINGS, Buffer, Encoding
from preprocessing.encodings.images import Jpeg, Png, WebP
from preprocessing.encodings.tensors import Npy, Raw, Safetensors

# What a pipeline that names none is encoded as.
DEFAULT_ENCODING = Npy()

__all__ = [
    "DEFAULT_ENCODING",
    "ENCODINGS",
    "Buffer",
    "Encoding",
    "Jpeg",
    "Npy",
    "Png",
    "Raw",
    "Safetensors",
    "WebP",
]
