"""The output encodings: image files and plain tensors."""

from preprocessing.encodings.base import Buffer, Encoding
from preprocessing.encodings.npy import Npy
from preprocessing.grammar.step import Registry

ENCODINGS: Registry[Encoding] = Registry(
    "encoding",
    __name__,
    {
        "npy": "npy.Npy",
        "safetensors": "safetensors.Safetensors",
        "raw": "raw.Raw",
        "png": "images.Png",
        "jpeg": "images.Jpeg",
        "webp": "images.WebP",
    },
)

# What a pipeline that names none is encoded as.
DEFAULT_ENCODING = Npy()

__all__ = ["DEFAULT_ENCODING", "ENCODINGS", "Buffer", "Encoding"]
