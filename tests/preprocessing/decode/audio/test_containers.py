"""Containers that have only sound are audio, and are decoded to the same samples as by PyAV."""

from __future__ import annotations

import io
import sys
from functools import cache

import av
import numpy as np
import pytest
import soundfile

from preprocessing import (
    CorruptSource,
    IncompatibleSource,
    LimitExceeded,
    Limits,
    Pipeline,
    PreprocessingError,
    UnsupportedSource,
)
from preprocessing.decode.sniff import sniff
from tests.preprocessing.support.clips import Counted, sound_alone, write
from tests.preprocessing.support.films import film

from ...support.sounds import FILES, chord, file, read
from .test_files import without_note

DECODED = Pipeline.parse("audio/npy")
SAMPLED = Pipeline.parse("video/sample_frames:2/npy")


@cache
def contained(format_: str, codec: str, *, channels: int = 2, rate: int = 48_000) -> bytes:
    """Return a second of a chord in a container."""
    stream = io.BytesIO()
    layout = "mono" if channels == 1 else "stereo"
    with av.open(stream, "w", format=format_) as out:
        track = out.add_stream(codec, rate=rate, layout=layout)
        sample = track.codec_context.format.name
        resampler = av.AudioResampler(
            format=sample, layout=layout, rate=rate, frame_size=track.codec_context.frame_size
        )
        sound = chord(channels, rate, rate)
        frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout=layout)
        frame.sample_rate = rate
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux([packet for packet in track.encode(part) if packet.size])
        out.mux([packet for packet in track.encode(None) if packet.size])
    return stream.getvalue()


