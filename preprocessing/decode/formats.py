"""The table of formats that are detected, including those that are not decoded.

A new format takes a line here and its decoder. An image's decoder is the module ``image/<name>.py`` with
`probe` and `decode`; if it can hold masks, also `index_bits` and `decode_index`. Sound that libsndfile
reads, and video that is named like FFmpeg's demuxer, take only the line. A format that a signature does
not identify also has a rule in `sniff` or `containers.tracks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.errors import UnsupportedSource
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from preprocessing.media import SourceKind


@frozen
class Format:
    """A format that is detected by its content.

    Parameters
    ----------
    kind : {"image", "video", "audio", "text"}
    name : str
        Identifier, which is also the name of an image's module.
    content_type : str
        Media type.
    label : str
        Name in messages. A format without one is not listed among the formats of its kind.
    starts : tuple of bytes
        Signatures at the beginning of the file.
    words : tuple of bytes
        Signatures that may also begin a text, so a NUL must follow soon.
    chunks : tuple of (bytes, bytes)
        The name of the outer chunk and the type of its content, for RIFF and IFF.
    decoded : bool
        Whether it is decoded, or only detected.
    extension : str
        Of file names, if it differs from `name`.
    """

    kind: SourceKind
    name: str
    content_type: str
    label: str = ""
    starts: tuple[bytes, ...] = ()
    words: tuple[bytes, ...] = ()
    chunks: tuple[tuple[bytes, bytes], ...] = ()
    decoded: bool = True
    extension: str = ""


_WAVE = ((b"RIFF", b"WAVE"), (b"RF64", b"WAVE"), (b"RIFX", b"WAVE"))
_AIFF = ((b"FORM", b"AIFF"), (b"FORM", b"AIFC"))
_BIG_TIFF = (b"II+\x00\x08\x00\x00\x00", b"MM\x00+\x00\x08\x00\x00")  # with 8-byte offsets
_GIF = (b"GIF87a", b"GIF89a")
_ASF = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"
_MPEG = (b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3")

_DECODED = (
    Format("image", "jpeg", "image/jpeg", "JPEG", (b"\xff\xd8\xff",)),
    Format("image", "png", "image/png", "PNG", (b"\x89PNG\r\n\x1a\n",)),
    Format("image", "webp", "image/webp", "WebP", chunks=((b"RIFF", b"WEBP"),)),
    Format("image", "avif", "image/avif", "AVIF"),
    Format("image", "gif", "image/gif", "GIF", _GIF),
    Format("image", "tiff", "image/tiff", "TIFF", (b"II*\x00", b"MM\x00*", *_BIG_TIFF)),
    Format("image", "bmp", "image/bmp", "BMP"),
    Format("image", "heic", "image/heic", "HEIC"),
    Format("audio", "wav", "audio/wav", "WAV", chunks=_WAVE),
    Format("audio", "flac", "audio/flac", "FLAC", (b"fLaC",)),
    Format("audio", "ogg", "audio/ogg", "OGG", (b"OggS",)),
    Format("audio", "mp3", "audio/mpeg", "MP3"),
    Format("audio", "aiff", "audio/aiff", "AIFF", chunks=_AIFF),
    Format("audio", "au", "audio/basic", "AU", (b".snd",)),
    Format("audio", "caf", "audio/x-caf", "CAF", (b"caff",)),
    Format("audio", "m4a", "audio/mp4"),
    Format("audio", "mka", "audio/x-matroska"),
    Format("video", "mp4", "video/mp4", "MP4, QuickTime"),
    Format("video", "matroska", "video/x-matroska", "Matroska, WebM", (b"\x1a\x45\xdf\xa3",)),
    Format("video", "avi", "video/x-msvideo", "AVI", chunks=((b"RIFF", b"AVI "),)),
    Format("video", "mpeg", "video/mpeg", "MPEG", _MPEG),
    Format("video", "mpegts", "video/mp2t"),
    Format("video", "flv", "video/x-flv", "FLV", (b"FLV\x01",)),
    Format("text", "text", "text/plain", "text in any charset"),
)


def _detected(
    kind: SourceKind,
    name: str,
    content_type: str,
    label: str,
    *starts: bytes,
    word: bytes = b"",
    extension: str = "",
) -> Format:
    words = (word,) if word else ()
    return Format(
        kind, name, content_type, label, starts, words, decoded=False, extension=extension
    )


_DETECTED = (
    _detected("audio", "wma", "audio/x-ms-wma", "Windows Media Audio", _ASF),
    _detected("audio", "fla", "audio/x-flv", "FLV without video", extension="flv"),
    _detected("audio", "aac", "audio/aac", "AAC without a container (ADTS)", b"ADIF"),
    _detected("audio", "w64", "audio/x-w64", "Sony's Wave64", b"riff\x2e\x91\xcf\x11"),
    _detected("audio", "sphere", "audio/basic", "NIST SPHERE", b"NIST_1A\n", extension="sph"),
    _detected("audio", "amr", "audio/amr", "AMR", b"#!AMR"),
    _detected("audio", "ape", "audio/x-ape", "Monkey's Audio", word=b"MAC "),
    _detected("audio", "wavpack", "audio/x-wavpack", "WavPack", word=b"wvpk", extension="wv"),
    _detected("audio", "tta", "audio/x-tta", "True Audio", word=b"TTA1"),
    _detected("audio", "dsf", "audio/x-dsf", "DSF", word=b"DSD "),
    _detected("audio", "ac3", "audio/ac3", "AC-3", b"\x0b\x77"),
    _detected("audio", "voc", "audio/x-voc", "Creative Voice", b"Creative Voice File\x1a"),
    _detected("audio", "midi", "audio/midi", "MIDI", word=b"MThd"),
    _detected("video", "wmv", "video/x-ms-wmv", "Windows Media Video"),
    _detected("video", "ogv", "video/ogg", "video in Ogg"),
    _detected("video", "rm", "application/vnd.rn-realmedia", "RealMedia", word=b".RMF"),
    _detected("video", "mxf", "application/mxf", "MXF", b"\x06\x0e\x2b\x34"),
    _detected("video", "ivf", "video/x-ivf", "IVF", word=b"DKIF"),
    _detected("video", "m2ts", "video/mp2t", "a Blu-ray transport stream (M2TS)"),
)

FORMATS = {format_.name: format_ for format_ in (*_DECODED, *_DETECTED)}


def decoded_formats(kind: SourceKind) -> str:
    """Return the names of the formats of a kind that are decoded, as a list in a sentence."""
    labels = [f.label for f in FORMATS.values() if f.kind == kind and f.decoded and f.label]
    *most, last = labels
    return f"{', '.join(most)} and {last}" if most else last


def require_decoded(name: str) -> None:
    """Raise UnsupportedSource for a format that is detected but not decoded."""
    found = FORMATS[name]
    if found.decoded:
        return
    if name == "midi":
        raise UnsupportedSource(
            "MIDI contains notes, not sound; render it: fluidsynth -F out.wav SOUNDFONT in.mid"
        )
    output = "out.mp4" if found.kind == "video" else "out.flac"
    raise UnsupportedSource(
        f"{found.label} is not decoded; convert it: ffmpeg -i in.{found.extension or name} {output}"
    )
