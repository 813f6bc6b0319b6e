"""The output encodings: image, sound and video files, text, and plain tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from preprocessing.encodings._base import Buffer, Encoding
from preprocessing.spec.step import Registry

if TYPE_CHECKING:
    from preprocessing.media import Kind

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
        "wav": "audio.Wav",
        "flac": "audio.Flac",
        "mp4": "video.Mp4",
        "text": "text.Text",
        "jsonl": "text.Jsonl",
    },
)

# What a pipeline that names none is encoded as, by the kind that it makes; the others are ``npy``.
_DEFAULTS: Mapping[Kind, str] = {"text": "text"}


def default_encoding(kind: Kind | None) -> Encoding:
    """Return what a pipeline that names none, and makes something of this kind, is encoded as."""
    return ENCODINGS.build(_DEFAULTS.get(kind, "npy") if kind else "npy", {})


__all__ = ["ENCODINGS", "Buffer", "Encoding", "default_encoding"]
