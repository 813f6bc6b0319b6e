"""Photographs in a folder. `make test-torch` has the environment of these tests."""

from __future__ import annotations

import pytest

from jitprep.reader import Reader, open_reader
from preprocessing import Pipeline
from tests.photos import NAMES, photo

CROPS = "random_resized_crop:16/random_horizontal_flip/npy"


@pytest.fixture
def photos(tmp_path) -> Reader:
    """Reader of twelve photographs, two of each."""
    for name in NAMES:
        for number in range(2):
            (tmp_path / f"{name}-{number}.jpg").write_bytes(photo(name))
    return open_reader(f"file:{tmp_path}", pipeline=CROPS)


@pytest.fixture(scope="session")
def small_bodies() -> dict[str, bytes]:
    """The photographs, with sides of at least 32 pixels, by name."""
    small = Pipeline.parse("resize:32/jpeg")
    return {name: bytes(small.encode(photo(name)).body) for name in NAMES}


@pytest.fixture
def thumbnails(tmp_path, small_bodies) -> Reader:
    """Reader of twelve small photographs, two of each."""
    for name, body in small_bodies.items():
        for number in range(2):
            (tmp_path / f"{name}-{number}.jpg").write_bytes(body)
    return open_reader(f"file:{tmp_path}", pipeline=CROPS)
