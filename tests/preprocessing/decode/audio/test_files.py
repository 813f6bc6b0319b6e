"""Every audio format is decoded to the same float32, and damaged or truncated files are refused."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import time
from pathlib import Path

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
from preprocessing.decode.audio import mpeg

from ...support.sounds import FILES, LOSSLESS, RATE, SAMPLES, chord, file, read

DECODED = Pipeline.parse("audio/npy")
# libsndfile (for ALAC) and libmpg123 within it print to stderr, which cannot be switched off.
PRINTS = ("mp3", "mp3 mono", "caf alac")
WAV = FILES["wav 16 bits"]()


def outcome(data: bytes) -> str:
    """Return the outcome for these bytes: a sound, or the name of a typed error with a message."""
    try:
        DECODED(data)
    except PreprocessingError as error:
        refusal = error
    else:
        return "sound"
    assert len(str(refusal)) > 20
    return type(refusal).__name__


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_what_soundfile_reads(name: str) -> None:
    data = FILES[name]()
    spec = DECODED.plan(data).output
    sound = DECODED(data)
    assert (spec.shape, spec.rate, spec.dtype) == (sound.shape, RATE, "float32")
    np.testing.assert_array_equal(sound, read(data))


@pytest.mark.parametrize("name", LOSSLESS)
def test_integers_are_divided_by_full_scale(name: str) -> None:
    sound = DECODED(FILES[name]())
    assert np.abs(sound - chord(len(sound))).max() <= LOSSLESS[name]


def test_a_rate_travels_in_the_metadata() -> None:
    data = file(chord(), "WAV", "PCM_16", 44_100)
    assert DECODED.encode(data).metadata["rate"] == "44100"
    assert DECODED.encode(data).metadata["shape"] == f"2,{SAMPLES}"


@pytest.mark.parametrize("name", FILES)
def test_no_part_of_a_sound_is_passed_off_as_the_whole(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    data = FILES[name]()
    ends = {*range(0, min(len(data), 200), 7), *range(0, len(data), len(data) // 40), len(data) - 1}
    seen = {end: outcome(data[:end]) for end in sorted(ends)}
    if name == "caf alac":
        assert (
            seen.pop(len(data) - 1) == "sound"
        )  # libsndfile writes one byte more than the header says
    assert set(seen.values()) <= {"EmptySource", "UnknownFormat", "CorruptSource"}, seen
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", FILES)
def test_flipped_bits_end_in_a_sound_or_a_typed_error(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    data, random = FILES[name](), np.random.default_rng(7)
    for _ in range(40):
        broken = bytearray(data)
        for _ in range(random.integers(1, 4)):
            broken[random.integers(4, random.choice([60, len(data)]))] ^= 1 << random.integers(8)
        outcome(bytes(broken))
    assert capfd.readouterr() == ("", "") or name in PRINTS


@pytest.mark.parametrize("size", [0xFFFF_FFFF, 0x7FFF_FFFF, 0x8000_0000, 0x7FFF_F000])
@pytest.mark.parametrize("whole", [0xFFFF_FFFF, 0, None])
def test_a_wav_from_a_pipe_is_what_is_there(size: int, whole: int | None) -> None:
    at = WAV.index(b"data") + 4
    piped = bytearray(WAV)
    struct.pack_into("<I", piped, at, size)
    if whole is not None:
        struct.pack_into("<I", piped, 4, whole)
    np.testing.assert_array_equal(DECODED(bytes(piped)), DECODED(WAV))


def test_an_au_from_a_pipe_is_what_is_there() -> None:
    data = bytearray(FILES["au"]())
    struct.pack_into(">I", data, 8, 0xFFFF_FFFF)
    np.testing.assert_array_equal(DECODED(bytes(data)), DECODED(FILES["au"]()))


def with_total(flac: bytes, samples: int) -> bytes:
    """Replace the number of samples in STREAMINFO: its last 36 bits before the MD5."""
    kept = int.from_bytes(flac[18:26], "big") >> 36 << 36
    return flac[:18] + (kept | samples).to_bytes(8, "big") + flac[26:]


@pytest.mark.parametrize("samples", [1, 4_095, 4_096, 4_097, 600_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_flac_from_a_pipe_is_read_to_its_end(samples: int, channels: int) -> None:
    whole = file(chord(channels, samples), "FLAC", "PCM_16")
    piped = with_total(whole, 0)
    assert DECODED.plan(piped).output.shape == (channels, samples)
    np.testing.assert_array_equal(DECODED(piped), DECODED(whole))
    for cut in (1, 2, 7, len(whole) // 2):
        with pytest.raises(CorruptSource, match="upload it again"):
            DECODED(piped[:-cut])


@pytest.mark.parametrize(
    "tail", [b"\xff\xf8" * 200_000, b"\xff\xf8\xc9\xa8" * 100_000, bytes(2**20)]
)
def test_what_only_looks_like_frames_takes_no_time(tail: bytes) -> None:
    started = time.thread_time()
    assert outcome(with_total(FILES["flac 16 bits"](), 0) + tail) == "CorruptSource"
    assert time.thread_time() - started < 5


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (with_total(FILES["flac 16 bits"](), 2**36 - 1), LimitExceeded, "68719476735 samples"),
        (with_total(FILES["flac 16 bits"](), SAMPLES + 1), CorruptSource, "upload it again"),
        (WAV[:40] + bytes(4) + WAV[44:], CorruptSource, "claims no samples"),
        (WAV[:36], CorruptSource, "no 'data' chunk"),
        (WAV[:12] + b"junk\0\0\0\0" * 9_000, CorruptSource, "no 'data' chunk"),
        (WAV[:24] + bytes(4) + WAV[28:], CorruptSource, "cannot read the wav file"),
        (WAV[:20] + b"\x55\x01" + WAV[22:], CorruptSource, "cannot read the wav file"),
        (b"\0\0\0\x20ftypM4A \0\0\0\0", CorruptSource, "cut off"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" * 4, UnsupportedSource, "ffmpeg -i in.wma"),
        (FILES["ogg opus"]() + FILES["ogg vorbis"](), UnsupportedSource, "several streams"),
        (FILES["mp3"]() + b"and words", CorruptSource, "neither a frame nor a tag"),
        (b"ID3\x04\0\0\0\0\0\x0a" + bytes(10), CorruptSource, "no frame"),
        (b"\xff\xfd\x90\x04" + bytes(500), UnsupportedSource, "layer II is not decoded"),
    ],
)
def test_a_false_header_is_named(data: bytes, kind: type[PreprocessingError], words: str) -> None:
    with pytest.raises(kind, match=words):
        DECODED(data)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_samples_that_are_not_numbers_are_refused(value: float, subtype: str) -> None:
    sound = chord()
    sound[1, 3_000] = value
    with pytest.raises(UnsupportedSource, match="store samples between"):
        DECODED(file(sound, "WAV", subtype))


def test_floats_above_full_scale_are_kept() -> None:
    sound = 100 * chord()
    np.testing.assert_array_equal(DECODED(file(sound, "WAV", "FLOAT")), sound)


@pytest.mark.parametrize("limits", [Limits(seconds=0.3), Limits(samples=2 * SAMPLES - 1)])
@pytest.mark.parametrize("name", FILES)
def test_what_is_too_long_is_refused_by_its_header(name: str, limits: Limits) -> None:
    if name in ("flac 24 bits", "mp3 mono"):
        limits = Limits(seconds=limits.seconds, samples=SAMPLES - 1)
    with pytest.raises(LimitExceeded, match="raise the limit or store a shorter sound"):
        DECODED.plan(FILES[name](), limits=limits)


SPENDTHRIFT = """
import sys
from resource import RUSAGE_SELF, getrusage
from preprocessing import CorruptSource, Pipeline
p = Pipeline.parse("audio/npy")
p(open(sys.argv[1], "rb").read())
before = getrusage(RUSAGE_SELF).ru_maxrss
try:
    p(open(sys.argv[2], "rb").read())
