"""Sound goes the way of images: spellings, plans, batches, limits, other kinds."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given

import preprocessing
from preprocessing import (
    IncompatibleSource,
    LimitExceeded,
    Limits,
    Media,
    Pipeline,
)
from preprocessing.planner.timing import measure_plan
from tests.photos import FOLDER, NAMES, photo
from tests.preprocessing.strategies import sound_pipelines

from .support.sounds import FILES, chord, file, media, read

SPEECH = "mono/resample:16000/pad_or_trim:30"
STEPS = {name: getattr(preprocessing, name) for name in preprocessing.__all__}


@given(sound_pipelines())
def test_three_spellings_are_one_value(p: Pipeline) -> None:
    assert p.kind == "audio"
    assert Pipeline.parse(str(p)) == p
    assert Pipeline.parse(p.document) == p
    assert Pipeline.parse(json.dumps(p.document)) == p
    assert eval(repr(p), STEPS) == p


@pytest.mark.parametrize("spec", ["mono", "resample:8000/npy", "random_crop:9/wav", "wav", "flac"])
def test_steps_tell_that_they_are_for_sound(spec: str) -> None:
    assert Pipeline.parse(spec).kind == "audio"


@pytest.mark.parametrize(
    ("encoding", "nbytes"),
    [
        ("npy", 128 + 4 * 480_000),
        ("raw", 4 * 480_000),
        ("wav", 44 + 2 * 480_000),
        ("wav:subtype=pcm_24", 44 + 3 * 480_000),
        ("wav:subtype=float", 58 + 4 * 480_000),
        ("flac", None),
    ],
)
def test_a_size_is_known_before_any_object_is_read(encoding: str, nbytes: int | None) -> None:
    p = Pipeline.parse(f"{SPEECH}/{encoding}")
    assert p.output.shape == (1, 480_000)
    assert p.output.nbytes == nbytes
    body = p.encode(FILES["flac 16 bits"]()).body
    assert nbytes in (None, len(body))
    assert p.encode(FILES["mp3"]()).metadata["rate"] == "16000"


@pytest.mark.parametrize("name", FILES)
def test_every_format_goes_through_a_whole_pipeline(name: str) -> None:
    p = Pipeline.parse("mono/resample:8000/pad_or_trim:0.25/peak_normalize/wav")
    result = p.encode(FILES[name]())
    sound = read(bytes(result.body))
    assert (sound.shape, result.content_type) == ((1, 2_000), "audio/wav")
    assert sound.max() > 0.99 or sound.min() < -0.99


def test_a_file_and_its_array_are_one_sound() -> None:
    data = file(chord(), "WAV", "PCM_16", 22_050)
    p = Pipeline.parse("loudness_normalize/resample:16000/wav")
    given = Media(read(data), "audio", 22_050)
    assert p.encode(data).body == p.encode(given).body


def test_many_in_one() -> None:
    p = Pipeline.parse(f"{SPEECH}/npy")
    sources = [FILES["wav 16 bits"](), FILES["mp3"](), media(chord(), 8_000)]
    together = p.batch(sources, threads=2)
    assert together.shape == (3, 1, 480_000)
    for one, source in zip(together, sources, strict=True):
        np.testing.assert_array_equal(one, p(source))


def test_out_is_where_the_result_is() -> None:
    p = Pipeline.parse("mono/pad_or_trim:0.5/npy")
    out = np.empty((1, 8_000), np.float32)
    assert p(FILES["wav 16 bits"](), out=out) is out
    np.testing.assert_array_equal(out, p(FILES["wav 16 bits"]()))


def test_a_result_is_the_callers_own() -> None:
    sound = chord()
    result = Pipeline.parse("audio/npy")(media(sound))
    result[:] = 0
    assert sound.any()


@pytest.mark.parametrize(
    "spec", ["pad_or_trim:4/wav", "resample:192000/wav", "random_crop:70000,pad_if_needed=true/wav"]
)
def test_what_a_step_would_make_is_limited(spec: str) -> None:
    sound = media(chord())  # samples: a file's decoder holds megabytes for itself
    limits = Limits(memory=8 * sound.array.nbytes)
    Pipeline.parse("audio/wav")(sound, limits=limits)
    with pytest.raises(LimitExceeded, match=r"step 1 '.*' would hold|'wav' would hold"):
        Pipeline.parse(spec)(sound, limits=limits)


def test_other_kinds_are_refused_or_passed_through() -> None:
    with pytest.raises(IncompatibleSource, match="the object is an image"):
        Pipeline.parse("mono/wav")(photo(NAMES[0]))
    passed = Pipeline.parse("audio:skip/mono/wav").encode(photo(NAMES[0]))
    assert passed.body == photo(NAMES[0])


@pytest.mark.parametrize("rate", [None, 0, 0.5, -8_000])
def test_an_array_needs_a_rate(rate: float | None) -> None:
    with pytest.raises(IncompatibleSource, match="needs a sample rate"):
        Pipeline.parse("mono/wav")(Media(chord(), "audio", rate))


def test_a_plan_tells_each_stage_and_how_long_it_takes() -> None:
    data = FILES["wav 16 bits"]()
    p = Pipeline.parse("mono/resample:8000/trim:0.1,stop=0.2/wav")
    plan = p.plan(data)
    assert str(plan).splitlines()[::2] == [
        "DecodeAudio(wav PCM_16)",
        "mean_of_channels()",
        "resample(16000, 8000, 'HQ')",
        "piece(800, 800)",
        "Wav()",
    ]
    assert "2×6000 float32 at 16000 Hz, 48,000 bytes" in str(plan)
    assert len(measure_plan(plan, data, 2)) == 5


def test_steps_that_would_change_nothing_are_left_out() -> None:
    p = Pipeline.parse("mono/resample:16000/pad_or_trim:0.375/wav")
    assert p.plan(media(chord(1))).stages == ()


def test_images_load_nothing_of_sound() -> None:
    script = (
        "import sys\nfrom preprocessing import Pipeline\n"
        "Pipeline.parse('resize:8/png').encode(sys.argv[1])\n"
        "print(*{'soundfile', 'soxr', 'cffi', 'preprocessing.decode.audio.decoder'} & {*sys.modules})"
    )
    command = [sys.executable, "-W", "error", "-c", script, str(FOLDER / "rocket.jpg")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == ""


def test_a_size_is_told_beforehand_only_with_the_rate() -> None:
    """The metadata has the sampling rate beside the shape."""
    unknown = Pipeline.parse("mono/random_crop:800/npy")
    assert unknown.output.nbytes is None
    assert unknown.output.shape == (1, 800)
    known = Pipeline.parse("mono/resample:8000/random_crop:800/npy").output
    assert known.nbytes == 128 + 1 * 800 * 4
