"""`Desk`: the pictures, sounds and arrays that the page fetches after an answer named them."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from threading import Lock

from preprocessing.frozen import frozen
from preprocessing.media import Array

# Of all that lies on it. What falls off is computed again when the page asks again.
_MOST_BYTES = 512 * 2**20
# The message for an asset that has fallen off.
EXPIRED = "this result has expired; reload the page to compute it again"
# Pixels of a picture as the page loads it: uncompressed, since it stays on this machine.
RGBA = "application/x-rgba"


@frozen
class Asset:
    """Something that the page fetches by its id.

    Parameters
    ----------
    body : bytes
    content_type : str
        `RGBA` for a picture, whose body is its pixels, 4 bytes each, row by row.
    width, height : int
        Of a picture, in pixels.
    array : ndarray, optional
        What the picture shows, (H, W, C), for the values under the cursor.
    """

    body: bytes
    content_type: str
    width: int = 0
    height: int = 0
    array: Array | None = None

    @property
    def nbytes(self) -> int:
        """What it holds of memory."""
        return len(self.body) + (0 if self.array is None else self.array.nbytes)


class Desk:
    """Assets by random id. The oldest fall off when it is full."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = Lock()
        self._assets: OrderedDict[str, Asset] = OrderedDict()
        self._nbytes = 0

    def put(self, asset: Asset) -> str:
        """Lay an asset down, and return its id."""
        name = secrets.token_hex(8)
        with self._lock:
            self._assets[name] = asset
            self._nbytes += asset.nbytes
            while self._nbytes > self._most_bytes and len(self._assets) > 1:
                _, old = self._assets.popitem(last=False)
                self._nbytes -= old.nbytes
        return name

    def get(self, name: str) -> Asset | None:
        """Return an asset; None where it has fallen off, or never was."""
        with self._lock:
            if name in self._assets:
                self._assets.move_to_end(name)
            return self._assets.get(name)
