"""Views: each is what a pipeline of its own would make, from one decode and within the limits."""

from __future__ import annotations

import io
import tracemalloc
from functools import cache
from itertools import count, pairwise

import numpy as np
import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from preprocessing import (
    IncompatibleSource,
    LimitExceeded,
    Limits,
    Npy,
    Pipeline,
    PreprocessingError,
    SectionsSpec,
    Seed,
    SpecError,
)
from preprocessing.decode.image.jpeg import decoder as jpeg
from preprocessing.media import Array
from preprocessing.planner.execute import execute
from preprocessing.planner.lowering import lower_steps
from preprocessing.planner.plan import Plan, allowed_rules, assemble
from preprocessing.planner.split import split
from preprocessing.planner.stages import Given
from preprocessing.planner.stages.views import ViewsStage
from preprocessing.rng import Draws
from preprocessing.sources import Loaded, load_source
from preprocessing.spec.sections import Section, divide
from tests.photos import NAMES, photo, picture

from ..strategies import images, transforms

LIMITS = Limits()
SEED = Seed(3, "train/cat.jpg", '"etag"')
SIMCLR = "views:2/random_resized_crop:64/random_horizontal_flip/color_jitter:brightness=0.4,hue=0.1"
DINO = (
    "views:2,key=global/random_resized_crop:64/normalize:imagenet"
    "/views:3,key=local/random_resized_crop:32,scale=0.05,0.4/normalize:imagenet/safetensors"
)


@cache
def whole_blocks() -> bytes:
    """A photograph of 1408×1408, which can be decoded at any scale."""
    stream = io.BytesIO()
    picture("retina").resize((1408, 1408)).save(stream, "JPEG", quality=90, subsampling="4:2:0")
    return stream.getvalue()


def alone(p: Pipeline, section: Section, view: int, loaded: Loaded) -> tuple[Plan, Plan | None]:
    """The plan of one view as a pipeline of its own, and that of the shared steps before it, if any."""
    draws = Draws.of(p.fingerprint, SEED)
    rules = allowed_rules(exact=p.exact)
    shared, _ = divide(p.steps)
    before = lower_steps(shared, loaded.start.output(), None, LIMITS, draws)
    lowered = lower_steps(
        section.steps, before.spec, None, LIMITS, draws.fork(section.place).fork(view)
    )
    if not shared:
        return assemble(loaded.start, lowered, Npy(), LIMITS, rules), None
    return (
        assemble(Given(before.spec), lowered, Npy(), LIMITS, rules),
        assemble(loaded.start, before, Npy(), LIMITS, rules),
    )


def each_alone(p: Pipeline, source: bytes | Array) -> list[list[Array]]:
    """The views of each section, each made by a pipeline of its own."""
    loaded = load_source(source, "image", LIMITS)
    made = []
    for section in divide(p.steps)[1]:
        made.append([])
        for view in range(section.branch.count):
            plan, first = alone(p, section, view, loaded)
            content = loaded.content if first is None else execute(first, loaded.content)
            made[-1].append(execute(plan, content).copy())
    return made


def arrays(p: Pipeline, source: bytes | Array) -> list[Array]:
    """The array of each section, channels last."""
    several = isinstance(p.result, SectionsSpec)
    made = [*p.views(source, seed=SEED).values()] if several else [p(source, seed=SEED)]
    return [np.moveaxis(array, 1, -1) for array in made]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Pipeline, Array]:
    steps = draw(st.lists(transforms, max_size=2))
    sections = draw(st.integers(1, 2))
    for number in range(sections):
        steps.append(_views(draw(st.integers(1, 3)), "ab"[number] if sections > 1 else ""))
        steps += draw(st.lists(transforms, max_size=3))
    encoding = (
        "safetensors" if sections > 1 else draw(st.sampled_from(("npy", "safetensors", "raw")))
    )
    try:
        p = Pipeline(steps, Pipeline.parse(f"{encoding}").encoding, exact=True)
    except SpecError:
        assume(False)
        raise
    return p, draw(images())


def _views(number: int, key: str):  # type: ignore[no-untyped-def]
    from preprocessing import Views

    return Views(number, key)


@given(cases())
def test_each_view_is_what_a_pipeline_of_its_own_makes(case: tuple[Pipeline, Array]) -> None:
    """Bit for bit, of what the shared steps make of the source."""
    p, image = case
    try:
        expected = each_alone(p, image)
    except PreprocessingError:
        with pytest.raises(PreprocessingError):
            p.encode(image, seed=SEED)
        return
    try:
        made = arrays(p, image)
    except IncompatibleSource as error:
        assert "cannot be stacked" in str(error)  # noqa: PT017  only this is refused besides
        event("size is drawn")
        return
    event(f"{len(made)} sections")
    for stacked, views in zip(made, expected, strict=True):
        np.testing.assert_array_equal(stacked, np.stack(views))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "spec", [f"{SIMCLR}/npy", f"exact/{SIMCLR}/npy", "resize:200/" + SIMCLR + "/npy", DINO]
)
def test_photographs(name: str, spec: str) -> None:
    """Exactly, or within what two scales of decoding differ: each is within 50 dB of the whole."""
    p = Pipeline.parse(spec)
    data = whole_blocks() if name == "retina" else photo(name)
    for stacked, views in zip(arrays(p, data), each_alone(p, data), strict=True):
        expected = np.stack(views).astype(np.float64)
        error = np.mean((stacked - expected) ** 2) * (0.226 * 255 if "norm" in spec else 1) ** 2
        assert error == 0 if p.exact else 10 * np.log10(255**2 / max(error, 1e-12)) > 44


