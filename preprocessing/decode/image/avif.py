"""AVIF decoder: `heif` parses the boxes; libavif, through Pillow, decodes the primary picture.

AV1 has no checksums, so damaged pixels cannot be detected; only lengths and offsets are checked against
the file. Of an image sequence the primary picture is decoded, which is the first. References: AV1 Image
File Format 1.1; ISO/IEC 14496-12 and 23008-12; AV1 Bitstream Specification, 5.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.decode.image import pillow
from preprocessing.decode.image.faults import damaged, unsupported
from preprocessing.decode.image.header import ImageHeader
from preprocessing.decode.image.heif.av1 import frame_size
from preprocessing.decode.image.heif.items import HeifFile, within_boxes
from preprocessing.decode.image.orientation import orientation_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.decode.image.heif.items import HeifItem
    from preprocessing.media import Array, DType

# Most coded pixels (alpha and the tiles of a grid included) per pixel shown, and the number that is
# always allowed, because the blocks and tiles of a small picture may be larger than the picture.
_CODED, _SMALL = 8, 2**20
_HEAD = 1024  # bytes of a coded picture that are searched for its sequence header
# Bytes per pixel shown (libavif's RGB, Pillow's copy and image, and two of ours), and per pixel coded
# (planes of 8 bits or more).
_HELD, _HELD_CODED = 20, 6


def probe(data: bytes, deep: DType = "uint8") -> ImageHeader:
    """Read the header, without decoding pixels. `deep` is the type for which it will be decoded.

    Raises
    ------
    CorruptSource, UnsupportedSource
    """
    with within_boxes("AVIF"):
        file = HeifFile.of("AVIF", data)
        coded, bits = _coded(file), max(_depths(file), default=8)
    if deep != "uint8" and bits > 8:
        raise unsupported(
            "AVIF", "more than 8 bits per sample", "store 16 bits as PNG, or decode it to 8 bits"
        )
    image = pillow.open_image(_primary(data), "Avif")
    shown = image.width * image.height
    if coded > _CODED * shown + _SMALL:
        raise damaged("AVIF", f"{coded} coded pixels for a picture of {shown}")
    held = _HELD * shown + _HELD_CODED * coded + 2 * len(data)
    return ImageHeader(
        "avif", (image.height, image.width), orientation_of(image), image.mode, held=held
    )


def decode(data: bytes, _: DType = "uint8") -> Array:
    """Decode to uint8, (H, W, 3), before orientation. Raises the errors of `probe`."""
    return pillow.decode(_primary(data), "Avif")


def _primary(data: bytes) -> bytes:
    """Return the file with a brand that makes libavif decode the primary picture, not a track."""
    return data[:8] + b"avif" + data[12:]


def _coded(file: HeifFile) -> int:
    """Return the number of pixels in all coded pictures that decoding may need."""
    items = file.items().values()
    return sum(item.uses * _area(file, item) for item in items if item.type == b"av01")


def _depths(file: HeifFile) -> Iterator[int]:
    """Yield the bits per sample of each AV1 configuration: AV1-ISOBMFF, 2.3."""
    for name, (start, stop) in file.properties():
        if name == b"av1C" and stop - start >= 4:
            high, twelve = file.data[start + 2] >> 6 & 1, file.data[start + 2] >> 5 & 1
            yield 8 + 2 * high + 2 * (high & twelve)


def _area(file: HeifFile, item: HeifItem) -> int:
    """Return the number of pixels in a coded picture, from its sequence header."""
    starts = (file.data[place : place + min(size, _HEAD)] for place, size in item.extents[:8])
    width, height = frame_size(b"".join(starts))
    return width * height
