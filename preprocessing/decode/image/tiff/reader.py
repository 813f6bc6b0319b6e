"""Pillow's TIFF reader without Pillow's limit on pixels, for the files that `libtiff` writes.

Such a file has a pixel for each byte, so several for each pixel of the picture. Our own limit was
checked before.
"""

from __future__ import annotations

from PIL import Image, ImageFile, TiffImagePlugin


class UnlimitedTiff(TiffImagePlugin.TiffImageFile):
    """A gray TIFF of any size."""

    def load_prepare(self) -> None:
        """Allocate memory for the pixels."""
        self.im = Image.new(self.mode, self.size).im
        ImageFile.ImageFile.load_prepare(self)
