"""The output encodings: image, sound and video files, text, and plain tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from preprocessing.encodings._base import Buffer, Encoding
from preprocessing.encodings._catalogue import ENCODING_CLASSES
from preprocessing.spec.step import Registry

if TYPE_CHECKING:
    from preprocessing.media import Kind

ENCODINGS: Registry[Encoding] = Registry("encoding", __name__, ENCODING_CLASSES)

# The encoding of a pipeline that names none, by the kind of its result; for other kinds it is ``npy``.
_DEFAULTS: Mapping[Kind, str] = {"text": "text", "sections": "safetensors"}


def default_encoding(kind: Kind | None) -> Encoding:
    """Return the encoding of a pipeline that names none and whose result is of this kind."""
    return ENCODINGS.build(_DEFAULTS.get(kind, "npy") if kind else "npy", {})


__all__ = ["ENCODINGS", "Buffer", "Encoding", "default_encoding"]
