"""The gallery has every step, and shows what the step does now."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image

from preprocessing import ENCODINGS, TRANSFORMS
from preprocessing.transforms import RandomTransform
from tools.gallery.examples import examples
from tools.gallery.pages import FOLDER, gallery_pages
from tools.gallery.pictures import picture_file
from tools.gallery.sources import TOKENIZERS

STEPS = (*TRANSFORMS, *ENCODINGS)
# One of each way to draw. `make docs` draws them all.
SAMPLE = ("rotate", "hog", "to_lab", "views", "trim", "mfcc", "sample_frames", "webp")
MOST_BYTES = 3_000_000


@pytest.fixture(autouse=True)
def _tokenizers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITPREP_TOKENIZERS", str(TOKENIZERS))


def pixels(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGBA"), np.float64)


def test_every_step_has_an_example_in_the_catalogues_order() -> None:
    assert [*examples()] == [*STEPS]


@pytest.mark.parametrize("name", STEPS)
def test_an_example_has_its_step(name: str) -> None:
    pipeline = examples()[name].pipeline
    assert name in {*(step.name for step in pipeline.steps), pipeline.encoding.name}


def test_random_steps_are_certain_to_act() -> None:
    """A step that acts with a probability would be shown doing nothing under some seeds."""
    for name, example in examples().items():
        if name in TRANSFORMS and issubclass(TRANSFORMS[name], RandomTransform):
            step = next(step for step in example.pipeline.steps if step.name == name)
            assert getattr(step, "p", 1) == 1, name


def test_the_pages_are_current() -> None:
    """`make docs` writes them."""
    for path, text in gallery_pages().items():
        assert path.read_text(encoding="utf-8") == text, path.name


def test_each_picture_is_on_a_page_and_is_there() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md"))
    shown = re.findall(r"!\[[^\]]{20,}\]\((\w+\.webp)\)", text)
    assert sorted(shown) == sorted(path.name for path in FOLDER.glob("*.webp"))
    assert sum(path.stat().st_size for path in FOLDER.glob("*.webp")) < MOST_BYTES


@pytest.mark.parametrize("name", SAMPLE)
def test_a_picture_shows_what_the_step_does(name: str) -> None:
    """Kernels and codecs of other processors may differ by rounding, so bytes are not compared."""
    drawn = pixels(picture_file(examples()[name]))
    stored = pixels((FOLDER / f"{name}.webp").read_bytes())
    assert drawn.shape == stored.shape
    assert np.abs(drawn - stored).mean() < 1
