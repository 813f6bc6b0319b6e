"""Small files that are expensive to decode, and the pipelines that they are read through.

To add one, write a function that returns its bytes, decorated with `bomb`, in the module of its kind.
"""

from __future__ import annotations

from soak.bombs import films, images, mp4, pictures, sounds, texts
from soak.bombs.base import BOMBS, Bomb
from soak.bombs.texts import write_tokenizers

__all__ = [
    "BOMBS",
    "Bomb",
    "films",
    "images",
    "mp4",
    "pictures",
    "sounds",
    "texts",
    "write_tokenizers",
]
