"""What is recognised and not decoded: how people call it, and what to do with it."""

from __future__ import annotations

from preprocessing.errors import UnsupportedSource

_SOUND = {
    "wma": "Windows Media Audio",
    "fla": "sound alone in FLV",
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
    "m2ts": "a transport stream with times before its packets (M2TS, as of Blu-ray)",
}


# Where our name is not how such files end.
_ENDINGS = {"fla": "flv", "sphere": "sph", "wavpack": "wv"}


def require_supported(format_: str) -> None:
    """Raise UnsupportedSource for a format that is only known by name."""
    if format_ == "midi":
        raise UnsupportedSource(
            "MIDI holds notes, not sound; render it, as by fluidsynth -F out.wav SOUNDFONT in.mid"
        )
    ending = _ENDINGS.get(format_, format_)
    if format_ in _SOUND:
        raise UnsupportedSource(
            f"{_SOUND[format_]} is not decoded; convert it, as by ffmpeg -i in.{ending} out.flac"
        )
    if format_ in _VIDEO:
        raise UnsupportedSource(
            f"{_VIDEO[format_]} is not decoded; encode it anew, as by ffmpeg -i in.{ending} out.mp4"
        )
