"""Measurement of the library on given files."""

from __future__ import annotations

import time
from functools import cache
from statistics import fmean

import numpy as np
import pytest
from PIL import Image

from jitprep.costs.inputs.measure import (
    FUNCTION_MB,
    Unmeasured,
    measure_function,
    measure_samples,
)
from jitprep.costs.inputs.probe import count_requests
from jitprep.service.deadline import Deadline
from jitprep.service.messages import Presigned
from jitprep.service.source.opening import open_ranges
from preprocessing import Pipeline
from tests.preprocessing.support.clips import clip, write

from ....scripted_s3 import Ranged

CONTAINERS = {
    "mp4": ("mp4", "libx264", {}),
    "mp4, index first": ("mp4", "libx264", {"movflags": "+faststart"}),
    "mp4, fragments": ("mp4", "libx264", {"movflags": "frag_keyframe+empty_moov"}),
    "matroska": ("matroska", "libx264", {}),
    "avi": ("avi", "mpeg4", {}),
    "mpegts": ("mpegts", "libx264", {}),
}


@cache
def film(name):
    """Return a clip of noise, about a megabyte large."""
    format_, codec, container = CONTAINERS[name]
    noise = np.random.default_rng(1).integers(0, 255, (60, 96, 128, 3), np.uint8)
    return write(format_, codec, frames=noise, container=container, gop=6)


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
    assert (found.gets, found.range_bytes) == (1, found.bytes_in)


def test_more_pixels_take_more_cpu_and_memory(samples):
    """256 times as many, which exceeds any noise."""
    small, large = (measure_samples(Pipeline.parse("exact/invert/npy"), [path]) for path in samples)
    assert 0 < 10 * small.ms < large.ms
    assert small.working_mb + 2 < large.working_mb
    assert 10 < large.base_mb < 200


def test_the_function_takes_what_is_assumed_of_it(samples):
    pipeline = Pipeline.parse("resize:8,8/npy")
    bare, function = (
        measure(pipeline, samples[:1]) for measure in (measure_samples, measure_function)
    )
    assert function.base_mb - bare.base_mb == pytest.approx(FUNCTION_MB, abs=1.5)


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("frames", [1, 8])
def test_requests_are_those_of_the_service(s3, name, frames):
    """Of a film that exceeds what the first request reads."""
    data, pipeline = film(name), Pipeline.parse(f"sample_frames:{frames}/resize:16,16/npy")
    s3.objects = Ranged(s3, data)
    source = Presigned(f"{s3.url}/videos/a", {})
    with open_ranges(source, Deadline(time.monotonic() + 60)) as original:
        made = pipeline.encode(original)
    assert count_requests(pipeline, data) == (len(s3.gets), original.bytes_read)
    assert len(s3.gets) > 1
    assert made.body == pipeline.encode(data).body


def test_requests_are_averaged(tmp_path):
    paths = [tmp_path / "short.mp4", tmp_path / "long.mp4"]
    for path, data in zip(paths, (clip("mp4"), film("mp4")), strict=True):
        path.write_bytes(data)
    pipeline = Pipeline.parse("sample_frames:8/resize:16,16/npy")
    found = measure_samples(pipeline, paths)
    counted = [count_requests(pipeline, path.read_bytes()) for path in paths]
    assert found.gets == fmean(gets for gets, _ in counted)
    assert found.range_bytes == fmean(nbytes for _, nbytes in counted)
    assert counted[0][0] < counted[1][0]


def test_random_pipelines_are_measured_over_their_draws(samples):
    assert measure_samples(Pipeline.parse("random_resized_crop:16/npy"), samples).ms > 0


def test_a_sample_that_cannot_be_prepared_is_named(tmp_path, samples):
    words = tmp_path / "notes.txt"
    words.write_text("words")
    for path, said in ((words, "looks like text"), (tmp_path / "gone.jpg", "No such file")):
        with pytest.raises(Unmeasured, match=f"{path.name}.*{said}"):
            measure_samples(Pipeline.parse("resize:8/npy"), [*samples, path])
