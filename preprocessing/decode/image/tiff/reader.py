"""Pillow's reader of TIFFs without a limit of its own, for the files that `libtiff` writes.

A byte is a pixel there, so that Pillow would count three pixels for each; ours was asked before.
"""

from __future__ import annotations

from PIL import Image, ImageFile, TiffImagePlugin


class UnlimitedTiff(TiffImagePlugin.TiffImageFile):
    """A gray TIFF, of any size."""

    def load_prepare(self) -> None:
        """Take memory for the pixels."""
        self.im = Image.new(self.mode, self.size).im
        ImageFile.ImageFile.load_prepare(self)
