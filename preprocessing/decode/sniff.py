"""Detection of an object's format, and so its kind, from its first bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from preprocessing.decode.foreign_formats import brands, describe_foreign, is_avif, is_heic
from preprocessing.decode.formats import FORMATS, Format, decoded_formats
from preprocessing.errors import UnknownFormat

if TYPE_CHECKING:
    from preprocessing.media import SourceKind

_STARTS = tuple((start, found) for found in FORMATS.values() for start in found.starts)
_WORDS = {word: found for found in FORMATS.values() for word in found.words}
_CHUNKS = {chunk: found for found in FORMATS.values() for chunk in found.chunks}
# First boxes of old QuickTime files, which lack the "File Type Box" of ISO/IEC 14496-12.
_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip")
_SOUND_BRANDS = (b"M4A ", b"M4B ", b"M4P ")
_TS_PACKET = 188
_HEAD = 512
_TEXT_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff", b"\xef\xbb\xbf")
# Control characters, which texts do not have. The first bytes of other formats have one, or are not
# UTF-8.
_CONTROLS = bytes({*range(32), 127} - {*b"\t\n\f\r\x1b"})


def sniff(data: bytes, wanted: SourceKind, *, any_kind: bool = False) -> Format:
    """Return the format of an object.

    Parameters
    ----------
    data : bytes
        The object, or its first kilobyte.
    wanted : {"image", "video", "audio", "text"}
        The kind that the pipeline takes. Text has no signature: an object of no known format that can be
        text counts as text if text is wanted, and is unknown otherwise.
    any_kind : bool
        Whether such an object counts as text in any case.

    Raises
    ------
    UnknownFormat
        The message says what the bytes look like.
    """
    head = data[:_HEAD]
    found = None if _is_plainly_text(head) else _signed(data)
    if data.startswith(FORMATS["sphere"].starts):  # its header is text
        found = FORMATS["sphere"]
    if found is not None:
        return found
    named = describe_foreign(data)
    if (wanted == "text" or any_kind) and _may_be_text(head) and not (named and _is_binary(head)):
        return FORMATS["text"]
    if named:
        raise UnknownFormat(named)
    raise UnknownFormat(
        f"{_guess(data[:64], wanted)}; the supported formats are {decoded_formats(wanted)}, which are "
        "detected from the content, not from the name"
    )


def _signed(data: bytes) -> Format | None:
    if data.startswith(b"ID3"):
        return _tagged(data)
    for start, found in _STARTS:
        if data.startswith(start):
            return found
    if data[:4] in _WORDS and b"\0" in data[:64]:
        return _WORDS[data[:4]]
    chunked = _CHUNKS.get((data[:4], data[8:12]))
    if chunked is not None:
        return chunked
    if is_avif(data) or is_heic(data):
        return FORMATS["avif" if is_avif(data) else "heic"]
    if named := brands(data):
        if describe_foreign(data):
            return None
        return FORMATS["m4a" if named[0] in _SOUND_BRANDS else "mp4"]
    if data[4:8] in _BOXES:
        return FORMATS["mp4"]
    if data.startswith(b"BM") and b"\0" in data[:26]:  # a text may begin with "BM" as well
        return FORMATS["bmp"]
    if _is_mpeg_audio(data):
        return FORMATS["mp3"]
    if _is_adts(data):
        return FORMATS["aac"]
    return _transport(data)


def _transport(data: bytes) -> Format | None:
    """Return the type of a transport stream: each packet begins with "G", in M2TS after a timestamp."""
    if b"\0" not in data[:_TS_PACKET]:
        return None
    if data[:1] == data[_TS_PACKET : _TS_PACKET + 1] == b"G":
        return FORMATS["mpegts"]
    if data[4:5] == data[196:197] == data[388:389] == b"G":
        return FORMATS["m2ts"]
    return None


def _tagged(data: bytes) -> Format:
    """Return the format of the sound after an ID3v2 tag, which is MP3 unless another is detected."""
    from preprocessing.decode.audio.tags import skip_tags  # noqa: PLC0415  for tags

    place = skip_tags(data, 0)
    rest = data[place : place + _HEAD].lstrip(b"\0")
    found = None if rest.startswith(b"ID3") else _signed(rest)
    return found if found is not None and found.kind == "audio" else FORMATS["mp3"]


def _is_adts(data: bytes) -> bool:
    """Return whether the data begin with a frame of AAC, followed by another: ISO/IEC 13818-7, 6.2."""
    if len(data) < 7 or data[0] != 0xFF or data[1] & 0xF6 != 0xF0 or data[2] >> 2 & 15 > 12:
        return False
    length = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
    after = data[length : length + 2]
    return length >= 7 and (
        len(data) < length + 2 or (after[0] == 0xFF and after[1] & 0xF6 == 0xF0)
    )


def _is_mpeg_audio(data: bytes) -> bool:
    """Return whether the data begin with a frame of MPEG audio: ISO/IEC 11172-3, 2.4.1.3.

    The frame has eleven synchronization bits, is of layer II or III, and its version, bit rate and
    sample rate are not reserved values. Layer I is not used, and the byte order mark of UTF-16 looks
    like it.
    """
    return (
        len(data) >= 4
        and data[0] == 0xFF
        and data[1] & 0xE0 == 0xE0
        and data[1] & 0x18 != 0x08
        and data[1] & 0x06 in (0x02, 0x04)
        and data[2] & 0xF0 not in (0, 0xF0)
        and data[2] & 0x0C != 0x0C
    )


def _is_plainly_text(head: bytes) -> bool:
    """Return whether the bytes are text in UTF-8: "caffeine" must not be detected as CAF."""
    if head.translate(None, _CONTROLS) != head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:  # the last character may be incomplete
        return error.reason == "unexpected end of data"
    return True


def _may_be_text(head: bytes) -> bool:
    """Return whether a text can begin with these bytes: NUL requires a byte order mark."""
    return b"\0" not in head or head.startswith(_TEXT_MARKS)


def _is_binary(head: bytes) -> bool:
    """Return whether the bytes are not text, so that a signature in them is not a word of a text."""
    return head.startswith(b"%PDF-") or head.translate(None, _CONTROLS) != head


def _guess(head: bytes, wanted: SourceKind) -> str:
    article = "an" if wanted in ("image", "audio") else "a"
    printable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
    if head.lstrip()[:1] == b"<":
        return (
            f"the object looks like HTML or XML, not {article} {wanted}; perhaps an error page was "
            "stored instead"
        )
    if printable == len(head):
        return f"the object looks like text, not {article} {wanted}"
    if wide := _wide(head):
        return (
            f"the object looks like text in {wide} without a byte order mark: add the mark, or store "
            "UTF-8"
        )
    return f"the object begins with the bytes {head[:8].hex(' ')}, which no {wanted} format has"


def _wide(head: bytes) -> str:
    """Return the variant of UTF-16 or UTF-32 of a text without a mark, if most of it is Latin-1."""
    orders: tuple[Literal["little", "big"], ...] = ("little", "big")
    for size, charset in ((4, "UTF-32"), (2, "UTF-16")):
        units = [head[i : i + size] for i in range(0, len(head) - size + 1, size)]
        for order in orders:
            codes = [int.from_bytes(unit, order) for unit in units]
            text = [code for code in codes if 32 <= code < 256 or code in (9, 10, 13)]
            if 2 * len(text) > len(units):
                return f"{charset}-{order[0].upper()}E"
    return ""
