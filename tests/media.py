"""One small object of each other kind, made here: real containers, no downloads."""

from __future__ import annotations

import io
import wave
from functools import cache

import numpy as np

from tests.photos import photo

TEXT = (
    "<html><head><title>A note</title><script>var x = '<p>';</script></head><body>\r\n"
    "<h1>Caf\N{COMBINING ACUTE ACCENT}e &amp; th\u00c3\u00a9</h1>"
    "<p>Write to ada@example.com,\u00a0or call  +1 (415) 555-0134.</p>\r\n"
    "<p>\N{FAMILY}\N{ZERO WIDTH JOINER}\N{GIRL} \ufb01n</p>"
    f"{'<p>And so on, for a hundred bytes and more.</p>' * 9}</body></html>\n"
).encode()


@cache
def sound(seconds: float = 1.5, rate: int = 22_050, channels: int = 2) -> bytes:
    """Return a WAV: a rising tone in noise, of another phase in each channel."""
    time = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(7).uniform(-0.05, 0.05, (channels, time.size))
    phases = np.arange(channels)[:, None] * 0.7
    tone = 0.5 * np.sin(2 * np.pi * (200 + 900 * time) * time + phases) + noise
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((tone.T * 32767).astype("<i2").tobytes())
    return stream.getvalue()


@cache
def clip(frames: int = 50, rate: int = 25, height: int = 96, width: int = 128) -> bytes:
    """Return an MP4 of H.264: a photograph that the camera moves over, a key frame every half second."""
    import av

    from preprocessing import Pipeline

    picture = Pipeline.parse("resize:240/npy:layout=hwc")(photo("coffee"))
    stream = io.BytesIO()
    with av.open(stream, "w", "mp4") as container:
        video = container.add_stream("libx264", rate, options={"threads": "1", "g": str(rate // 2)})
        video.height, video.width, video.pix_fmt = height, width, "yuv420p"
        for number in range(frames):
            top, left = number, 2 * number
            seen = np.ascontiguousarray(picture[top : top + height, left : left + width])
            container.mux(video.encode(av.VideoFrame.from_ndarray(seen, "rgb24")))
        container.mux(video.encode(None))
    return stream.getvalue()


@cache
def objects() -> dict[str, bytes]:
    """Return them by key."""
    return {
        "sound/tone.wav": sound(),
        "sound/mono.wav": sound(0.7, 16_000, 1),
        "text/note.html": TEXT,
        "text/plain.txt": ("grüße\r\nan alle\n" * 20).encode("utf-16"),
        "video/clip.mp4": clip(),
        "video/short.mp4": clip(12, 10, 64, 64),
    }


# What each kind is read through: of a size that the pipeline tells, and of one that the object decides.
PIPELINES = {
    "sound-fixed": "mono/resample:16000/pad_or_trim:2/log_mel:whisper/npy",
    "sound-depends": "mono/resample:8000/wav",
    "text-depends": "strip_html/fix_mojibake/nfc/collapse_whitespace/text",
    "text-lines": "nfkc/redact_patterns/jsonl",
    "video-fixed": "sample_frames:4/resize:32,32/npy",
    "video-depends": "sample_frames:4/resize:32,32/jpeg",
}


def of_kind(pipeline: str) -> dict[str, bytes]:
    """Return the objects that the pipeline of this name is for."""
    kind = pipeline.partition("-")[0]
    return {key: body for key, body in objects().items() if key.startswith(f"{kind}/")}
