"""``explain``: stages, and what rewrites change, are those of the read that ``look`` shows."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

from preprocessing import Limits, Pipeline, Seed
from preprocessing.cancellation import Cancelled, Signal, cancellable
from tests.media import clip, objects
from tests.photos import NAMES, photo, picture

from ..opened import Opened

LINES = [
    "npy",
    "resize:256/center_crop:224/normalize:imagenet/npy",
    "grayscale/resize:50/npy",
    "center_crop:200/resize:64/jpeg",
    "to_dtype:float32,scale=true/normalize:0.5,0.5,0.5,std=0.5,0.5,0.5/npy",
    "random_resized_crop:96/random_horizontal_flip/color_jitter:0.4/to_dtype:float32,scale=true/npy",
    "views:2,key=a/random_resized_crop:64/normalize:imagenet/views:3,key=b/random_crop:32/"
    "normalize:imagenet/safetensors",
]


def saved(image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90)
    return stream.getvalue()


def explained(content: bytes, line: str, seed: int = 3) -> tuple[Opened, dict]:
    opened = Opened()
    asked = {"source": opened.drop(content), "pipeline": line, "seed": seed}
    return opened, opened.ask("explain", asked)


@pytest.mark.parametrize("line", LINES)
def test_stages_are_the_rows_of_the_plan(line: str) -> None:
    opened, found = explained(photo("coffee"), line)
    pipeline, seed = Pipeline.parse(line), Seed(3, "photo.jpg")
    plan = pipeline.plan(photo("coffee"), seed=seed)
    stages = found["stages"]
    assert [(each["what"], each["spec"]) for each in stages] == [
        (what, str(spec)) for what, spec in plan.rows
    ]
    assert all(each["ms"] >= 0 and each["view"]["frames"] for each in stages)
    encoded = pipeline.encode(photo("coffee"), seed=seed)
    assert found["encoding"]["nbytes"] == len(encoded.body)
    assert found["encoding"]["what"] == repr(pipeline.encoding)
    if plan.output.kind == "image":
        array = opened.array(stages[-1]["view"]["frames"][0])
        assert stages[-1]["nbytes"] == array.nbytes
        seen = pipeline.encoding.as_seen(array, plan.output)
        np.testing.assert_array_equal(seen, pipeline(photo("coffee"), seed=seed))
    decoded = opened.array(stages[0]["view"]["frames"][0])
    assert decoded.shape == tuple(plan.source.output().shape)


def test_a_normalisation_is_undone_where_it_was_done() -> None:
    opened, found = explained(photo("coffee"), "to_dtype:float16,scale=true/normalize:imagenet/npy")
    *before, after = found["stages"]
    assert len(before) == 2
    assert {stage["view"]["how"] for stage in before} == {""}
    assert after["view"]["how"] == "normalisation undone"
    pictures = [opened.pixels(stage["view"]["frames"][0]) for stage in found["stages"]]
    assert np.abs(pictures[0].astype(int) - pictures[2]).max() <= 1


@pytest.mark.parametrize("line", [*LINES, "hog/npy", "canny/png"])
def test_the_difference_to_exact_is_that_of_the_same_draws(line: str) -> None:
    _, found = explained(photo("rocket"), line)
    exact = found["exact"]
    assert Pipeline.parse(exact["line"]).exact
    pipeline = Pipeline.parse(line)
    if not pipeline.random:
        if pipeline.result.kind == "sections":
            return
        ours, theirs = (Pipeline.parse(of)(photo("rocket")) for of in (line, exact["line"]))
        apart = np.abs(ours.astype(np.float64) - theirs)
        assert exact["identical"] == (not apart.any())
        assert exact["most"] == pytest.approx(apart.max())
        assert exact["mean"] == pytest.approx(apart.mean())
        assert exact["share"] == pytest.approx((apart != 0).mean())
    else:  # other draws would differ by far more
        assert exact["share"] == 0 or exact["mean"] < 0.2


@pytest.mark.parametrize("line", LINES)
def test_an_exact_pipeline_is_identical_to_itself(line: str) -> None:
    _, found = explained(photo("rocket"), f"exact/{line}")
    assert found["exact"]["identical"]
    assert found["exact"]["line"] == str(Pipeline.parse(f"exact/{line}"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "line",
    [
        "grayscale/resize:50/to_dtype:float32,scale=true/npy",
        "resize:120/center_crop:100/normalize:imagenet/npy",
        "resize:40/npy",
        "center_crop:280/resize:64/normalize:0.5,0.5,0.5,std=0.2,0.3,0.4/npy",
    ],
)
def test_each_rewrite_keeps_the_tolerance_that_is_shown_beside_it(name: str, line: str) -> None:
    _, found = explained(photo(name), line)
    plan = Pipeline.parse(line).plan(photo(name))
    shown = [(each["name"], each["tolerance"]) for each in found["rewrites"]]
    assert shown == [(rule.name, rule.tolerance) for rule in plan.rewrites]
    for rewrite in found["rewrites"]:
        difference, tolerance = rewrite["difference"], rewrite["tolerance"]
        assert difference["identical"] == (difference["share"] == 0)
        if tolerance == "exact":
            assert difference["identical"], rewrite
        least = re.search(r"(\d+) dB on photographs", tolerance)
        if least and difference["decibels"] is not None:
            assert difference["decibels"] >= int(least[1]), rewrite
        if tolerance.startswith("half a level"):
            least_std = 0.2  # of all the normalisations above
            assert difference["most"] <= 0.5 / 255 / least_std + 1e-6, rewrite


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("video/clip.mp4", "sample_frames:4/resize:32,32/normalize:imagenet/npy"),
        ("video/clip.mp4", "video/resize:32,32/jpeg"),
        ("sound/tone.wav", "mono/resample:16000/log_mel:whisper/npy"),
        ("text/note.html", "strip_html/nfc/text"),
    ],
)
def test_stages_of_every_kind(name: str, line: str) -> None:
    _, found = explained(objects()[name], line)
    plan = Pipeline.parse(line).plan(objects()[name])
    assert len(found["stages"]) == len(plan.rows)
    assert found["exact"]["share"] <= 1


def test_bytes_of_a_stage_are_those_of_all_frames() -> None:
    _, found = explained(clip(), "sample_frames:4/resize:32,32/npy")
    assert found["stages"][-1]["nbytes"] == 4 * 32 * 32 * 3


def test_what_is_passed_through_has_no_stages() -> None:
    _, found = explained(objects()["sound/tone.wav"], "image:skip/resize:10/npy")
    assert found["stages"] == []
    assert found["encoding"]["nbytes"] == len(objects()["sound/tone.wav"])


def test_the_work_ends_when_it_is_cancelled() -> None:
    signal = Signal()
    signal.cancel()
    with cancellable(signal), pytest.raises(Cancelled):
        explained(photo("coffee"), "resize:50/npy")


def test_what_takes_too_much_memory_exactly_is_said() -> None:
    """Scaled decoding needs a fraction of the memory, and the read itself succeeds."""
    body = saved(picture("retina").resize((3000, 3000)))
    line = "resize:60/npy"
    plans = [Pipeline.parse(f"{how}{line}").plan(body) for how in ("", "exact/")]
    between = len(body) + sum(plan.holds for plan in plans) // 2
    opened = Opened(Limits(memory=between))
    asked = {"source": opened.drop(body), "pipeline": line}
    found = opened.ask("explain", asked)
    assert found["exact"] is None
    assert "limit" in found["why"]
    assert any(rewrite["difference"] is None for rewrite in found["rewrites"])
    assert found["stages"]
