"""Formats by their first bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.errors import UnknownFormat

if TYPE_CHECKING:
    from preprocessing.decode.header import Format

_SIGNATURES: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"BM", "bmp"),
)


def sniff(data: bytes) -> Format:
    """Name the format of `data`.

    Raises
    ------
    UnknownFormat
        With a hint of what the bytes look like.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    raise UnknownFormat(
        f"{_guess(data[:64])}; the formats are JPEG, PNG, WebP, GIF, TIFF and BMP, "
        "told by the first bytes and not by the name"
    )


def _guess(head: bytes) -> str:
    printable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
    if head.lstrip()[:1] == b"<":
        return "the object looks like HTML or XML, not an image (an error page stored as a photo?)"
    if printable == len(head):
        return "the object looks like text, not an image"
    return f"no image format starts with the bytes {head[:8].hex(' ')}"
