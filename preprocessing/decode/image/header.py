"""The header of an image: what is known before its pixels are decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from preprocessing.media import Array

# Sampling factors of the first component, where the others have 1 x 1, that TurboJPEG has a name for:
# 4:4:4, 4:2:2, 4:2:0, 4:4:0, 4:1:1 and 4:4:1.
_NAMED = {(1, 1), (2, 1), (2, 2), (1, 2), (4, 1), (1, 4)}
# T.81 allows 10 blocks in an MCU, so 3 for each of three components.
_BLOCKS_IN_444 = 3


@frozen
class ImageHeader:
    """What the header of an image file says.

    Parameters
    ----------
    format : str
    stored : (int, int)
        Height and width as stored.
    orientation : int
        EXIF orientation, 1 to 8, by which the stored image is turned upright.
    colorspace : str
        The decoder's name for the stored colours, such as ``YCbCr``, ``CMYK`` or ``P``.
    sampling : tuple of (int, int)
        Horizontal and vertical sampling factors of each component; for a JPEG only.
    several : bool
        Whether a JPEG has several scans, so that decoding holds all coefficients at once.
    held : int
        Most bytes that decoding holds at once, including its result; 0 for a JPEG, for which it depends
        on the size and the channels to decode.
    """

    format: str
    stored: tuple[int, int]
    orientation: int
    colorspace: str
    sampling: tuple[tuple[int, int], ...] = ()
    several: bool = False
    held: int = 0

    def __str__(self) -> str:
        turned = f", EXIF orientation {self.orientation}" * (self.orientation != 1)
        return f"{self.format} {self.stored[0]}×{self.stored[1]} {self.colorspace}{turned}"

    @property
    def height(self) -> int:
        """Height when upright, in pixels."""
        return self.stored[1] if self.turned else self.stored[0]

    @property
    def width(self) -> int:
        """Width when upright, in pixels."""
        return self.stored[0] if self.turned else self.stored[1]

    @property
    def inks(self) -> bool:
        """Whether it is a JPEG in CMYK or YCCK."""
        return self.format == "jpeg" and self.colorspace in ("CMYK", "YCCK")

    @property
    def subsampled(self) -> bool:
        """Whether it is a JPEG that stores some components more coarsely than others."""
        return len(set(self.sampling)) > 1

    @property
    def by_turbo(self) -> bool:
        """Whether TurboJPEG decodes it: a JPEG with sampling factors that it has a name for."""
        if self.format != "jpeg" or len(self.sampling) < 3:
            return self.format == "jpeg"
        first, *others = self.sampling
        if self.inks and others.pop() != first:
            return False
        if set(others) == {(1, 1)}:
            return first in _NAMED
        # As in TurboJPEG's getSubsamp: 4:2:2 and 4:4:0 with doubled factors, and 4:4:4.
        if first == (2, 2):
            return set(others) in ({(1, 2)}, {(2, 1)})
        return set(others) == {first} and first[0] * first[1] <= _BLOCKS_IN_444

    @property
    def turned(self) -> bool:
        """Whether the orientation swaps rows and columns."""
        return self.orientation >= 5

    @property
    def mirrored(self) -> tuple[bool, bool]:
        """Whether the orientation reverses the upright rows, and the upright columns."""
        return self.orientation in (3, 4, 7, 8), self.orientation in (2, 3, 6, 7)

    def upright(self, stored: Array) -> Array:
        """Return the stored pixels (H, W, C) turned upright, as a view.

        The eight orientations are those of TIFF 6.0, tag 274: rows and columns are swapped or not, then
        each axis is reversed or not.
        """
        image = stored.transpose(1, 0, 2) if self.turned else stored
        rows, columns = self.mirrored
        return image[:: -1 if rows else 1, :: -1 if columns else 1]
