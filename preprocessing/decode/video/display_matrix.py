"""How a video's frames are turned upright."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from preprocessing.errors import UnsupportedSource
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from preprocessing.media import Array


@frozen
class Turn:
    """One of the eight ways to lay a rectangle on itself.

    Parameters
    ----------
    transposed : bool
        Whether rows and columns change places, first;
    rows, columns : bool
        then, whether each axis is reversed.
    """

    transposed: bool = False
    rows: bool = False
    columns: bool = False

    def upright(self, stored: Array) -> Array:
        """Turn a stored frame (height, width, channel): a view."""
        frame = stored.transpose(1, 0, 2) if self.transposed else stored
        return frame[:: -1 if self.rows else 1, :: -1 if self.columns else 1]


def turn_of(frame: Any) -> Turn:
    """Return how a frame's display matrix turns it.

    The matrix (a b u, c d v, x y w) takes a stored point (p, q) to (a p + c q + x, b p + d q + y):
    ISO/IEC 14496-12, 6.2.2.

    Raises
    ------
    UnsupportedSource
        For one that does not lay it on the axes.
    """
    # By its type's name: the types themselves are PyAV's.
    data = next((bytes(s) for s in frame.side_data if s.type.name == "DISPLAYMATRIX"), None)
    if data is None:
        return Turn()
    a, b, _, c, d = struct.unpack("=9i", data)[:5]
    if b == c == 0 and a and d:
        return Turn(rows=d < 0, columns=a < 0)
    if a == d == 0 and b and c:
        return Turn(transposed=True, rows=b < 0, columns=c < 0)
    raise UnsupportedSource(
        f"the video is shown at {frame.rotation} degrees; encode it anew, turned by a multiple of 90"
    )