except CorruptSource:
    print(getrusage(RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_is_not_taken_by_the_word_of_a_header(tmp_path: Path) -> None:
    """A FLAC of a few kilobytes may claim the most samples allowed, which take 256 MiB."""
    honest = FILES["flac 16 bits"]()
    paths = (tmp_path / "honest.flac", tmp_path / "lies.flac")
    paths[0].write_bytes(honest)
    paths[1].write_bytes(with_total(honest, 2**25))
    limits = Limits(seconds=2**25)
    assert DECODED.plan(paths[1], limits=limits).output.samples == 2**25
    command = [sys.executable, "-W", "error", "-c", SPENDTHRIFT, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert int(done.stdout) < 32 * 1024  # KiB


def variable_mp3() -> bytes:
    """Return noise, silence and noise at a variable bit rate."""
    random = np.random.default_rng(3)
    sound = random.uniform(-0.5, 0.5, (2, 60_000)).astype(np.float32)
    sound[:, 20_000:40_000] = 0
    return file(sound, "MP3", "MPEG_LAYER_III", 44_100, bitrate_mode="VARIABLE")


def without_note(mp3: bytes) -> bytes:
    """Return the MP3 without its first frame, the silent one with the Xing tag."""
    return mp3[mp3.index(mp3[:2], 1) :]


def test_an_mp3_that_does_not_tell_its_length_is_read_to_its_end() -> None:
    noted = variable_mp3()
    bare = without_note(noted)
    with soundfile.SoundFile(io.BytesIO(bare)) as guess:
        assert guess.frames != mpeg.frames(bare).samples
    whole, sound = DECODED(noted), DECODED(bare)
    # The tag also says how much silence the encoder put before the sound.
    piece = whole[0, 10_000:11_000]
    lags = [np.abs(sound[0, 10_000 + lag : 11_000 + lag] - piece).max() for lag in range(3_000)]
    lag = int(np.argmin(lags))
    assert lags[lag] < 1e-5
    assert sound.shape[1] - lag >= whole.shape[1]
    np.testing.assert_allclose(
        sound[:, lag + 2_000 : lag + 60_000], whole[:, 2_000:60_000], atol=1e-5
    )


def with_vbri(mp3: bytes) -> bytes:
    """Return the MP3 with Fraunhofer's tag (VBRI) in place of Xing's."""
    size = mp3.index(mp3[:2], 1)
    return (mp3[:4] + bytes(32) + b"VBRI").ljust(size, b"\0") + mp3[size:]


def test_a_tag_of_another_encoder_is_not_decoded_as_sound() -> None:
    bare, noted = (change(variable_mp3()) for change in (without_note, with_vbri))
    np.testing.assert_array_equal(DECODED(noted), DECODED(bare))


def test_tags_around_an_mp3_change_nothing() -> None:
    mp3 = FILES["mp3"]()
    tagged = b"ID3\x03\0\0\0\0\x01\x00" + bytes(128) + mp3 + b"TAG" + bytes(125)
    np.testing.assert_array_equal(DECODED(tagged), DECODED(mp3))


def test_an_mp3_behind_another_is_read_too() -> None:
    once = DECODED(FILES["mp3"]())
    assert DECODED(FILES["mp3"]() * 2).shape[1] > 1.9 * once.shape[1]


@pytest.mark.parametrize("version", [44_100, 22_050, 11_025])
@pytest.mark.parametrize("channels", [1, 2])
def test_frames_are_counted_as_libmpg123_counts_them(version: int, channels: int) -> None:
    mp3 = file(chord(channels), "MP3", "MPEG_LAYER_III", version)
    assert mpeg.frames(mp3).part.head == b""
    bare = mpeg.frames(without_note(mp3))
    assert bare.count == mpeg.frames(mp3).count
    assert mpeg.frames(bare.part.head + without_note(mp3)).part.head == b""


def test_a_sound_is_no_image() -> None:
    with pytest.raises(IncompatibleSource, match="the object is audio"):
        Pipeline.parse("resize:8/png")(WAV)
