"""The display matrix of a video, by which its frames are turned upright."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from preprocessing.errors import UnsupportedSource
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from preprocessing.media import Array


@frozen
class Turn:
    """One of the eight rotations and reflections of a rectangle.

    Parameters
    ----------
    transposed : bool
        Whether rows and columns are swapped; this comes first.
    rows, columns : bool
        Whether the order of the rows, and of the columns, is then reversed.
    """

    transposed: bool = False
    rows: bool = False
    columns: bool = False

    def upright(self, stored: Array) -> Array:
        """Return a stored frame (height, width, channel) turned upright, as a view."""
        frame = stored.transpose(1, 0, 2) if self.transposed else stored
        return frame[:: -1 if self.rows else 1, :: -1 if self.columns else 1]


def turn_of(frame: Any) -> Turn:
    """Return the turn that a frame's display matrix asks for.

    The matrix (a b u, c d v, x y w) maps a stored point (p, q) to (a p + c q + x, b p + d q + y):
    ISO/IEC 14496-12, 6.2.2.

    Raises
    ------
    UnsupportedSource
        If it rotates by anything but a multiple of 90 degrees.
    """
    # Compared by name, so that PyAV's enumeration need not be imported.
    data = next((bytes(s) for s in frame.side_data if s.type.name == "DISPLAYMATRIX"), None)
    if data is None:
        return Turn()
    a, b, _, c, d = struct.unpack("=9i", data)[:5]
    if b == c == 0 and a and d:
        return Turn(rows=d < 0, columns=a < 0)
    if a == d == 0 and b and c:
        return Turn(transposed=True, rows=b < 0, columns=c < 0)
    raise UnsupportedSource(
        f"the video is rotated by {frame.rotation} degrees, which is not a multiple of 90; encode it "
        "again, upright: ffmpeg -i IN OUT.mp4"
    )
