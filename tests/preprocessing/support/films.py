"""Videos with numbered frames: stripes show the number in binary, which any codec preserves."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np

WIDTH, HEIGHT, BITS, RATE = 128, 32, 8, 25


def picture(number: int) -> np.ndarray:
    frame = np.full((HEIGHT, WIDTH, 3), 30, np.uint8)
    for bit in range(BITS):
        if number >> bit & 1:
            frame[:, bit * WIDTH // BITS : (bit + 1) * WIDTH // BITS] = 220
    return frame


def numbers(frames: np.ndarray) -> list[int]:
    """Return the numbers in frames (frame, height, width, channel)."""
    middle = frames[:, HEIGHT // 2, WIDTH // BITS // 2 :: WIDTH // BITS].mean(-1) > 125
    return [int(sum(bit << i for i, bit in enumerate(row))) for row in middle]


def film(
    format_: str,
    codec: str,
    shown: Sequence[int],
    *,
    sound: float = 0,
    gop: int = 12,
    reordered: int = 0,
) -> bytes:
    """Return a video with each frame at its number / 25 s, and with some seconds of sound."""
    stream, unit = io.BytesIO(), Fraction(1, RATE)
    with av.open(stream, "w", format=format_) as out:
        video = out.add_stream(codec, rate=RATE)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.time_base, video.bit_rate, video.gop_size = unit, 2_000_000, gop
        video.codec_context.max_b_frames = reordered
        track = out.add_stream("libopus", rate=48_000) if sound else None
        for number in shown:
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
            frame.pts, frame.time_base = number, unit
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for start in range(0, int(sound * 48_000), 960):
            block = av.AudioFrame.from_ndarray(
                np.zeros((1, 960), np.float32), format="fltp", layout="mono"
            )
            block.sample_rate, block.pts, block.time_base = 48_000, start, Fraction(1, 48_000)
            out.mux(track.encode(block))
        if track is not None:
            out.mux(track.encode(None))
    return stream.getvalue()
