"""What a user looks up at a prompt is there, and fits on it."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest

import preprocessing.decode.image.decoder
from preprocessing import Media, Pipeline
from tests.media import objects
from tests.photos import photo

SOURCES = {
    "resize:64,64/npy": photo("rocket"),
    "lower/text": b"Words " * 10_000,
    "mono/resample:8000/wav": Media(np.zeros((2, 48_000), np.float32), "audio", 16_000),
    "sample_frames:3/resize:64,64/npy": objects()["video/clip.mp4"],
}


@pytest.mark.parametrize("spec", SOURCES)
def test_a_result_and_a_preview_are_a_line_at_a_prompt(spec):
    pipeline = Pipeline.parse(spec)
    for shown in (pipeline.preview(SOURCES[spec]), pipeline.encode(SOURCES[spec])):
        assert len(repr(shown)) < 400
        assert "\n" not in repr(shown)
    assert len(pipeline.preview(SOURCES[spec])._repr_html_()) > 400  # a notebook draws it


def test_the_rules_of_decoding_are_in_its_help():
    rules = inspect.getdoc(preprocessing.decode.image.decoder)
    for word in ("CMYK", "16-bit", "Palettes", "Alpha", "animation"):
        assert word in rules


def test_the_option_that_orders_axes_is_described():
    page = (Path(__file__).parents[3] / "docs/steps.md").read_text(encoding="utf-8")
    for name in ("npy", "safetensors", "raw"):
        section = page.partition(f"\n### {name}\n")[2].partition("\n### ")[0]
        assert '- `layout` ({"chw", "hwc"}): ' in section
