"""What is too large is refused before memory is taken: an object, an image, what steps would make."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from preprocessing import LimitExceeded, Limits, Pipeline
from tests.photos import photo


def test_source_bytes(tmp_path: Path) -> None:
    data = photo("chelsea")
    path = tmp_path / "photo"
    path.write_bytes(data)
    for source in (data, bytearray(data), path, str(path)):
        Pipeline([]).plan(source, limits=Limits(source_bytes=len(data)))
        with pytest.raises(LimitExceeded, match=f"{len(data)} bytes"):
            Pipeline([]).plan(source, limits=Limits(source_bytes=len(data) - 1))


def test_pixels_and_side_of_the_source() -> None:
    p = Pipeline.parse("resize:8")
    for source in (photo("chelsea"), np.zeros((300, 451), np.uint8)):
        p(source, limits=Limits(pixels=300 * 451, side=451))
        with pytest.raises(LimitExceeded, match="451 x 300"):
            p(source, limits=Limits(pixels=300 * 451 - 1))
        with pytest.raises(LimitExceeded, match="450 per side"):
            p(source, limits=Limits(side=450))


TOO_MUCH = {
    "resize:65535,65535": "step 1 'resize' would hold",
    "resize:60000": "step 1 'resize' would hold",
    "pad:60000": "120001",
    "pad:30000": "step 1 'pad' would hold",
    "center_crop:60000": "step 1 'center_crop' would hold",
    "crop:0,0,60000,60000": "step 1 'crop' would hold",
    "resize:1,65535/resize:65535,65535": "step 2 'resize' would hold",
    "resize:9,interpolation=nearest/pad:0,65535": "131079",
    "resize:20000,20000/canny/resize:8": "step 2 'canny' would hold",  # small ends, a huge middle
}


@pytest.mark.parametrize("spec", TOO_MUCH)
def test_what_steps_would_make(spec: str) -> None:
    image = np.zeros((1, 1, 3), np.uint8)
    tracemalloc.start()
    try:
        for act in (Pipeline.parse(spec), Pipeline.parse(spec).encode, Pipeline.parse(spec).plan):
            with pytest.raises(LimitExceeded, match=TOO_MUCH[spec]) as caught:
                act(image)
            assert str(caught.value).endswith("ask for less")
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", [(1, 30_000), (30_000, 1)])
def test_a_strip_whose_shorter_side_grows(shape: tuple[int, int]) -> None:
    """A shorter side of 256 makes the longer one 7,680,000: the aspect ratio is the bomb."""
    with pytest.raises(
        LimitExceeded, match="step 1 'resize': the result would have a side of 7680000"
    ):
        Pipeline.parse("resize:256")(np.zeros(shape, np.uint8))
    assert Pipeline.parse("resize:256,max_size=300")(np.zeros(shape, np.uint8)).size == 300


def test_a_limit_is_not_a_fixed_number() -> None:
    image = np.zeros((10, 10), np.uint8)
    p = Pipeline.parse("resize:2000")
    assert p(image, limits=Limits(memory=64 * 2**20)).shape == (1, 2000, 2000)
    with pytest.raises(LimitExceeded, match="limit of 16 MiB"):
        p(image, limits=Limits(memory=16 * 2**20))


def test_the_object_counts_too() -> None:
    data = photo("chelsea")
    p = Pipeline.parse("resize:8")
    held = p.plan(data).holds + len(data)
    p(data, limits=Limits(memory=held))
    with pytest.raises(LimitExceeded, match="would hold"):
        p(data, limits=Limits(memory=held - 1))


def test_the_largest_allowed_takes_the_memory_it_says() -> None:
    """A crop far larger than what is kept of it never exists in memory."""
    wide = np.zeros((40, 60_000, 3), np.uint8)
    p = Pipeline.parse("resize:40,60001/center_crop:10")
    tracemalloc.start()
    try:
        p(wide)
        assert tracemalloc.get_traced_memory()[1] < 32 * 2**20
    finally:
        tracemalloc.stop()


def test_one_number_bounds_the_memory_of_every_kind() -> None:
    """Where nothing is said, a quarter of it in samples or characters of 4 bytes."""
    limits = Limits(memory=2**30)
    assert 4 * limits.samples == 4 * limits.characters == 2**28
    assert Limits(samples=7).samples == 7


@pytest.mark.parametrize(
    ("spec", "data", "what"),
    [
        ("text/nfkc/text", "\ufdfa".encode() * 900_000, "would make"),
        ("text/csv:a/jsonl", b"a\n" + b"xy\n" * 600_000, "rows"),
        ("text/strip_html/text", "é&amp;😀".encode() * 570_000, ""),
    ],
)
def test_what_a_text_becomes_fits_a_small_process(spec: str, data: bytes, what: str) -> None:
    """In a process of its own, which is as small as it says: what it holds, and how it ends."""
    code = (
        "import sys\n"
        "from preprocessing import LimitExceeded, Pipeline\n"
        "read = lambda: int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])\n"
        "pipeline, data = Pipeline.parse(sys.argv[1]), sys.stdin.buffer.read()\n"
        "before, said = read(), ''\n"
        "try: pipeline.encode(data)\n"
        "except LimitExceeded as error: said = str(error)\n"
        "print(read() - before, said)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, spec],
        input=data,
        capture_output=True,
        check=True,
        env={**os.environ, "JITPREP_MEMORY": "64MiB"},
    )
    held, _, said = done.stdout.decode().strip().partition(" ")
    assert int(held) < (64 + 32) * 1024
    assert what in said
    assert bool(said) == bool(what)
