"""A step of one's own behaves as the library's: spelled, planned, identified, pickled and run."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import preprocessing
from preprocessing import (
    IncompatibleSource,
    LimitExceeded,
    Limits,
    Media,
    Pipeline,
    Seed,
    SpecError,
)
from preprocessing.planner.split import split

from ..strategies import images
from .steps import Doubled, FilmGrain, Solarise2

IMAGE = np.arange(240, dtype=np.uint8).reshape(8, 10, 3)
STEPS = st.one_of(
    st.builds(Solarise2, st.integers(0, 256), st.sampled_from(["all", "red"])),
    st.builds(
        FilmGrain,
        st.floats(0, 50),
        st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=3).map(tuple),
    ),
    st.just(Doubled()),
)
PIPELINES = st.lists(STEPS, max_size=1).map(
    lambda steps: Pipeline([*steps, preprocessing.Invert()])
)


@given(PIPELINES)
def test_every_spelling_round_trips(p: Pipeline) -> None:
    names = {"Solarise2": Solarise2, "FilmGrain": FilmGrain, "Doubled": Doubled}
    names |= {name: getattr(preprocessing, name) for name in ("Pipeline", "Npy", "Invert")}
    for again in (
        Pipeline.parse(str(p)),
        Pipeline.parse(p.document),
        Pipeline.parse(json.dumps(p.document)),
        eval(repr(p), names),
        pickle.loads(pickle.dumps(p)),
    ):
        assert again == p
        assert again.fingerprint == p.fingerprint
        assert str(again) == str(p)


@given(STEPS, STEPS)
def test_every_field_is_part_of_the_identity(one, other) -> None:
    assert (one == other) == (Pipeline([one]).fingerprint == Pipeline([other]).fingerprint)


def test_the_identity_is_this() -> None:
    """Of a step of one's own, and of the library's: neither may change."""
    assert Pipeline([Solarise2()]).fingerprint == "9a090d92fadf39561400b11802636ee0"
    assert Pipeline([FilmGrain(0.5)]).fingerprint == "4aa91ee776327ebfc98ebac525b62175"
    for line, fingerprint in {
        "resize:256/center_crop:224/normalize:imagenet/npy": "878e9063bc8f38e128261a55ab9c8045",
        "exact/audio:skip/mono/resample:16000/log_mel:whisper/npy": "78508f55758e4b14c48d9f6416f9ace9",
        "random_resized_crop:64/random_horizontal_flip/jpeg": "c45136da58de4abe08b30a60bc36772f",
    }.items():
        assert Pipeline.parse(line).fingerprint == fingerprint


def test_name_and_version_are_part_of_the_identity() -> None:
    def fingerprint(**attributes: object) -> str:
        """Define one class again, as a notebook does, and return what identifies it."""
        members = {"version": 1, "apply": lambda self, image, rng: image, **attributes}
        return Pipeline([type("Own", (preprocessing.Step,), members)()]).fingerprint

    found = {
        fingerprint(),
        fingerprint(version=2),
        fingerprint(name="own2"),
        fingerprint(version=0),
    }
    assert len(found) == 4
    assert fingerprint() in found


def test_the_plan_shows_it() -> None:
    lines = str(Pipeline.parse("solarise2:7/doubled/npy").plan(IMAGE)).splitlines()
    assert lines[2:6] == [
        "solarise2(7, 'all')",
        "    -> 8×10×3 uint8, 240 bytes",
        "doubled()",
        "    -> 16×20×3 float32, 3,840 bytes",
    ]


@given(images(("uint8",), channels=(1, 3)), st.integers(0, 255))
def test_it_is_applied_where_it_stands(image: np.ndarray, threshold: int) -> None:
    own = Pipeline.parse(f"vertical_flip/solarise2:{threshold}/horizontal_flip/npy:layout=hwc")
    flipped = image[::-1, ::-1]
    expected = np.where(flipped >= threshold, 255 - flipped, flipped)
    np.testing.assert_array_equal(own(image).reshape(image.shape), expected)


def test_equal_seeds_draw_equal_numbers_and_others_others() -> None:
    p = Pipeline([FilmGrain(40)])
    assert p.random
    one, again, other = (p(IMAGE, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_a_step_that_is_not_random_has_one_stream_for_every_seed() -> None:
    class Dither(preprocessing.Step):
        version = 1
        random = False

        def apply(self, image, rng):
            return (image * rng.uniforms(*image.shape)).astype(np.uint8)

    p = Pipeline([Dither()])
    assert not p.random
    np.testing.assert_array_equal(p(IMAGE, seed=1), p(IMAGE, seed=2))
    assert "seed" not in p.encode(IMAGE, seed=1).metadata
    assert Pipeline.parse("dither/random_crop:4/npy").random


def test_all_frames_of_a_video_get_the_same_numbers() -> None:
    frames = np.stack([IMAGE] * 3)
    result = Pipeline([FilmGrain(40)], kind="video")(frames, seed=5)
    assert result.shape == (3, 3, 8, 10)
    assert (result == result[:1]).all()
    assert (result[0] != IMAGE.transpose(2, 0, 1)).any()


def test_sound_and_text() -> None:
    sound = np.linspace(-1, 1, 250, dtype=np.float32)[None]
    p = Pipeline.parse("envelope/npy")
    assert p.kind == "audio"
    result = p(Media(sound, "audio", 100))
    assert result.shape == (1, 1, 2)
    with pytest.raises(IncompatibleSource, match="step 1 'envelope': the sound is too short"):
        p(Media(sound[:, :5], "audio", 100))
    assert Pipeline.parse("shout/text").encode("Größe".encode()).body == "GRÖSSE".encode()
    assert Pipeline.parse("lower/shout/jsonl").kind == "text"


def test_it_gets_an_array_in_c_order_that_it_cannot_write_to() -> None:
    seen = []

    def look(self, image, rng):
        seen.append((image.flags.c_contiguous, image.flags.writeable))
        return image

    for strided in (False, True):
        own = type("Look2", (preprocessing.Step,), {
            "version": 1, "strided": strided, "apply": look,
        })  # fmt: skip
        Pipeline([preprocessing.HorizontalFlip(), own()])(IMAGE)
    assert seen == [(True, False), (False, False)]


def test_a_type_that_it_does_not_take_is_refused_when_it_is_parsed() -> None:
    with pytest.raises(SpecError, match=r"step 2 'solarise2': takes uint8, but is given float32"):
        Pipeline.parse("to_dtype:float32/solarise2/npy")
    assert Pipeline.parse("to_dtype:float32/doubled/npy").output.dtype == "float32"


def test_its_memory_is_counted() -> None:
    wide = np.zeros((1000, 1000, 3), np.uint8)
    with pytest.raises(LimitExceeded, match=r"'solarise2' would hold 100 MiB"):
        Pipeline([Solarise2()])(wide, limits=Limits(memory=40 * 2**20))
    Pipeline([preprocessing.Resize((100, 100)), Solarise2()])(
        wide, limits=Limits(memory=40 * 2**20)
    )


def test_the_message_for_an_unknown_step_names_them_too() -> None:
    with pytest.raises(
        SpecError, match=r"step 1 'film_grains': unknown step; did you mean 'film_grain'"
    ):
        Pipeline.parse("film_grains:1/npy")
    with pytest.raises(SpecError, match=r"and your own are .*film_grain, .*solarise2"):
        Pipeline.parse("qqqqqqqqqq/npy")
    with pytest.raises(SpecError, match="did you mean 'film_grain'"):
        Pipeline.parse({"version": 1, "steps": [{"film_grainy": {}}]})


def test_a_value_that_check_refuses_is_a_spec_error() -> None:
    with pytest.raises(
        SpecError, match="step 1 'solarise2': threshold: must be from 0 to 256, got 300"
    ):
        Pipeline.parse("solarise2:300/npy")
    with pytest.raises(SpecError, match="step 1 'solarise2': threshold: expected a whole number"):
        Pipeline.parse("solarise2:x/npy")


@pytest.mark.parametrize(
    "line",
    [
        "resize:12,14/solarise2:90/film_grain:30/npy",
        "solarise2:90/random_crop:6/film_grain:30/random_horizontal_flip/npy",
        "resize:12,14/film_grain:30/solarise2:90/png",
    ],
)
def test_a_kept_part_gives_what_the_whole_gives(line: str) -> None:
    """The part before the first random step may be stored, and is the same for every seed."""
    whole = Pipeline.parse(line)
    parts = split(whole)
    source = Pipeline.parse("png").encode(IMAGE).body
    seeds = [Seed(number, "a.png", '"1"') for number in (1, 2)]
    expected = [whole.encode(source, seed=seed).body for seed in seeds]
    assert expected[0] != expected[1]
    assert parts is not None
    assert not any(step.random for step in parts.first.steps)
    made, kept = parts.make(source, seeds[0], Limits())
    assert made.body == expected[0]
    assert kept is not None
    again = parts.finish(kept.body, kept.metadata, seeds[1], Limits())
    assert again is not None
    assert again.body == expected[1]
