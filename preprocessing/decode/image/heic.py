"""HEIC decoder: `heif` parses the boxes; libheif, through pillow-heif, decodes the primary picture.

HEVC has no checksums that a decoder must have, so damaged pixels cannot be detected; only lengths and
offsets are checked against the file. Of a burst or a sequence the primary picture is decoded, without
its depth and gain maps. It is turned by the properties of the container, and an orientation in its EXIF
is ignored, because it only repeats them: ISO/IEC 23008-12.
"""

from __future__ import annotations

import struct
from importlib.util import find_spec
from typing import TYPE_CHECKING

from preprocessing.decode.image import pillow
from preprocessing.decode.image.faults import damaged, unsupported
from preprocessing.decode.image.header import ImageHeader
from preprocessing.decode.image.heif.hevc import CodedPicture, coded_picture
from preprocessing.decode.image.heif.items import HeifFile, within_boxes
from preprocessing.errors import UnsupportedSource

if TYPE_CHECKING:
    from preprocessing.decode.image.heif.items import HeifItem
    from preprocessing.media import Array, DType

_CODED, _GRID = b"hvc1", b"grid"
# As for AVIF: most coded pixels per pixel shown, and the number that is always allowed.
_RATIO, _SMALL = 8, 2**20
# Bytes per pixel shown (libheif's planes and RGB, Pillow's copy and image, and two of ours), and per
# pixel coded (three planes of 16 bits).
_HELD, _HELD_CODED = 16, 6


def probe(data: bytes, deep: DType = "uint8") -> ImageHeader:
    """Read the header, without decoding pixels. `deep` is the type for which it will be decoded.

    Raises
    ------
    CorruptSource
    UnsupportedSource
        Also if pillow-heif is not installed.
    """
    if find_spec("pillow_heif") is None:
        raise UnsupportedSource(
            "the object is a HEIC image, which needs pillow-heif, and it is not installed; pip install "
            "'jitprep[heif]', or convert it to JPEG or PNG"
        )
    with within_boxes("HEIC"):
        coded, claimed = _checked(HeifFile.of("HEIC", data))
    if deep != "uint8" and coded.bits > 8:
        raise unsupported(
            "HEIC", "more than 8 bits per sample", "store 16 bits as PNG, or decode it to 8 bits"
        )
    image = pillow.open_image(data, "Heif")
    if image.width * image.height > claimed:
        raise damaged("HEIC", "its picture is larger than its properties say")
    held = _HELD * claimed + _HELD_CODED * coded.pixels + 2 * len(data)
    return ImageHeader("heic", (image.height, image.width), 1, image.mode, held=held)


def decode(data: bytes, _: DType = "uint8") -> Array:
    """Decode to uint8, (H, W, 3), upright. Raises the errors of `probe`."""
    return pillow.decode(data, "Heif")


def _checked(file: HeifFile) -> tuple[CodedPicture, int]:
    """Return what all coded pictures take together, and the pixels of the primary picture."""
    items, primary = file.items(), file.primary()
    drawn = [primary, *(source for source, _ in file.references(b"auxl"))]
    for number in drawn:
        kind = items[number].type if number in items else b"none"
        if kind not in (_CODED, _GRID):
            name = kind.decode("latin-1")
            raise unsupported("HEIC", f"a picture of type {name}", "convert it to JPEG or PNG")
    grids = [number for number, item in items.items() if item.type == _GRID]
    properties, numbers = file.properties(), file.associations()
    sizes = {
        n: _size(file, [properties[i] for i in numbers.get(n, []) if 0 <= i < len(properties)])
        for n in (primary, *grids)
    }
    for number in grids:
        if _grid_size(file.bytes_of(items[number])) != sizes[number]:
            raise damaged("HEIC", "the size of its grid of tiles differs from its properties")
    for source, tiles in file.references(b"dimg"):
        if source in grids and any(n not in items or items[n].type != _CODED for n in tiles):
            raise unsupported("HEIC", "a grid of other pictures", "convert it to JPEG or PNG")
    coded = _all_coded(file, items, properties, numbers)
    width, height = sizes[primary]
    pixels = coded.pixels + sum(w * h for w, h in sizes.values())
    if pixels > _RATIO * width * height + _SMALL:
        raise damaged("HEIC", f"{pixels} coded pixels for a picture of {width * height}")
    return CodedPicture(pixels, coded.bits), width * height


def _all_coded(
    file: HeifFile,
    items: dict[int, HeifItem],
    properties: list[tuple[bytes, tuple[int, int]]],
    numbers: dict[int, list[int]],
) -> CodedPicture:
    pixels, bits = 0, 8
    for number, item in items.items():
        if item.type != _CODED:
            continue
        records = [properties[i] for i in numbers.get(number, []) if 0 <= i < len(properties)]
        record = next((place for kind, place in records if kind == b"hvcC"), None)
        if record is None:
            raise damaged("HEIC", "a coded picture has no configuration")
        picture = coded_picture(file.data[slice(*record)], file.bytes_of(item))
        pixels, bits = pixels + item.uses * picture.pixels, max(bits, picture.bits)
    return CodedPicture(pixels, bits)


def _size(file: HeifFile, properties: list[tuple[bytes, tuple[int, int]]]) -> tuple[int, int]:
    """Return the width and height of a picture, before it is cropped and turned."""
    place = next((place for kind, place in properties if kind == b"ispe"), None)
    if place is None:
        raise damaged("HEIC", "a picture has no size")
    width, height = struct.unpack_from(">II", file.data, place[0] + 4)
    return width, height


def _grid_size(data: bytes) -> tuple[int, int]:
    """Return the width and height of a grid: 23008-12, 6.6.2.3.2."""
    width, height = struct.unpack_from(">II" if data[1] & 1 else ">HH", data, 4)
    return width, height
