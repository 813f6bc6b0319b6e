"""Sound of many channels in a container is decoded to its own samples.

A planar frame of eight channels fills the list of pointers in FFmpeg, and what follows it is not one.
"""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from preprocessing import Pipeline

DECODED = Pipeline.parse("audio/npy")


def lossless(container: str, codec: str, layout: str, pcm: np.ndarray) -> bytes:
    """Return 16-bit samples, (channels, samples), in a container."""
    stream = io.BytesIO()
    with av.open(stream, "w", container) as out:
        track = out.add_stream(codec, 48_000, layout=layout)
        context = track.codec_context
        frame = av.AudioFrame.from_ndarray(pcm.T.reshape(1, -1).copy(), "s16", layout)
        frame.sample_rate = 48_000
        resampler = av.AudioResampler(context.format.name, layout, 48_000, context.frame_size)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux([packet for packet in track.encode(part) if packet.size])
        out.mux([packet for packet in track.encode(None) if packet.size])
    return stream.getvalue()


@pytest.mark.parametrize(
    ("container", "codec", "layout", "channels"),
    [
        ("ipod", "alac", "7.1(wide)", 8),  # planar
        ("matroska", "alac", "7.1(wide)", 8),
        ("matroska", "flac", "7.1", 8),  # interleaved
        ("matroska", "pcm_s16le", "22.2", 24),
        ("ipod", "alac", "5.1", 6),
    ],
)
def test_every_channel_has_its_samples(
    container: str, codec: str, layout: str, channels: int
) -> None:
    draws = np.random.default_rng(channels)
    pcm = draws.integers(-(2**15), 2**15, (channels, 5_000), np.int16)
    result = DECODED(lossless(container, codec, layout, pcm))
    np.testing.assert_array_equal(result, pcm / np.float32(2**15))