def test_views_differ_and_are_reproducible() -> None:
    p = Pipeline.parse(f"{SIMCLR}/npy")
    first, again = p(photo("coffee"), seed=SEED), p(photo("coffee"), seed=SEED)
    np.testing.assert_array_equal(first, again)
    assert (first[0] != first[1]).mean() > 0.5
    other = p(photo("coffee"), seed=Seed(4, SEED.key, SEED.etag))
    assert all((a != b).mean() > 0.5 for a in first for b in other)


def test_a_view_does_not_depend_on_the_number_of_the_others() -> None:
    """Its stream is that of its section and number. The fingerprint is fixed here."""
    draws = Draws(b"any")
    streams = [draws.fork(place) for place in range(1, 9)]
    streams += [
        draws.fork(section).fork(view).fork(place)
        for section in (1, 3)
        for view in range(4)
        for place in range(section + 1, 9)
    ]
    drawn = [stream.integer(0, 2**64 - 1) for stream in streams]
    assert len({*drawn}) == len(drawn)


def test_an_image_is_decoded_once_and_shared_steps_run_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoded, calls = jpeg.decode, count()
    monkeypatch.setattr(jpeg, "decode", lambda *a, **k: (next(calls), decoded(*a, **k))[1])
    p = Pipeline.parse("gaussian_blur:5/" + SIMCLR + "/npy")
    p(photo("rocket"))
    assert next(calls) == 1
    stages = p.plan(photo("rocket")).stages
    assert [str(stage).partition("(")[0] for stage in stages] == ["gaussian_blur", "Views"]


@pytest.mark.parametrize(
    ("views", "scale"),
    [
        ("resize:100", ", 2/8"),
        ("resize:200", ", 4/8"),
        ("resize:400", ""),
        ("views:1,key=a/resize:100/views:1,key=b/resize:200", ", 4/8"),
        ("views:1,key=a/resize:200/views:1,key=b/resize:100", ", 4/8"),
        ("views:1,key=a/resize:100/views:1,key=b/resize:400", ""),
        ("views:1,key=a/grayscale/resize:100/views:1,key=b/grayscale/resize:200", ", 4/8, luma"),
        ("views:1,key=a/resize:100/grayscale/views:1,key=b/resize:200", ", 4/8"),
        ("center_crop:1392/views:2/resize:100", ", 2/8"),
        ("horizontal_flip/views:2/resize:400", ""),
        ("grayscale/views:2/resize:100", ", 2/8, luma"),
    ],
)
def test_the_scale_of_decoding_serves_all_views(views: str, scale: str) -> None:
    """It is the largest that a view alone would take."""
    spec = views if "views" in views else f"views:2/{views}"
    plan = Pipeline.parse(f"{spec}/safetensors").plan(whole_blocks())
    assert str(plan.source).removesuffix(")").partition("YCbCr")[2] == scale
    assert isinstance(plan.stages[-1], ViewsStage)


def test_limits_come_before_views_are_made() -> None:
    source = photo("rocket")
    tracemalloc.start()
    try:
        with pytest.raises(LimitExceeded, match="100000 views, more than the limit of 16384"):
            Pipeline.parse("views:100000/random_crop:8/npy").encode(source)
        with pytest.raises(LimitExceeded, match="step 1 'views' would hold 13482 MiB"):
            Pipeline.parse("views:12000/resize:512/npy").encode(source, limits=Limits(memory=2**30))
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()


def test_the_plan_counts_the_shared_image_and_all_views() -> None:
    holds = [
        Pipeline.parse(f"gaussian_blur:5/views:{n}/crop:0,0,300,300/npy")
        .plan(photo("rocket"))
        .holds
        for n in (20, 40, 60)
    ]
    view = 300 * 300 * 3
    assert all(20 * view <= b - a < 21 * view for a, b in pairwise(holds))
    assert holds[0] >= 20 * view + 427 * 640 * 3


def test_sizes_that_are_drawn_cannot_be_stacked() -> None:
    p = Pipeline.parse("views:2/random_rotation:45,expand=true/npy")
    with pytest.raises(IncompatibleSource, match="step 1 'views': the size of a view depends on"):
        p(photo("coffee"))


def test_pipelines_with_views_are_not_split() -> None:
    assert split(Pipeline.parse("resize:99/random_crop:9/npy")) is not None
    assert split(Pipeline.parse("resize:99/views:2/random_crop:9/npy")) is None
