"""The layout of a TIFF's picture in its file, after a check that its fields agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.decode.image.faults import damaged, unsupported
from preprocessing.decode.image.orientation import orientation_in
from preprocessing.decode.image.tiff.sample_format import (
    DIFFERENCES,
    MOST_SAMPLES,
    PLANAR_BYTES,
    predictor_of,
    sample_format,
)
from preprocessing.errors import LimitExceeded, UnsupportedSource
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.decode.image.tiff.fields import Directory
    from preprocessing.media import DType

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
# By photometric interpretation: its name, the number of colour samples, and the bits that these may
# have.
_COLOURS: dict[int, tuple[str, int, tuple[int, ...]]] = {
    WHITE_IS_ZERO: ("gray", 1, (1, 2, 4, 8, 12, 16)),
    BLACK_IS_ZERO: ("gray", 1, (1, 2, 4, 8, 12, 16)),
    RGB: ("RGB", 3, (8, 16)),
    PALETTE: ("P", 1, (1, 2, 4, 8)),
    CMYK: ("CMYK", 4, (8, 16)),
    YCBCR: ("YCbCr", 3, (8,)),
    LAB: ("LAB", 3, (8,)),
}
RAW, RLE, GROUP3, GROUP4, LZW, JPEG, DEFLATE = 1, 2, 3, 4, 5, 7, 8
PACKBITS, OLD_DEFLATE, LZMA, ZSTD, WEBP = 32773, 32946, 34925, 50000, 50001
_FAX = (RLE, GROUP3, GROUP4)
_DECODED = (RAW, *_FAX, LZW, JPEG, DEFLATE, PACKBITS, OLD_DEFLATE, LZMA, ZSTD, WEBP)
_PREDICTED = (LZW, DEFLATE, OLD_DEFLATE, LZMA, ZSTD)
_COMPRESSIONS = {
    6: "old-style JPEG",
    9: "JBIG",
    10: "JBIG",
    32766: "NeXT's",
    32771: "CCITT RLE by words",
    32809: "ThunderScan",
    32867: "Kodak's",
    32908: "Pixar's",
    32909: "Pixar's",
    33003: "JPEG 2000",
    33004: "JPEG 2000",
    33005: "JPEG 2000",
    34661: "JBIG",
    34676: "SGI's",
    34677: "SGI's",
    34712: "JPEG 2000",
    34713: "Nikon's",
    34887: "LERC",
    34892: "lossy JPEG of DNG",
    50002: "JPEG XL",
    52546: "JPEG XL",
    65535: "Pentax's",
}
_PREMULTIPLIED = 1
_FULL_RANGE = (0, 255, 128, 255, 128, 255)  # ReferenceBlackWhite of YCbCr in JFIF
# Pixels that the tiles of a picture may have in any case, because tiles may be larger than a small
# picture.
_SMALL = 2**22
# Most strips and tiles, which take about 30 µs each, and 60 µs if each is a JPEG or WebP file.
_MOST_PIECES, _MOST_FILES = 2**17, 2**16
_LEAST_TILE = 16  # pixels per side: TIFF 6.0, section 15


@frozen
class TiffLayout:
    """The layout of a picture in strips or tiles.

    Parameters
    ----------
    width, height : int
        Of the picture, in pixels.
    bits : int
        Per sample.
    samples : int
        Per pixel, in each plane.
    planes : int
        1 if a pixel's samples are together; otherwise the number of samples, with a plane for each.
    colours : int
        Number of colour samples, which come first.
    alpha : bool
        Whether the sample after the colours is an alpha by which they are multiplied.
    photometric, compression : int
        As in the file.
    across, rows : int
        Width and height of a strip or tile, in pixels.
    tiled : bool
    options : int
        T4Options.
    reversed_bits : bool
        Whether the bits of each byte are reversed (FillOrder 2).
    differences : bool
        Whether samples are differences from the sample before (predictor 2).
    floats : bool
        Whether samples are floats.
    planar_bytes : bool
        Whether the bytes of floats are apart, and differences (predictor 3).
    """

    width: int
    height: int
    bits: int
    samples: int
    planes: int
    colours: int
    alpha: bool
    photometric: int
    compression: int
    across: int
    rows: int
    tiled: bool
    options: int
    reversed_bits: bool
    differences: bool
    floats: bool = False
    planar_bytes: bool = False

    @property
    def name(self) -> str:
        """Name of the stored colours and bits, as in "gray 12 bits"."""
        name = _COLOURS[self.photometric][0]
        if self.floats:
            return f"{name} float{self.bits}"
        return f"{name} {self.bits} bits" if self.bits != 8 else name

    @property
    def sample_type(self) -> str:
        """NumPy's name for the type of unpacked samples."""
        if self.floats:
            return f"float{self.bits}"
        return "uint8" if self.bits <= 8 else "uint16"

    @property
    def row_bytes(self) -> int:
        """Bytes of an unpacked row of a strip or tile."""
        return (self.across * self.samples * self.bits + 7) // 8

    @property
    def kept(self) -> int:
        """Number of samples of each pixel that are kept."""
        return self.colours + self.alpha

    def places(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield the plane, the first row, the first column and the rows of each strip or tile.

        Planes that are not kept are left out.
        """
        for plane in range(min(self.planes, self.kept)):
            for top in range(0, self.height, self.rows):
                for left in range(0, self.width, self.across):
                    rows = self.rows if self.tiled else min(self.rows, self.height - top)
                    yield plane, top, left, rows

    @property
    def held(self) -> int:
        """Most bytes that decoding holds at once, including its result."""
        pixels, sample = self.width * self.height, -(-self.bits // 8)
        segment = self.rows * self.row_bytes * (8 // self.bits if self.bits < 8 else 1)
        converted = 8 if self.photometric in (CMYK, YCBCR, LAB) or self.alpha else 1
        return pixels * (self.kept * sample * 2 + converted + 3) + 4 * segment + 2**20


def layout(fields: Directory, deep: DType = "uint8") -> TiffLayout:
    """Return the layout of the picture. `deep` is the type for which it will be decoded.

    Raises
    ------
    CorruptSource, UnsupportedSource
    LimitExceeded
        If there are too many strips or tiles.
    """
    _require_picture(fields)
    width, height = fields.number(256, 0), fields.number(257, 0)
    if not width or not height:
        raise damaged("TIFF", "its width or height is missing")
    if 262 not in fields:
        raise damaged("TIFF", "its PhotometricInterpretation is missing")
    compression, photometric = fields.number(259, RAW), fields.number(262, WHITE_IS_ZERO)
    if compression not in _DECODED:
        name = _COMPRESSIONS.get(compression, "an unknown")
        raise unsupported("TIFF", f"{name} compression ({compression})")
    if photometric not in _COLOURS:
        raise unsupported("TIFF", f"the PhotometricInterpretation {photometric}")
    samples, extras = fields.number(277, 1), fields.numbers(338, MOST_SAMPLES)
    _, colours, depths = _COLOURS[photometric]
    if 258 not in fields and photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO):
        raise damaged("TIFF", "its BitsPerSample is missing")
    bits, floats = sample_format(fields, samples, deep)
    if floats:
        depths = (16, 32) if photometric in (BLACK_IS_ZERO, RGB) else ()
    if bits not in depths or (samples > 1 and bits not in (8, 16, 32)):
        raise UnsupportedSource(
            f"the TIFF has {samples} samples per pixel of {bits} bits each, which are not decoded or "
            "have no agreed range; store 8 or 16 bits per sample"
        )
    if samples < colours:
        raise damaged("TIFF", f"it has {samples} samples per pixel, but its colours need {colours}")
    if samples != colours + len(extras) and not (photometric == RGB and samples == 4):
        raise unsupported(
            "TIFF", f"{samples} samples per pixel, some without a meaning (ExtraSamples)"
        )
    apart = fields.number(284, 1) == 2 and samples > 1
    alpha = len(extras) > 0 and int(extras[0]) == _PREMULTIPLIED and photometric in (0, 1, RGB)
    tiled = 322 in fields
    across = fields.number(322, 0) if tiled else width
    rows = fields.number(323, 0) if tiled else min(fields.number(278, height), height)
    predictor = predictor_of(fields, bits, floats=floats) if compression in _PREDICTED else 1
    found = TiffLayout(
        width=width,
        height=height,
        bits=bits,
        samples=1 if apart else samples,
        planes=samples if apart else 1,
        colours=colours,
        alpha=alpha,
        photometric=photometric,
        compression=compression,
        across=across,
        rows=rows,
        tiled=tiled,
        options=fields.number(292, 0),
        reversed_bits=fields.number(266, 1) == 2 and compression not in (JPEG, WEBP),
        differences=predictor == DIFFERENCES,
        floats=floats,
        planar_bytes=predictor == PLANAR_BYTES,
    )
    _require_decoded(found, fields)
    if deep != "uint8" and bits > 8 and (alpha or photometric == CMYK):
        what = "CMYK" if photometric == CMYK else "colours multiplied by their alpha"
        raise unsupported(
            "TIFF", f"{what} at {bits} bits per sample", "store RGB, or decode it to 8 bits"
        )
    return found


def _require_picture(fields: Directory) -> None:
    """Raise UnsupportedSource for a camera's raw file, a TIFF whose first picture is a thumbnail."""
    if 50706 in fields or fields.data[8:10] == b"CR":
        raise unsupported("TIFF", "a camera's raw data (DNG or CR2)", "develop it to JPEG or PNG")
    if fields.number(254, 0) & 1 and 330 in fields:
        raise unsupported(
            "TIFF",
            "only a thumbnail as its first picture, like a camera's raw file",
            "develop it to JPEG or PNG",
        )


def _require_decoded(found: TiffLayout, fields: Directory) -> None:
    if not found.across or not found.rows:
        raise damaged("TIFF", "its strips or tiles have no pixels")
    if found.tiled and min(found.across, found.rows) < _LEAST_TILE:
        raise damaged("TIFF", f"it claims tiles of {found.across} x {found.rows} pixels")
    across, down = -(-found.width // found.across), -(-found.height // found.rows)
    if across * found.across * down * found.rows > max(4 * found.width * found.height, _SMALL):
        raise damaged("TIFF", f"it claims tiles of {found.across} x {found.rows} pixels")
    packed = found.compression in (JPEG, WEBP)
    pieces = across * down * min(found.planes, found.kept)
    if pieces > (_MOST_FILES if packed else _MOST_PIECES):
        raise LimitExceeded(
            f"the TIFF has {pieces} strips or tiles, which take too long to decode; save it with larger "
            "ones"
        )
    if found.compression in _FAX and (found.bits, found.samples, found.planes) != (1, 1, 1):
        raise damaged("TIFF", "it has fax compression, but not 1 bit per pixel")
    if packed and (found.bits != 8 or found.alpha or (found.photometric in (PALETTE, LAB))):
        raise unsupported("TIFF", f"JPEG or WebP compression of {found.name}")
    if found.photometric == YCBCR and not packed:
        ratio = [int(n) for n in fields.numbers(530, 2)] or [2, 2]
        if ratio != [1, 1] or fields.fractions(532) not in ((), _FULL_RANGE):
            raise unsupported("TIFF", "subsampled or scaled YCbCr without JPEG compression")
    if found.photometric == YCBCR and packed and found.planes > 1:
        raise unsupported("TIFF", "YCbCr in separate planes with JPEG compression")


def tiff_orientation(fields: Directory) -> int:
    """Return the orientation, 1 to 8, from its field or, if that is missing, from XMP."""
    if 274 in fields:
        value = fields.number(274, 1)
        return value if 1 <= value <= 8 else 1
    xmp = fields.text(700)
    return orientation_in({"xmp": xmp}) if xmp else 1