def reference(data: bytes) -> np.ndarray:
    """Return all samples as PyAV decodes them, as floats."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
        frames = [part for f in container.decode(stream) for part in resampler.resample(f)]
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


CONTAINED = [
    ("mp4", "aac"),
    ("ipod", "alac"),
    ("mov", "pcm_s16le"),
    ("mov", "pcm_f32le"),
    ("mov", "pcm_u8"),
    ("3gp", "aac"),
    ("mp4", "flac"),
    ("webm", "libopus"),
    ("matroska", "flac"),
    ("matroska", "aac"),
    ("matroska", "pcm_s24le"),
]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("format_", "codec"), CONTAINED)
def test_sound_alone_in_a_container_is_what_ffmpeg_decodes(format_, codec, channels):
    data = contained(format_, codec, channels=channels)
    sound = DECODED(data)
    spec = DECODED.plan(data).output
    assert (spec.shape, spec.rate) == (sound.shape, 48_000)
    np.testing.assert_allclose(sound, reference(data), atol=2.0**-15)
    np.testing.assert_array_equal(DECODED(Counted(data)), sound)
    if codec in ("alac", "flac") or codec.startswith("pcm"):
        plain = chord(channels, 48_000, 48_000)
        np.testing.assert_allclose(sound, plain, atol=2.0**-7 if codec == "pcm_u8" else 2.0**-14)


@pytest.mark.parametrize(("format_", "codec"), CONTAINED)
def test_no_advice_leads_in_a_circle(format_, codec):
    data = contained(format_, codec)
    for source in (data, Counted(data)):
        with pytest.raises(IncompatibleSource, match="read it with a pipeline for audio"):
            SAMPLED(source)
        passed = Pipeline.parse("video:skip/sample_frames:2/npy").encode(source)
        assert passed.content_type.startswith("audio/")
    DECODED(data)


@pytest.mark.parametrize(("format_", "codec"), CONTAINED)
def test_half_of_a_container_is_refused(format_, codec):
    data = contained(format_, codec)
    for share in (0.3, 0.6, 0.95):
        with pytest.raises(PreprocessingError) as caught:
            DECODED(data[: int(len(data) * share)])
        assert type(caught.value) in (CorruptSource, IncompatibleSource)


def test_a_video_with_sound_is_a_video():
    for data in (write(sound=True), film("matroska", "libx264", range(20), sound=1)):
        with pytest.raises(IncompatibleSource, match="the object is a video"):
            DECODED(data)
        assert len(SAMPLED(data)) == 2


def test_sound_in_a_container_is_within_the_limits():
    data = sound_alone()
    with pytest.raises(LimitExceeded, match="lasts"):
        DECODED(data, limits=Limits(seconds=0.5))
    with pytest.raises(LimitExceeded, match="would hold"):
        DECODED(data, limits=Limits(memory=2**20))


def test_without_pyav_the_refusal_says_what_to_install(monkeypatch):
    monkeypatch.setattr("preprocessing.decode.audio.container_track.find_spec", lambda name: None)
    with pytest.raises(UnsupportedSource, match=r"pip install 'jitprep\[video\]'.*ffmpeg"):
        DECODED(sound_alone())


ADTS = bytes.fromhex("fff15080017ffc") + bytes(4)
NAMED = {
    "ADTS": (ADTS * 20, "AAC without a container"),
    "tagged ADTS": (b"ID3\x04\0\0\0\0\0\x10" + bytes(16) + ADTS * 20, "AAC without a container"),
    "W64": (b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0" + bytes(100), "Wave64"),
    "SPHERE": (b"NIST_1A\n   1024\nsample_count -i 5\n".ljust(1024), "SPHERE"),
    "AMR": (b"#!AMR\n<\x91\x17" + bytes(99), "AMR"),
    "MIDI": (b"MThd\0\0\0\x06\0\1\0\2\1\xe0MTrk", "render it"),
    "WMA": (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" * 4, "ffmpeg -i in.wma"),
}


@pytest.mark.parametrize("name", NAMED)
def test_what_is_not_decoded_is_named(name):
    data, words = NAMED[name]
    with pytest.raises(UnsupportedSource, match=words):
        DECODED(data)


def test_a_text_that_begins_as_a_format_is_a_text():
    for word in ("MAC ", "wvpk ", "DSD ", "MThd "):
        text = f"{word}crème brûlée, déjà vu\n" * 9
        assert sniff(text.encode("cp1252"), "text").kind == "text"


@pytest.mark.parametrize(("format_", "codec"), [("asf", "wmv2"), ("ogg", "libtheora")])
def test_videos_that_are_not_decoded_are_named(format_, codec):
    try:
        data = film(format_, codec, range(5))
    except ValueError:  # this FFmpeg does not write it
        data = b"OggS\0\2" + bytes(20) + b"\1\x2a\x80theora\3\2\1" + bytes(33)
    for pipeline in (SAMPLED, DECODED):
        with pytest.raises(UnsupportedSource, match="convert it: ffmpeg"):
            pipeline(data)


def test_blu_rays_stream_is_named():
    data = film("mpegts", "mpeg2video", range(5))
    packets = [bytes(4) + data[i : i + 188] for i in range(0, len(data), 188)]
    with pytest.raises(UnsupportedSource, match=r"M2TS.*convert it"):
        SAMPLED(b"".join(packets))


@pytest.mark.parametrize(
    ("codec", "message"),
    [
        ("aac", "AAC in WAV"),
        ("ac3", "AC-3 in WAV"),
        ("mp2", "layer II in WAV"),
        ("libmp3lame", "MP3"),
    ],
)
def test_what_libsndfile_does_not_know_in_a_wav_is_not_called_damaged(codec, message):
    with pytest.raises(UnsupportedSource, match=message):
        DECODED(contained("wav", codec))


def test_a_wav_of_more_bits_than_libsndfile_has_is_not_called_damaged():
    data = bytearray(FILES["wav 32 bits"]())
    at = data.index(b"fmt ") + 8
    channels = int.from_bytes(data[at + 2 : at + 4], "little")
    data[at + 12 : at + 16] = (8 * channels).to_bytes(2, "little") + (64).to_bytes(2, "little")
    with pytest.raises(UnsupportedSource, match="convert it"):
        DECODED(bytes(data))


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
def test_an_mp3_without_a_note_is_all_of_its_frames(rate, channels, mode):
    sound = np.random.default_rng(rate).uniform(-0.5, 0.5, (channels, 40_000)).astype(np.float32)
    sound[:, 10_000:20_000] = 0
    bare = without_note(file(sound, "MP3", "MPEG_LAYER_III", rate, bitrate_mode=mode))
    got, plain = DECODED(bare), reference(bare)
    assert got.shape == plain.shape
    np.testing.assert_allclose(got, plain, atol=1e-4)
    if mode == "CONSTANT":
        np.testing.assert_array_equal(got[:, : read(bare).shape[1]], read(bare))


def id3(version: int, length: int, *, footer: bool = False) -> bytes:
    head = bytes([version, 0, 0x10 * footer, 0, 0, length >> 7, length & 127])
    return b"ID3" + head + bytes(length) + (b"3DI" + head) * footer


@pytest.mark.parametrize("tag", [id3(3, 200), id3(4, 200, footer=True), id3(4, 90) * 2])
@pytest.mark.parametrize("name", ["flac 16 bits", "mp3", "ogg vorbis", "wav 16 bits", "aiff"])
def test_tags_before_any_sound_change_nothing(name, tag):
    data = FILES[name]()
    np.testing.assert_array_equal(DECODED(tag + data), DECODED(data))


def ogg_flac(samples: int = 24_000, channels: int = 1) -> bytes:
    stream, sound = io.BytesIO(), np.round(chord(channels, samples) * 32767).astype(np.int16)
    with av.open(stream, "w", format="ogg") as out:
        track = out.add_stream("flac", rate=16_000, layout="mono" if channels == 1 else "stereo")
        packed = np.ascontiguousarray(sound.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=track.layout.name)
        frame.sample_rate = 16_000
        out.mux([packet for packet in [*track.encode(frame), *track.encode(None)] if packet.size])
    return stream.getvalue()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("samples", [1_000, 24_000, 200_000])
def test_flac_in_ogg_is_the_flac(samples, channels):
    sound = DECODED(ogg_flac(samples, channels))
    np.testing.assert_array_equal(
        sound, (np.round(chord(channels, samples) * 32767) / 32768).astype(np.float32)
    )


@pytest.mark.parametrize("name", ["ogg vorbis", "ogg opus", "ogg flac"])
def test_a_flipped_bit_in_an_ogg_is_detected(name):
    """libogg would skip a damaged page; here the file is refused, or all its sound is decoded."""
    data = ogg_flac() if name == "ogg flac" else FILES[name]()
    whole, random = DECODED(data), np.random.default_rng(11)
    for _ in range(120):
        broken = bytearray(data)
        broken[random.integers(4, len(data))] ^= 1 << random.integers(8)
        try:
            got = DECODED(bytes(broken))
        except PreprocessingError:
            continue
        np.testing.assert_array_equal(got, whole)


def test_a_lost_page_of_an_ogg_is_detected():
    data = ogg_flac(200_000)
    pages = data.split(b"OggS")[1:]
    with pytest.raises(CorruptSource, match="page 4 of the Ogg file is missing"):
        DECODED(b"".join(b"OggS" + page for i, page in enumerate(pages) if i != 4))


def test_a_wav_of_the_other_byte_order_is_decoded():
    stream = io.BytesIO()
    soundfile.write(stream, chord().T, 16_000, "PCM_16", endian="BIG", format="WAV")
    data = stream.getvalue()
    assert data.startswith(b"RIFX")
    np.testing.assert_array_equal(DECODED(data), DECODED(FILES["wav 16 bits"]()))
    with pytest.raises(CorruptSource, match="upload it again"):
        DECODED(data[:-100])


def test_sound_needs_no_pyav(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    assert DECODED(FILES["flac 16 bits"]()).shape == (2, 6_000)


def test_memory_that_ffmpeg_refuses_a_header_is_a_limit() -> None:
    """A description of samples that is longer than the file, and no table of their sizes."""
    broken = bytearray(contained("mp4", "aac", channels=1))
    broken[broken.index(b"mp4a\0\0\0\0\0\0\0\1") - 3] = 0x7B
    broken[broken.index(b"stsz") - 4] = 1
    with pytest.raises(
        LimitExceeded, match=r"the mov file asks FFmpeg for more than the limit of \d+ MiB"
    ):
        DECODED(bytes(broken))
