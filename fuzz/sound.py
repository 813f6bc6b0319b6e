"""Any bytes as sound: the planned number of samples, or one of the library's errors."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import av
import numpy as np
import soundfile

from fuzz.laws import SAME_BYTES, require_planned
from preprocessing import Pipeline

RUNS = 5_000
WORDS = [
    "RIFF",
    "WAVE",
    "fmt ",
    "data",
    "fact",
    "LIST",
    "fLaC",
    "OggS",
    "OpusHead",
    "vorbis",
    "ID3",
]
WORDS += [
    "Xing",
    "LAME",
    "VBRI",
    "FORM",
    "AIFC",
    "COMM",
    "SSND",
    "caff",
    ".snd",
    "ftyp",
    "moov",
    "mdat",
]
WORDS += ["TAG", "APETAGEX", "ds64", "RF64", "A_OPUS", "A_FLAC", "Xiph"]
_RATE = 8_000
# libsndfile's formats, with its name of the samples.
_FORMATS = (
    *(("WAV", kind) for kind in ("PCM_U8", "PCM_16", "PCM_24", "FLOAT", "ULAW", "IMA_ADPCM")),
    *(("FLAC", kind) for kind in ("PCM_16", "PCM_24")),
    *(("OGG", kind) for kind in ("VORBIS", "OPUS")),
    *(("MP3", "MPEG_LAYER_III"), ("AIFF", "PCM_16"), ("AU", "PCM_16"), ("AU", "ALAW")),
    *(("CAF", "PCM_16"), ("CAF", "ALAC_16"), ("RF64", "PCM_16"), ("WAVEX", "PCM_16")),
)
# FFmpeg's containers, with a codec.
_CONTAINERS = (("mp4", "aac"), ("ipod", "alac"), ("matroska", "flac"), ("webm", "libopus"))
PIPELINES = (
    Pipeline.parse("audio/npy"),
    Pipeline.parse("mono/resample:4000/pad_or_trim:0.05/peak_normalize/npy"),
)


def _tone(channels: int) -> np.ndarray:
    time = np.arange(400) / _RATE
    noise = np.random.default_rng(1).uniform(-0.05, 0.05, (400, channels))
    tone: np.ndarray = (0.4 * np.sin(2 * np.pi * 440 * time)[:, None] + noise).astype(np.float32)
    return tone


def seeds() -> Iterator[bytes]:
    """Return a twentieth of a second of a tone in every format, with one channel and with two."""
    for channels in (1, 2):
        for name, samples in _FORMATS:
            stream = BytesIO()
            soundfile.write(stream, _tone(channels), _RATE, samples, format=name)
            yield stream.getvalue()
        for name, codec in _CONTAINERS:
            yield _contained(name, codec, "mono" if channels == 1 else "stereo")
    yield _contained("ipod", "alac", "7.1(wide)")


def _contained(name: str, codec: str, layout: str) -> bytes:
    stream = BytesIO()
    with av.open(stream, "w", name, options=SAME_BYTES) as container:
        track = container.add_stream(codec, _RATE, layout=layout)
        samples = _tone(track.codec_context.layout.nb_channels).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, "flt", layout)
        frame.sample_rate = _RATE
        container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return stream.getvalue()


def target(data: bytes) -> None:
    """Decode as it is stored, and to a spectrogram."""
    require_planned(PIPELINES, data)
