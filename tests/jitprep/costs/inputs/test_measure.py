"""Measurement of the library on given files."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from jitprep.costs.inputs.measure import Unmeasured, measure_samples
from preprocessing import Pipeline


@pytest.fixture
def samples(tmp_path):
    paths = [tmp_path / f"{side}.jpg" for side in (64, 1024)]
    for path in paths:
        side = int(path.stem)
        noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
        Image.fromarray(noise).save(path)
    return paths


def test_bytes_are_those_of_the_files_and_the_results(samples):
    pipeline = Pipeline.parse("resize:32,32/png")
    found = measure_samples(pipeline, samples)
    assert found.samples == 2
    assert found.bytes_in == sum(path.stat().st_size for path in samples) / 2
    assert found.bytes_out == sum(len(pipeline.encode(path).body) for path in samples) / 2


def test_more_pixels_take_more_cpu_and_memory(samples):
    """256 times as many, which exceeds any noise."""
    small, large = (measure_samples(Pipeline.parse("exact/invert/npy"), [path]) for path in samples)
    assert 0 < 10 * small.ms < large.ms
    assert small.working_mb + 2 < large.working_mb
    assert 10 < large.base_mb < 200


def test_imports_of_the_function_count(samples):
    pipeline = Pipeline.parse("resize:8,8/npy")
    bare, function = (
        measure_samples(pipeline, samples[:1], preload) for preload in ((), ("handler.app",))
    )
    assert function.base_mb > bare.base_mb + 5


def test_random_pipelines_are_measured_over_their_draws(samples):
    assert measure_samples(Pipeline.parse("random_resized_crop:16/npy"), samples).ms > 0


def test_a_sample_that_cannot_be_prepared_is_named(tmp_path, samples):
    words = tmp_path / "notes.txt"
    words.write_text("words")
    for path, said in ((words, "looks like text"), (tmp_path / "gone.jpg", "No such file")):
        with pytest.raises(Unmeasured, match=f"{path.name}.*{said}"):
            measure_samples(Pipeline.parse("resize:8/npy"), [*samples, path])
