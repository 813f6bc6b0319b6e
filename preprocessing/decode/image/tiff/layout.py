"""How the picture of a TIFF lies in its file, where its fields agree with each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.decode.image.faults import damaged, unsupported
from preprocessing.decode.image.orientation import orientation_in
from preprocessing.errors import LimitExceeded, UnsupportedSource
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.decode.image.tiff.fields import Directory

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
# By photometric interpretation: its name, samples of colour, and the bits they may have.
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
_FULL_RANGE = (0, 255, 128, 255, 128, 255)  # of YCbCr: ReferenceBlackWhite, as JFIF has it
# An empty tile of a small picture may be larger than it by so many pixels.
_SMALL = 2**22
_MOST_SAMPLES = 2**10
# Strips and tiles, which take some 30 µs each whatever is in them, and files inside some 60.
_MOST_PIECES, _MOST_FILES = 2**17, 2**16
_LEAST_TILE = 16  # pixels a side: TIFF 6.0, section 15


@frozen
class TiffLayout:
    """What there is to unpack.

    Parameters
    ----------
    width, height : int
    bits : int
        A sample.
    samples : int
        A pixel, in each plane.
    planes : int
        1 where a pixel's samples stand together, or as many as there are samples.
    colours : int
        How many of all samples are colours, the first ones.
    alpha : bool
        Whether the sample behind the colours is an alpha that they are multiplied by.
    photometric, compression : int
        As in the file.
    across, rows : int
        Width and height of a strip or tile.
    tiled : bool
    options : int
        T4Options.
    reversed_bits : bool
        FillOrder 2.
    differences : bool
        Whether samples are differences to those before (predictor 2).
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

    @property
    def name(self) -> str:
        """What is stored."""
        name = _COLOURS[self.photometric][0]
        return f"{name} {self.bits} bits" if self.bits != 8 else name

    @property
    def row_bytes(self) -> int:
        """Bytes that a row of a strip or tile unpacks to."""
        return (self.across * self.samples * self.bits + 7) // 8

    @property
    def kept(self) -> int:
        """How many samples of each pixel are kept."""
        return self.colours + self.alpha

    def places(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield the plane, first row and column of each strip or tile, and how many rows it has.

        Planes that are not kept are left out.
        """
        for plane in range(min(self.planes, self.kept)):
            for top in range(0, self.height, self.rows):
                for left in range(0, self.width, self.across):
                    rows = self.rows if self.tiled else min(self.rows, self.height - top)
                    yield plane, top, left, rows

    @property
    def held(self) -> int:
        """Most bytes that decoding holds at once, its result among them."""
        pixels, sample = self.width * self.height, 2 if self.bits > 8 else 1
        segment = self.rows * self.row_bytes * (8 // self.bits if self.bits < 8 else 1)
        converted = 8 if self.photometric in (CMYK, YCBCR, LAB) or self.alpha else 1
        return pixels * (self.kept * sample * 2 + converted + 3) + 4 * segment + 2**20


def layout(fields: Directory) -> TiffLayout:
    """Return how the picture lies in its file.

    Raises
    ------
    CorruptSource, UnsupportedSource
    LimitExceeded
        Where its strips or tiles are too many.
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
        raise unsupported("TIFF", f"colours of kind {photometric} (PhotometricInterpretation)")
    samples, extras = fields.number(277, 1), fields.numbers(338, _MOST_SAMPLES)
    _, colours, depths = _COLOURS[photometric]
    if 258 not in fields and photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO):
        raise damaged("TIFF", "its BitsPerSample is missing")
    bits = _bits(fields, samples)
    if bits not in depths or (samples > 1 and bits not in (8, 16)):
        raise UnsupportedSource(
            f"the TIFF has {bits} bits in each of {samples} samples of a pixel, a depth that has no "
            "agreed range or is not decoded; store 8 or 16 bits a sample"
        )
    if samples < colours:
        raise damaged("TIFF", f"{samples} samples a pixel, where its colours need {colours}")
    if samples != colours + len(extras) and not (photometric == RGB and samples == 4):
        raise unsupported(
            "TIFF", f"{samples} samples a pixel, some without a meaning (ExtraSamples)"
        )
    apart = fields.number(284, 1) == 2 and samples > 1
    alpha = len(extras) > 0 and int(extras[0]) == _PREMULTIPLIED and photometric in (0, 1, RGB)
    tiled = 322 in fields
    across = fields.number(322, 0) if tiled else width
    rows = fields.number(323, 0) if tiled else min(fields.number(278, height), height)
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
        differences=_differences(fields, compression, bits),
    )
    _require_decoded(found, fields)
    return found


