"""What is known of an image before its pixels are decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from preprocessing.media import Array

ImageFormat: TypeAlias = Literal["jpeg", "png", "webp", "gif", "tiff", "bmp", "avif"]


@frozen
class Header:
    """A file's own account of itself.

    Parameters
    ----------
    format : str
    stored : (int, int)
        Height and width as stored.
    orientation : int
        EXIF orientation, 1 to 8: how the stored image must be turned to stand upright.
    colorspace : str
        The decoder's name for what is stored, such as ``YCbCr``, ``CMYK`` or ``P``.
    held : int
        Most bytes that decoding holds at once, its result among them; 0 for a JPEG, where it depends
        on how it is decoded.
    """

    format: ImageFormat
    stored: tuple[int, int]
    orientation: int
    colorspace: str
    held: int = 0

    @property
    def height(self) -> int:
        """Height when upright, in pixels."""
        return self.stored[1] if self._turned else self.stored[0]

    @property
    def width(self) -> int:
        """Width when upright, in pixels."""
        return self.stored[0] if self._turned else self.stored[1]

    @property
    def by_turbo(self) -> bool:
        """Whether libjpeg-turbo decodes it, and at a fraction of its size: a JPEG, not of inks."""
        return self.format == "jpeg" and self.colorspace not in ("CMYK", "YCCK")

    @property
    def _turned(self) -> bool:
        return self.orientation >= 5

    @property
    def mirrored(self) -> tuple[bool, bool]:
        """Whether the upright rows, and the upright columns, run against the stored order."""
        return self.orientation in (3, 4, 7, 8), self.orientation in (2, 3, 6, 7)

    def upright(self, stored: Array) -> Array:
        """Turn the stored pixels (H, W, C) upright: a view.

        The eight orientations are those of the TIFF 6.0 specification, tag 274: first, perhaps, rows
        and columns change places; then, perhaps, each axis is reversed.
        """
        image = stored.transpose(1, 0, 2) if self._turned else stored
        rows, columns = self.mirrored
        return image[:: -1 if rows else 1, :: -1 if columns else 1]
