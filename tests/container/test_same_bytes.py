"""A pipeline has the same result wherever it runs: four ways, compared by hash.

Python, zlib and the C library of the image are not those of this machine; the bytes must be equal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from preprocessing import Pipeline, Seed

from .harness import JITPREP, command, container, free_port, jitprep_up
from .reader import Reader

PIPELINES = {
    "gray": "grayscale/resize:224,224/png",
    "eval": "resize:256/center_crop:224/normalize:imagenet/npy",
    "photo": "resize:300/jpeg",
    "web": "center_crop:200/webp",
    "clahe": "resize:200/clahe/png",
    "train": "random_resized_crop:96/random_horizontal_flip/trivial_augment_wide/gaussian_blur:5/npy",
}

Hashes = Mapping[tuple[str, str], str]
"""SHA-256 by pipeline and photo."""


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def read_all(reader: Reader, photos: Mapping[str, bytes]) -> Hashes:
    reader.put(photos)
    aliases = {name: reader.access_point(name, {"spec": spec}) for name, spec in PIPELINES.items()}
    return {
        (name, key): sha256(reader.read(alias, key))
        for name, alias in aliases.items()
        for key in photos
    }


@pytest.fixture(scope="module")
def in_python(photos: Mapping[str, bytes]) -> Hashes:
    return {
        (name, key): sha256(bytes(Pipeline.parse(spec).encode(body, seed=Seed(0, key)).body))
        for name, spec in PIPELINES.items()
        for key, body in photos.items()
    }


@pytest.fixture(scope="module")
def by_command(photos: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Hashes:
    folder = tmp_path_factory.mktemp("photos")
    for key, body in photos.items():
        (folder / key).write_bytes(body)
    hashes = {}
    for name, spec in PIPELINES.items():
        out = tmp_path_factory.mktemp("out")
        command(JITPREP, "run", spec, str(folder), str(out))
        for path in out.rglob("*.*"):
            hashes[name, path.stem] = sha256(path.read_bytes())
    return {(name, key): hashes[name, Path(key).stem] for name in PIPELINES for key in photos}


@pytest.fixture(scope="module")
def by_workers(photos: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Hashes:
    log = tmp_path_factory.mktemp("workers") / "log"
    with jitprep_up(log, free_port()) as url:
        return read_all(Reader(url), photos)


@pytest.fixture(scope="module")
def by_container(
    function_image: str, photos: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hashes]:
    """The two commands of the README, unchanged."""
    log = tmp_path_factory.mktemp("container") / "log"
    with container(function_image, "-p", "127.0.0.1:9001:8080") as function:
        function.wait_until_it_listens()
        with jitprep_up(log, 9000, "--function", "preprocess=http://127.0.0.1:9001") as url:
            hashes = read_all(Reader(url), photos)
        yield hashes


def test_four_ways_give_the_same_bytes(
    in_python: Hashes, by_command: Hashes, by_workers: Hashes, by_container: Hashes
) -> None:
    assert len(set(in_python.values())) == len(in_python), "different results, or the test is blind"
    assert by_command == in_python
    assert by_workers == in_python
    assert by_container == in_python