def _require_picture(fields: Directory) -> None:
    """Refuse what other files, which are TIFFs outside, have first: a thumbnail of something else."""
    if 50706 in fields or fields.data[8:10] == b"CR":
        raise unsupported("TIFF", "a camera's raw data (DNG or CR2)", "develop it to JPEG or PNG")
    if fields.number(254, 0) & 1 and 330 in fields:
        raise unsupported(
            "TIFF", "a thumbnail first, as cameras' raw files do", "develop it to JPEG or PNG"
        )


def _bits(fields: Directory, samples: int) -> int:
    if not 0 < samples <= _MOST_SAMPLES:
        raise damaged("TIFF", f"{samples} samples a pixel")
    bits = {int(n) for n in fields.numbers(258, _MOST_SAMPLES)[:samples]} or {1}
    formats = {int(n) for n in fields.numbers(339, _MOST_SAMPLES)[:samples]} - {4}
    if formats - {1}:
        raise UnsupportedSource(
            f"the TIFF has samples that are signed or not whole, of {max(bits)} bits, which have no "
            "agreed range; store 8 or 16 bits a sample"
        )
    if len(bits) > 1:
        raise unsupported("TIFF", f"samples of {sorted(bits)} bits beside each other")
    return bits.pop()


def _differences(fields: Directory, compression: int, bits: int) -> bool:
    """Whether the predictor is horizontal differences; other compressions know of none."""
    if compression not in (LZW, DEFLATE, OLD_DEFLATE, LZMA, ZSTD):
        return False
    predictor = fields.number(317, 1)
    if predictor not in (1, 2) or (predictor == 2 and bits not in (8, 16)):
        raise unsupported("TIFF", f"predictor {predictor} of {bits} bits")
    return predictor == 2


def _require_decoded(found: TiffLayout, fields: Directory) -> None:
    if not found.across or not found.rows:
        raise damaged("TIFF", "its strips or tiles have no pixels")
    if found.tiled and min(found.across, found.rows) < _LEAST_TILE:
        raise damaged("TIFF", f"tiles of {found.across} x {found.rows} pixels")
    across, down = -(-found.width // found.across), -(-found.height // found.rows)
    if across * found.across * down * found.rows > max(4 * found.width * found.height, _SMALL):
        raise damaged("TIFF", f"tiles of {found.across} x {found.rows} pixels")
    packed = found.compression in (JPEG, WEBP)
    pieces = across * down * min(found.planes, found.kept)
    if pieces > (_MOST_FILES if packed else _MOST_PIECES):
        raise LimitExceeded(
            f"the TIFF has {pieces} strips or tiles, more than are decoded in time; save it with "
            "larger ones"
        )
    if found.compression in _FAX and (found.bits, found.samples, found.planes) != (1, 1, 1):
        raise damaged("TIFF", "fax compression of other than 1 bit a pixel")
    if packed and (found.bits != 8 or found.alpha or (found.photometric in (PALETTE, LAB))):
        raise unsupported("TIFF", f"JPEG or WebP compression of {found.name}")
    if found.photometric == YCBCR and not packed:
        ratio = [int(n) for n in fields.numbers(530, 2)] or [2, 2]
        if ratio != [1, 1] or fields.fractions(532) not in ((), _FULL_RANGE):
            raise unsupported("TIFF", "subsampled or scaled YCbCr outside of JPEG")
    if found.photometric == YCBCR and packed and found.planes > 1:
        raise unsupported("TIFF", "YCbCr in planes of JPEG")


def tiff_orientation(fields: Directory) -> int:
    """Return the orientation, 1 to 8, of the field or, where that is missing, of XMP."""
    if 274 in fields:
        value = fields.number(274, 1)
        return value if 1 <= value <= 8 else 1
    xmp = fields.text(700)
    return orientation_in({"xmp": xmp}) if xmp else 1
