"""WAV and FLAC hold what they are given, in files that libsndfile and Python's own reader read."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import AudioSpec, Flac, IncompatibleSource, Pipeline, Wav
from preprocessing.encodings import Encoding
from tests.preprocessing.strategies import sound_encodings

from ..support.sounds import chord, file, media, read, sounds

STEPS = {"pcm_16": 2.0**-15, "pcm_24": 2.0**-23, "float": 0.0}
ENCODINGS = [*map(Wav, STEPS), Flac("pcm_16"), Flac("pcm_24")]
rates = st.integers(1, 65_535) | st.integers(6_554, 65_535).map(lambda tens: 10 * tens)


@pytest.mark.parametrize("encoding", ENCODINGS, ids=repr)
@given(sounds(), rates)
def test_what_is_read_back_is_what_was_written(
    encoding: Wav | Flac, sound: np.ndarray, rate: int
) -> None:
    body = Pipeline([], encoding).encode(media(sound, rate)).body
    step = STEPS[encoding.subtype]
    held = np.clip(sound, -1, 1 - step) if step else sound
    back = read(body)
    assert np.abs(back - held).max() <= step / 2
    with soundfile.SoundFile(io.BytesIO(body)) as opened:
        assert (opened.samplerate, opened.subtype) == (rate, encoding.subtype.upper())
    np.testing.assert_array_equal(Pipeline.parse("audio/npy")(bytes(body)), back)


@pytest.mark.parametrize("encoding", ENCODINGS, ids=repr)
@given(sounds())
def test_a_second_time_changes_nothing(encoding: Wav | Flac, sound: np.ndarray) -> None:
    p = Pipeline([], encoding)
    once = bytes(p.encode(media(sound)).body)
    assert bytes(p.encode(once).body) == once


@given(sounds(), sound_encodings, st.integers(1, 48_000))
def test_a_size_is_known_wherever_it_is_told(
    sound: np.ndarray, encoding: Encoding, rate: int
) -> None:
    source = media(sound, rate)
    p = Pipeline([], encoding, kind="audio")
    known = encoding.nbytes(p.plan(source).output)
    body = p.encode(source).body
    assert known in (None, len(body))
    assert (known is None) == (encoding.name == "flac")


@pytest.mark.parametrize(("subtype", "width"), [("pcm_16", 2), ("pcm_24", 3)])
def test_pythons_own_reader_reads_it(subtype: str, width: int) -> None:
    body = Pipeline([], Wav(subtype)).encode(media(chord(), 22_050)).body  # type: ignore[arg-type]
    with wave.open(io.BytesIO(body)) as opened:
        assert opened.getparams()[:4] == (2, width, 22_050, 6_000)
        assert len(opened.readframes(6_000)) == 6_000 * 2 * width


def test_an_odd_number_of_bytes_is_made_even() -> None:
    body = Pipeline([], Wav("pcm_24")).encode(media(chord(1, 3))).body
    assert len(body) == 44 + 9 + 1
    assert int.from_bytes(body[4:8], "little") == len(body) - 8
    assert read(body).shape == (1, 3)


def test_sixteen_bits_are_written_as_they_were_read() -> None:
    original = file(chord(), "WAV", "PCM_16")
    assert Pipeline.parse("wav").encode(original).body == original
    flac = Pipeline.parse("flac").encode(original).body
    assert Pipeline.parse("wav").encode(bytes(flac)).body == original


@pytest.mark.parametrize(
    ("encoding", "spec", "words"),
    [
        (Flac(), AudioSpec(9, 10, 8_000), "holds up to 8 channels"),
        (Flac(), AudioSpec(1, 10, 65_537), "multiples of 10"),
        (Flac(), AudioSpec(1, 10, 700_000), "resample first"),
        (Wav("float"), AudioSpec(1, 2**30, 8_000), "holds up to 4 GiB"),
        (Wav(), AudioSpec(32_768, 1, 8_000), "holds up to 32767 channels"),
        (Wav(), AudioSpec(1, 1, 2**32), "holds rates up to 4294967295"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(
    encoding: Encoding, spec: AudioSpec, words: str
) -> None:
    with pytest.raises(IncompatibleSource, match=words):
        encoding.accept(spec)


def test_names_and_types() -> None:
    assert Pipeline.parse("mono/wav").output.content_type == "audio/wav"
    assert Pipeline.parse("mono/flac").output.content_type == "audio/flac"
