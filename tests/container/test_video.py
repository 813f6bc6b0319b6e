"""The video image reads videos as this machine does; the other image reports what it lacks."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from tests.preprocessing.support.clips import FILES, clip

from .harness import command, docker
from .test_image import MEGABYTE, files

# The hash of the result of each pipeline on each clip; FFmpeg comes from the same wheel.
RUN = """
import hashlib, sys
from pathlib import Path
from preprocessing import Pipeline, SpecError
for spec in sys.argv[2:]:
    for path in sorted(Path(sys.argv[1]).iterdir()):
        try:
            body = Pipeline.parse(spec).encode(path).body
        except SpecError as error:
            print(path.name, spec, error)
        else:
            print(path.name, spec, hashlib.sha256(body).hexdigest())
"""
SPECS = (
    "sample_frames:4/resize:24,32/npy",
    "key_frames/center_crop:16/jpeg",
    "clip:0,stop=0.5/resize:24,32/mp4",
)


@pytest.fixture
def films(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name.replace(",", "")).write_bytes(clip(name))
    tmp_path.chmod(0o755)
    return tmp_path


def _run(image: str, films: Path) -> str:
    mounted = ("--volume", f"{films}:/films:ro", "--entrypoint", "python")
    return docker("run", "--rm", *mounted, image, "-c", RUN, "/films", *SPECS)


def test_films_become_the_same_bytes_there_as_here(video_image: str, films: Path) -> None:
    here = command(sys.executable, "-c", RUN, str(films), *SPECS)
    assert len(here.splitlines()) == len(FILES) * len(SPECS)
    assert hashlib.sha256(b"").hexdigest() not in here
    assert _run(video_image, films) == here


def test_the_image_without_pyav_names_the_other(function_image: str, films: Path) -> None:
    lines = _run(function_image, films).splitlines()
    assert len(lines) == len(FILES) * len(SPECS)
    assert all("needs PyAV" in line and "use the image for video" in line for line in lines)


def test_pyav_is_all_that_is_larger(video_image: str, function_image: str) -> None:
    with_, without = (files(image) for image in (video_image, function_image))
    added = {path.parts[3] for path in with_.keys() - without.keys()}
    assert {part.partition("-")[0] for part in added} == {"av", "av.libs"}
    assert sum(with_.values()) - sum(without.values()) < 130 * MEGABYTE
