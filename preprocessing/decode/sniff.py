"""Formats, and so kinds, by their first bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from preprocessing.decode.foreign_formats import brands, describe_foreign, is_avif
from preprocessing.decode.image.header import ImageFormat
from preprocessing.errors import UnknownFormat
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from preprocessing.media import SourceKind

# What follows "caf" is decoded in a container, or known by name alone.
AudioFormat: TypeAlias = Literal[
    "wav",
    "flac",
    "ogg",
    "mp3",
    "aiff",
    "au",
    "caf",
    "m4a",
    "mka",
    "wma",
    "fla",
    "aac",
    "w64",
    "sphere",
    "amr",
    "ape",
    "wavpack",
    "tta",
    "dsf",
    "ac3",
    "voc",
    "midi",
]
VideoFormat: TypeAlias = Literal[
    "mp4", "matroska", "avi", "mpeg", "mpegts", "flv", "wmv", "ogv", "rm", "mxf", "ivf", "m2ts"
]
SourceFormat: TypeAlias = ImageFormat | AudioFormat | VideoFormat | Literal["text"]


@frozen
class Sniffed:
    """What an object is.

    Parameters
    ----------
    kind : {"image", "video", "audio", "text"}
    format : str
    content_type : str
        Its media type, as IANA has it.
    """

    kind: SourceKind
    format: SourceFormat
    content_type: str


_JPEG = Sniffed("image", "jpeg", "image/jpeg")
_PNG = Sniffed("image", "png", "image/png")
_WEBP = Sniffed("image", "webp", "image/webp")
_GIF = Sniffed("image", "gif", "image/gif")
_TIFF = Sniffed("image", "tiff", "image/tiff")
_BMP = Sniffed("image", "bmp", "image/bmp")
_AVIF = Sniffed("image", "avif", "image/avif")
_WAV = Sniffed("audio", "wav", "audio/wav")
_MP3 = Sniffed("audio", "mp3", "audio/mpeg")
_M4A = Sniffed("audio", "m4a", "audio/mp4")
_AIFF = Sniffed("audio", "aiff", "audio/aiff")
_AAC = Sniffed("audio", "aac", "audio/aac")
_MP4 = Sniffed("video", "mp4", "video/mp4")
_AVI = Sniffed("video", "avi", "video/x-msvideo")
_TEXT = Sniffed("text", "text", "text/plain")

_SIGNATURES: tuple[tuple[bytes, Sniffed], ...] = (
    (b"\xff\xd8\xff", _JPEG),
    (b"\x89PNG\r\n\x1a\n", _PNG),
    (b"GIF87a", _GIF),
    (b"GIF89a", _GIF),
    (b"II*\x00", _TIFF),
    (b"MM\x00*", _TIFF),
    (b"II+\x00\x08\x00\x00\x00", _TIFF),  # BigTIFF, whose offsets have 8 bytes
    (b"MM\x00+\x00\x08\x00\x00", _TIFF),
    (b"fLaC", Sniffed("audio", "flac", "audio/flac")),
    (b"OggS", Sniffed("audio", "ogg", "audio/ogg")),
    (b".snd", Sniffed("audio", "au", "audio/basic")),
    (b"caff", Sniffed("audio", "caf", "audio/x-caf")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Sniffed("audio", "wma", "audio/x-ms-wma")),
    (b"\x1a\x45\xdf\xa3", Sniffed("video", "matroska", "video/x-matroska")),
    (b"FLV\x01", Sniffed("video", "flv", "video/x-flv")),
    (b"riff\x2e\x91\xcf\x11", Sniffed("audio", "w64", "audio/x-w64")),
    (b"#!AMR", Sniffed("audio", "amr", "audio/amr")),
    (b"\x0b\x77", Sniffed("audio", "ac3", "audio/ac3")),
    (b"Creative Voice File\x1a", Sniffed("audio", "voc", "audio/x-voc")),
    (b"ADIF", _AAC),
    (b"\x06\x0e\x2b\x34", Sniffed("video", "mxf", "application/mxf")),
    (b"\x00\x00\x01\xba", Sniffed("video", "mpeg", "video/mpeg")),
    (b"\x00\x00\x01\xb3", Sniffed("video", "mpeg", "video/mpeg")),
)
# Words that begin many a text; of these formats a zero follows soon.
_WORDS: dict[bytes, Sniffed] = {
    b"MThd": Sniffed("audio", "midi", "audio/midi"),
    b"MAC ": Sniffed("audio", "ape", "audio/x-ape"),
    b"wvpk": Sniffed("audio", "wavpack", "audio/x-wavpack"),
    b"TTA1": Sniffed("audio", "tta", "audio/x-tta"),
    b"DSD ": Sniffed("audio", "dsf", "audio/x-dsf"),
    b".RMF": Sniffed("video", "rm", "application/vnd.rn-realmedia"),
    b"DKIF": Sniffed("video", "ivf", "video/x-ivf"),
}
_SPHERE = b"NIST_1A\n", Sniffed("audio", "sphere", "audio/basic")
# RIFF and IFF name what they hold behind their length.
_CHUNKED: dict[tuple[bytes, bytes], Sniffed] = {
    (b"RIFF", b"WEBP"): _WEBP,
    (b"RIFF", b"WAVE"): _WAV,
    (b"RF64", b"WAVE"): _WAV,
    (b"RIFX", b"WAVE"): _WAV,
    (b"RIFF", b"AVI "): _AVI,
    (b"FORM", b"AIFF"): _AIFF,
    (b"FORM", b"AIFC"): _AIFF,
}
# ISO/IEC 14496-12, "File Type Box"; QuickTime's older files begin with another of these boxes.
_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip")
_SOUND_BRANDS = (b"M4A ", b"M4B ", b"M4P ")
_TS_PACKET = 188
_NAMES: dict[SourceKind, str] = {
    "image": "JPEG, PNG, WebP, AVIF, GIF, TIFF and BMP",
    "audio": "WAV, FLAC, OGG, MP3, AIFF, AU and CAF",
    "video": "MP4, QuickTime, Matroska, WebM, AVI, MPEG and FLV",
    "text": "text in any charset",
}
_HEAD = 512
_TEXT_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff", b"\xef\xbb\xbf")
# No text has them, and every other format does among its first bytes, unless these are no UTF-8.
_CONTROLS = bytes({*range(32), 127} - {*b"\t\n\f\r\x1b"})


def sniff(data: bytes, wanted: SourceKind, *, any_kind: bool = False) -> Sniffed:
    """Tell what `data` is.

    Parameters
    ----------
    data : bytes
        The object, or its first kilobyte.
    wanted : {"image", "video", "audio", "text"}
        What the message speaks of. Text has no signature: what could be text is that only where text is
        wanted, and else unknown.
    any_kind : bool
        Whether other kinds are welcome too: then what could be text is that.

    Raises
    ------
    UnknownFormat
        With a hint of what the bytes look like.
    """
    head = data[:_HEAD]
    found = None if _is_plainly_text(head) else _signed(data)
    if data.startswith(_SPHERE[0]):  # whose header is text
        found = _SPHERE[1]
    if found is not None:
        return found
    named = describe_foreign(data)
    if (wanted == "text" or any_kind) and _may_be_text(head) and not (named and _is_binary(head)):
        return _TEXT
    if named:
        raise UnknownFormat(named)
    raise UnknownFormat(
        f"{_guess(data[:64], wanted)}; the formats are {_NAMES[wanted]}, "
        "recognised by their first bytes, not by the name"
    )


def _signed(data: bytes) -> Sniffed | None:
    if data.startswith(b"ID3"):
        return _tagged(data)
    for signature, found in _SIGNATURES:
        if data.startswith(signature):
            return found
    if data[:4] in _WORDS and b"\0" in data[:64]:
        return _WORDS[data[:4]]
    chunked = _CHUNKED.get((data[:4], data[8:12]))
    if chunked is not None:
        return chunked
    if is_avif(data):
        return _AVIF
    if named := brands(data):
        return None if describe_foreign(data) else _M4A if named[0] in _SOUND_BRANDS else _MP4
    if data[4:8] in _BOXES:
        return _MP4
    if data.startswith(b"BM") and b"\0" in data[:26]:  # "BM" begins many a text
        return _BMP
    if _is_mpeg_audio(data):
        return _MP3
    if _is_adts(data):
        return _AAC
    return _transport(data)


def _transport(data: bytes) -> Sniffed | None:
    """Return which transport stream this is: each packet begins with a G, in M2TS behind a time."""
    if b"\0" not in data[:_TS_PACKET]:
        return None
    if data[:1] == data[_TS_PACKET : _TS_PACKET + 1] == b"G":
        return Sniffed("video", "mpegts", "video/mp2t")
    if data[4:5] == data[196:197] == data[388:389] == b"G":
        return Sniffed("video", "m2ts", "video/mp2t")
    return None


def _tagged(data: bytes) -> Sniffed:
    """Return what is behind an ID3v2 tag: MP3, unless it is other sound."""
    from preprocessing.decode.audio.tags import skip_tags  # noqa: PLC0415  for tags

    place = skip_tags(data, 0)
    rest = data[place : place + _HEAD].lstrip(b"\0")
    found = None if rest.startswith(b"ID3") else _signed(rest)
    return found if found is not None and found.kind == "audio" else _MP3


def _is_adts(data: bytes) -> bool:
    """Whether a frame of AAC begins here, and another behind it: ISO/IEC 13818-7, 6.2."""
    if len(data) < 7 or data[0] != 0xFF or data[1] & 0xF6 != 0xF0 or data[2] >> 2 & 15 > 12:
        return False
    length = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
    after = data[length : length + 2]
    return length >= 7 and (
        len(data) < length + 2 or (after[0] == 0xFF and after[1] & 0xF6 == 0xF0)
    )


def _is_mpeg_audio(data: bytes) -> bool:
    """Whether a frame of MPEG audio begins here: ISO/IEC 11172-3, 2.4.1.3.

    Eleven bits of synchronisation; layer II or III; no reserved version, bit rate or sampling rate.
    Layer I is dead, and the mark of UTF-16 looks like it.
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
    """Whether these are characters in UTF-8: "caffeine" is no sound, and "the free lunch" no film."""
    if head.translate(None, _CONTROLS) != head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:  # the last character may be cut
        return error.reason == "unexpected end of data"
    return True


