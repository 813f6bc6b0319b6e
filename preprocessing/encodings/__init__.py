"""The output encodings: image files and plain tensors."""

from preprocessing.encodings.base import ENCODINGS, Buffer, Encoding
from preprocessing.encodings.images import Jpeg, Png, WebP
from preprocessing.encodings.tensors import Npy, Raw, Safetensors

__all__ = [
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
