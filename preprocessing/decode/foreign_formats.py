"""Common formats that are not decoded: their signatures, and what to do with such a file.

People upload these among their pictures, sounds and texts. An error that names the format helps them
more than one that quotes the first bytes.
"""

from __future__ import annotations

import re

_PICTURE = "convert it to JPEG or PNG"
_RAW = "develop it to JPEG or PNG"
_MEMBERS = "store each file in it as an object of its own"
_SHARD = "begin the pipeline with tar/ to transform its members"
_UNPACK = "store it uncompressed"
_PAGES = "render its pages to PNG"
_ARRAY = "load the array yourself and pass it to the pipeline"
_TABLE = "store each picture, sound or text in it as an object of its own"
_ROWS = f"read its rows by open_reader(..., column=...), or {_TABLE}"
_NOT_DATA = "leave it out of the dataset"

# Offset of the signature, the signature, the format's name with its article, and the remedy.
_SIGNATURES: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\xff\x0a", "a JPEG XL image", _PICTURE),
    (4, b"JXL \r\n\x87\n", "a JPEG XL image", _PICTURE),
    (4, b"jP  \r\n\x87\n", "a JPEG 2000 image", _PICTURE),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 codestream", _PICTURE),
    (0, b"II\xbc\x01", "a JPEG XR image", _PICTURE),
    (0, b"8BPS", "a Photoshop document (PSD)", _PICTURE),
    (0, b"gimp xcf", "a GIMP image (XCF)", _PICTURE),
    (0, b"\0\0\1\0", "an icon (ICO)", _PICTURE),
    (0, b"\0\0\2\0", "a cursor (CUR)", _PICTURE),
    (0, b"icns", "an Apple icon (ICNS)", _PICTURE),
    (0, b"\x76\x2f\x31\x01", "an OpenEXR image", "tone-map it and store 8 or 16 bits as PNG"),
    (0, b"#?RADIANCE", "a Radiance HDR image", "tone-map it and store 8 or 16 bits as PNG"),
    (0, b"#?RGBE", "a Radiance HDR image", "tone-map it and store 8 or 16 bits as PNG"),
    (0, b"DDS ", "a DirectDraw surface (DDS)", _PICTURE),
    (0, b"qoif", "a QOI image", _PICTURE),
    (0, b"BPG\xfb", "a BPG image", _PICTURE),
    (0, b"FLIF", "a FLIF image", _PICTURE),
    (0, b"AT&TFORM", "a DjVu document", _PAGES),
    (0, b"SIMPLE  =", "a FITS image", _PICTURE),
    (128, b"DICM", "a DICOM image", "export it to PNG"),
    (344, b"n+1\0", "a NIfTI volume", "export its slices to PNG"),
    (0, b"\xd7\xcd\xc6\x9a", "a Windows metafile (WMF)", _PICTURE),
    (40, b" EMF", "a Windows metafile (EMF)", _PICTURE),
    (0, b"FUJIFILMCCD-RAW", "a camera's raw file (RAF)", _RAW),
    (0, b"IIRO", "a camera's raw file (ORF)", _RAW),
    (0, b"IIRS", "a camera's raw file (ORF)", _RAW),
    (0, b"MMOR", "a camera's raw file (ORF)", _RAW),
    (0, b"IIU\0", "a camera's raw file (RW2)", _RAW),
    (0, b"FOVb", "a camera's raw file (X3F)", _RAW),
    (6, b"HEAPCCDR", "a camera's raw file (CRW)", _RAW),
    (0, b"\0MRM", "a camera's raw file (MRW)", _RAW),
    (0, b"%PDF-", "a PDF document", _PAGES),
    (0, b"%!PS", "a PostScript document", _PAGES),
    (0, b"\xc5\xd0\xd3\xc6", "an EPS document", _PAGES),
    (0, b"{\\rtf", "a rich text document (RTF)", "save it as plain text"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document or Thumbs.db", _MEMBERS),
    (0, b"PK\3\4", "a ZIP archive (or DOCX, XLSX, NPZ or a PyTorch file)", _MEMBERS),
    (0, b"PK\5\6", "an empty ZIP archive", _NOT_DATA),
    (257, b"ustar", "a tar archive", _SHARD),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _MEMBERS),
    (0, b"Rar!\x1a\x07", "a RAR archive", _MEMBERS),
    (0, b"\x1f\x8b", "compressed with gzip", f"{_UNPACK}, or with Content-Encoding: gzip"),
    (0, b"BZh", "compressed with bzip2", _UNPACK),
    (0, b"\xfd7zXZ\0", "compressed with xz", _UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "compressed with Zstandard", _UNPACK),
    (0, b"\x04\x22\x4d\x18", "compressed with LZ4", _UNPACK),
    (0, b"PAR1", "a Parquet table", _ROWS),
    (0, b"ARROW1", "an Arrow table", _TABLE),
    (0, b"ORC", "an ORC table", _TABLE),
    (0, b"Obj\1", "an Avro table", _TABLE),
    (0, b"SQLite format 3\0", "an SQLite database", _TABLE),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file", _TABLE),
    (0, b"\x93NUMPY", "a NumPy array (.npy)", _ARRAY),
    (0, b"MATLAB 5.0", "a MATLAB file", _ARRAY),
    (
        0,
        b"version https://git-lfs.github.com/",
        "a Git LFS pointer, not the file",
        "run git lfs pull",
    ),
    (0, b"\0\0\0\1Bud1", "a .DS_Store of the Finder", _NOT_DATA),
    (0, b"\0\5\x16\7", "an AppleDouble file (._name) of the Finder", _NOT_DATA),
    (0, b"L\0\0\0\1\x14\2\0", "a Windows shortcut", _NOT_DATA),
    (0, b"\x7fELF", "a program", _NOT_DATA),
    (0, b"\0asm", "a program", _NOT_DATA),
)
_BRANDS = {
    b"jxl ": ("a JPEG XL image", _PICTURE),
    b"crx ": ("a camera's raw file (CR3)", _RAW),
    b"jp2 ": ("a JPEG 2000 image", _PICTURE),
    b"jpx ": ("a JPEG 2000 image", _PICTURE),
    b"vvic": ("a VVC image", _PICTURE),
    b"avci": ("an AVC image", _PICTURE),
}
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
_AVIF = (b"avif", b"avis")
_ANY_STILL = (b"mif1", b"msf1", b"mif2", b"miaf", b"mif3")
_PORTABLE = re.compile(rb"P([1-7])\s|P[Ff]\n")
_SVG = re.compile(rb"<svg[\s>]", re.IGNORECASE)