def _may_be_text(head: bytes) -> bool:
    """Whether these bytes can begin a text: NULs can only stand behind a byte order mark."""
    return b"\0" not in head or head.startswith(_TEXT_MARKS)


def _is_binary(head: bytes) -> bool:
    """Whether a signature is one, and not the first word of a text in some old charset."""
    return head.startswith(b"%PDF-") or head.translate(None, _CONTROLS) != head


def _guess(head: bytes, wanted: SourceKind) -> str:
    article = "an" if wanted in ("image", "audio") else "a"
    printable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
    if head.lstrip()[:1] == b"<":
        return (
            f"the object looks like HTML or XML, not {article} {wanted} (an error page stored in its "
            "place?)"
        )
    if printable == len(head):
        return f"the object looks like text, not {article} {wanted}"
    if wide := _wide(head):
        return f"the object looks like text in {wide} without a byte order mark: add it, or store UTF-8"
    return f"no {wanted} format starts with the bytes {head[:8].hex(' ')}"


def _wide(head: bytes) -> str:
    """Return which of UTF-16 and UTF-32 a text without a mark is in, if most of it is Latin-1."""
    orders: tuple[Literal["little", "big"], ...] = ("little", "big")
    for size, charset in ((4, "UTF-32"), (2, "UTF-16")):
        units = [head[i : i + size] for i in range(0, len(head) - size + 1, size)]
        for order in orders:
            codes = [int.from_bytes(unit, order) for unit in units]
            text = [code for code in codes if 32 <= code < 256 or code in (9, 10, 13)]
            if 2 * len(text) > len(units):
                return f"{charset}-{order[0].upper()}E"
    return ""
