"""Formats of sound and video that are detected but not decoded, and what to do with such a file."""

from __future__ import annotations

from preprocessing.errors import UnsupportedSource

_SOUND = {
    "wma": "Windows Media Audio",
    "fla": "FLV without video",
    "aac": "AAC without a container (ADTS)",
    "w64": "Sony's Wave64",
    "sphere": "NIST SPHERE",
    "amr": "AMR",
    "ape": "Monkey's Audio",
    "wavpack": "WavPack",
    "tta": "True Audio",
    "dsf": "DSF",
    "ac3": "AC-3",
    "voc": "Creative Voice",
}
_VIDEO = {
    "wmv": "Windows Media Video",
    "ogv": "video in Ogg",
    "rm": "RealMedia",
    "mxf": "MXF",
    "ivf": "IVF",
    "m2ts": "a Blu-ray transport stream (M2TS)",
}


# File name extensions that differ from the format's name.
_ENDINGS = {"fla": "flv", "sphere": "sph", "wavpack": "wv"}


def require_supported(format_: str) -> None:
    """Raise UnsupportedSource for a format that is detected but not decoded."""
    if format_ == "midi":
        raise UnsupportedSource(
            "MIDI contains notes, not sound; render it: fluidsynth -F out.wav SOUNDFONT in.mid"
        )
    ending = _ENDINGS.get(format_, format_)
    if format_ in _SOUND:
        raise UnsupportedSource(
            f"{_SOUND[format_]} is not decoded; convert it: ffmpeg -i in.{ending} out.flac"
        )
    if format_ in _VIDEO:
        raise UnsupportedSource(
            f"{_VIDEO[format_]} is not decoded; convert it: ffmpeg -i in.{ending} out.mp4"
        )
