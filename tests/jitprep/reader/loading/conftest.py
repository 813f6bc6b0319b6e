"""A folder of small photographs, all different, and a stream over it."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from jitprep.reader import Reader, open_reader
from jitprep.reader.loading.order import EpochOrder
from jitprep.reader.loading.stream import EpochStream

COUNT = 23
CROPS = "random_resized_crop:8/random_horizontal_flip/npy"


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """Folder of JPEGs of 24×16."""
    folder = tmp_path_factory.mktemp("small")
    chance = np.random.default_rng(0)
    for number in range(COUNT):
        stream = BytesIO()
        Image.fromarray(chance.integers(0, 256, (16, 24, 3), np.uint8)).save(stream, "JPEG")
        (folder / f"{number:02}.jpg").write_bytes(stream.getvalue())
    return folder


@pytest.fixture
def crops(small) -> Reader:
    return open_reader(f"file:{small}", pipeline=CROPS)


@pytest.fixture
def streams() -> Iterator[object]:
    """Make streams, which are closed after the test."""
    made: list[EpochStream] = []

    def make(
        reader,
        keys=None,
        workers=0,
        method="fork",
        nbytes=0,
        skips=False,
        overflow=None,
        guessed=4,
        **order,
    ):
        named = list(reader.keys()) if keys is None else keys
        whole = EpochOrder(count=len(named), **{"batch_size": 5, **order})
        made.append(
            EpochStream(
                reader,
                named,
                whole,
                workers=workers,
                start_method=method,
                nbytes=nbytes,
                skips=skips,
                overflow=overflow,
                guessed=guessed,
            )
        )
        return made[-1], named, whole

    yield make
    for stream in made:
        stream.close()
