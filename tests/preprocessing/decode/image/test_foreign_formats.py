"""Errors for common formats that are not decoded name the format and a remedy."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

import numpy as np
import pytest

from preprocessing import Pipeline, UnknownFormat
from preprocessing.decode.sniff import sniff


def box(brand: bytes, *compatible: bytes) -> bytes:
    return (
        bytes((0, 0, 0, 16 + 4 * len(compatible)))
        + b"ftyp"
        + brand
        + bytes(4)
        + b"".join(compatible)
    )


def archive(kind: str) -> bytes:
    stream = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(stream, "w") as file:
            file.writestr("a.txt", "text")
    elif kind == "tar":
        with tarfile.open(fileobj=stream, mode="w") as file:
            file.addfile(tarfile.TarInfo("a.txt"))
    else:
        np.save(stream, np.zeros(3))
    return stream.getvalue()


NAMED = {
    "HEIF": box(b"mif1", b"mif1"),
    "JPEG XL image": b"\xff\x0a\xfa\x1f",
    "JPEG XL": b"\0\0\0\x0cJXL \r\n\x87\n",
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n",
    "JPEG 2000 codestream": b"\xff\x4f\xff\x51\0\x2f",
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "SVG": b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg">',
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "PSD": b"8BPS\0\1\0\0",
    "ICO": b"\0\0\1\0\1\0\x10\x10",
    "CR3": box(b"crx ", b"isom"),
    "RAF": b"FUJIFILMCCD-RAW 0201",
    "ORF": b"IIRO\x08\0\0\0",
    "OpenEXR": b"\x76\x2f\x31\x01\2\0\0\0",
    "Radiance": b"#?RADIANCE\n",
    "PNM": b"P6\n2 2\n255\n" + bytes(12),
    "DICOM": bytes(128) + b"DICM",
    "ZIP": archive("zip"),
    "gzip": gzip.compress(b"text"),
    "tar": archive("tar"),
    "Parquet": b"PAR1\x15\x04",
    "NumPy": archive("npy"),
    "HDF5": b"\x89HDF\r\n\x1a\n",
    "Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    "DS_Store": b"\0\0\0\1Bud1\0\0",
    "Thumbs.db": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
}


@pytest.mark.parametrize("name", NAMED)
def test_it_is_named(name: str) -> None:
    with pytest.raises(UnknownFormat, match=name) as caught:
        Pipeline.parse("npy")(NAMED[name])
    assert "; " in str(caught.value) and "upload it again" not in str(caught.value)


@pytest.mark.parametrize(
    "head", [box(b"avif", b"mif1"), box(b"avis"), box(b"mif1", b"miaf", b"avif")]
)
def test_avif_is_detected_by_its_brands(head: bytes) -> None:
    found = sniff(head, "image")
    assert (found.name, found.content_type) == ("avif", "image/avif")


@pytest.mark.parametrize(
    "head", [box(b"heic", b"mif1"), box(b"hevc", b"msf1"), box(b"mif1", b"mif1", b"heic")]
)
def test_heic_is_detected_by_its_brands(head: bytes) -> None:
    found = sniff(head, "image")
    assert (found.name, found.content_type) == ("heic", "image/heic")


@pytest.mark.parametrize("text", ["P6 is a pipe", "BZh…", "ORCs march", "<svg> is a tag", "%!PS"])
def test_a_text_that_begins_as_one_of_them_is_text(text: str) -> None:
    for encoding in ("utf-8", "utf-16", "cp1252"):
        assert sniff(text.encode(encoding), "text").name == "text"


def test_a_pdf_is_not_text() -> None:
    with pytest.raises(UnknownFormat, match="a PDF document"):
        sniff(NAMED["PDF"], "text")