def brands(data: bytes) -> list[bytes]:
    """Return the brands of an ISO base media file, the major brand first; empty for other files."""
    if data[4:8] != b"ftyp":
        return []
    end = min(int.from_bytes(data[:4]), len(data))
    return [data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4))]


def is_avif(data: bytes) -> bool:
    """Return whether these are the first bytes of an AVIF image or image sequence."""
    names = brands(data)
    return bool(names) and (
        names[0] in _AVIF or (names[0] in _ANY_STILL and any(name in _AVIF for name in names))
    )


def is_heic(data: bytes) -> bool:
    """Return whether these are the first bytes of a HEIC image or image sequence."""
    names = brands(data)
    return bool(names) and (
        names[0] in _HEIC or (names[0] in _ANY_STILL and any(name in _HEIC for name in names))
    )


def describe_foreign(data: bytes) -> str | None:
    """Return a sentence that names the format and a remedy; None for an unknown format.

    Parameters
    ----------
    data : bytes
        The object, or its first kilobyte.
    """
    for at, signature, name, remedy in _SIGNATURES:
        if data.startswith(signature, at):
            return _sentence(name, remedy)
    if names := brands(data):
        if names[0] in _BRANDS:
            return _sentence(*_BRANDS[names[0]])
        if names[0] in _ANY_STILL:
            return _sentence("a HEIF image", _PICTURE)
    if _PORTABLE.match(data):
        return _sentence("a portable anymap (PNM or PFM)", _PICTURE)
    if _SVG.search(data[:1024]):
        return _sentence("an SVG drawing", "render it to PNG")
    return None


def _sentence(name: str, remedy: str) -> str:
    return f"the object is {name}, which is not decoded; {remedy}"
