"""Readers with a store: cold, warm and off return equal arrays, and nothing stale."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jitprep.reader import BadObject, CannotOpen, Reader, open_reader
from jitprep.service.results.copy_writer import copy_writer
from jitprep.service.source.stored import folder as stored_folder
from preprocessing import Pipeline
from tests.photos import photo
from tests.preprocessing.strategies import pipelines

from .test_local import KEYS

SPECS = [
    "resize:16,16/npy",
    "resize:16,16/normalize:imagenet/safetensors:layout=hwc",
    "resize:16/npy",  # of a size that depends on the photograph
    "resize:16,16/png",
    "resize:20/random_crop:16/random_horizontal_flip/npy",
    "resize:20/random_grayscale/jpeg",
    "random_resized_crop:16/npy",  # nothing is kept
]


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take files that have just been written for old ones."""
    monkeypatch.setattr(stored_folder, "SETTLED_S", -1.0)


@pytest.fixture
def transforms(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Count the decoded photographs."""
    from preprocessing.decode.image import decoder

    made, decode = [], decoder.decode

    def counted(*given: Any, **named: Any) -> Any:
        made.append(1)
        return decode(*given, **named)

    monkeypatch.setattr(decoder, "decode", counted)
    return made


def rows_of(reader: Reader, keys: list[str]) -> list[Any]:
    """Read in each way, and return the arrays of one; all must be equal."""
    alone = [reader.get(key) for key in keys]
    copy_writer.finish(10)
    each = reader.get_each(keys)
    for key, one in zip(keys, alone, strict=True):
        np.testing.assert_array_equal(each[key], one, strict=True)
        assert one.flags.writeable
    if (layout := reader.row_layout) is not None:
        out = np.full((len(keys), *layout.shape), 7, layout.dtype)
        assert reader.read_into(keys, out) == {}
        np.testing.assert_array_equal(out, np.stack(alone), strict=True)
    return alone


def require_equal(off: Reader, kept: Reader, keys: list[str]) -> None:
    wanted = rows_of(off, keys)
    for _ in ("cold", "warm"):
        for found, one in zip(rows_of(kept, keys), wanted, strict=True):
            np.testing.assert_array_equal(found, one, strict=True)
        copy_writer.finish(10)


@pytest.mark.parametrize("spec", SPECS)
def test_a_store_changes_no_bit(folder, tmp_path, spec):
    off = open_reader(f"file:{folder}", pipeline=spec)
    kept = open_reader(f"file:{folder}", pipeline=spec, store=f"file:{tmp_path}/copies")
    for seed in (0, 3):
        require_equal(off.with_seed(seed), kept.with_seed(seed), KEYS)
    assert pickle.loads(pickle.dumps(kept)) == kept


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(pipelines(), st.integers(0, 9))
def test_a_store_changes_no_bit_of_any_pipeline(folder, tmp_path_factory, pipeline, seed):
    store = tmp_path_factory.mktemp("copies")
    readers = [
        open_reader(f"file:{folder}", pipeline=pipeline, seed=seed, store=place)
        for place in (None, f"file:{store}", f"file:{store}")
    ]
    outcomes = []
    for reader in readers:
        try:
            outcomes.append(reader.get(KEYS[1]).tobytes())
        except BadObject as error:
            outcomes.append((error.code, str(error)))
        copy_writer.finish(10)
    assert outcomes == [outcomes[0]] * 3


def test_later_reads_decode_nothing(folder, tmp_path, transforms):
    for spec in ("resize:16,16/npy", "resize:20/random_crop:16/npy"):
        del transforms[:]
        kept = open_reader(f"file:{folder}", pipeline=spec, store=f"{tmp_path}/copies")
        kept.get_batch(KEYS)
        copy_writer.finish(10)
        assert len(transforms) == len(KEYS)
        kept.with_seed(1 if kept.draws else 0).get_batch(KEYS)
        assert len(transforms) == len(KEYS)


def test_another_pipeline_is_another_copy(folder, tmp_path):
    for spec in ("resize:16,16/npy", "resize:16,16/npy:layout=hwc", "resize:16,16/invert/npy"):
        kept = open_reader(f"file:{folder}", pipeline=spec, store=f"file:{tmp_path}/copies")
        require_equal(open_reader(f"file:{folder}", pipeline=spec), kept, KEYS)


def same_size(body: bytes, other: bytes) -> tuple[bytes, bytes]:
    """Pad two JPEGs behind their ends, so that both have one size."""
    size = max(len(body), len(other))
    return body.ljust(size, b"\0"), other.ljust(size, b"\0")


def in_place(path: Path, body: bytes) -> None:
    with path.open("r+b") as file:
        file.write(body)


def renamed(path: Path, body: bytes) -> None:
    path.with_name("new").write_bytes(body)
    path.with_name("new").rename(path)


@pytest.mark.parametrize("write", [in_place, renamed])
def test_a_changed_file_is_read_anew_though_its_size_and_time_are_the_same(tmp_path, write):
    first, second = same_size(photo("rocket"), photo("coffee"))
    (tmp_path / "photos").mkdir()
    path = tmp_path / "photos" / "a.jpg"
    path.write_bytes(first)
    os.utime(path, ns=(10**18, 10**18))
    kept = open_reader(
        f"file:{tmp_path}/photos", pipeline="resize:16,16/npy", store=f"{tmp_path}/copies"
    )
    kept.get("a.jpg")
    copy_writer.finish(10)
    write(path, second)
    os.utime(path, ns=(10**18, 10**18))
    expected = Pipeline.parse("resize:16,16/npy")(second)
    np.testing.assert_array_equal(kept.get("a.jpg"), expected)


def test_a_file_that_has_just_changed_is_not_copied(tmp_path, monkeypatch):
    """It may change again within one tick of the clock, and look the same."""
    monkeypatch.setattr(stored_folder, "SETTLED_S", 60.0)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(photo("rocket"))
    kept = open_reader(
        f"file:{tmp_path}/photos", pipeline="resize:16,16/npy", store=f"{tmp_path}/copies"
    )
    kept.get("a.jpg")
    copy_writer.finish(10)
    assert not list(tmp_path.glob("copies/jitprep-*/*"))


def test_a_file_that_is_written_while_it_is_read_is_not_copied(folder, tmp_path, monkeypatch):
    kept = open_reader(f"file:{folder}", pipeline="resize:16,16/npy", store=f"{tmp_path}/copies")
    path, made = folder / "rocket.jpg", Pipeline.encode

    def encode(pipeline: Pipeline, *given: Any, **named: Any) -> Any:
        os.utime(path)
        return made(pipeline, *given, **named)

    monkeypatch.setattr(Pipeline, "encode", encode)
    kept.get("rocket.jpg")
    copy_writer.finish(10)
    assert not list(tmp_path.glob("copies/jitprep-*/*"))


@pytest.mark.parametrize("spec", [SPECS[0], SPECS[4]])
@pytest.mark.parametrize("harm", [lambda file: os.truncate(file, 1000), lambda file: file.unlink()])
def test_damaged_and_evicted_copies_are_made_again(folder, tmp_path, spec, harm):
    off = open_reader(f"file:{folder}", pipeline=spec)
    kept = open_reader(f"file:{folder}", pipeline=spec, store=f"file:{tmp_path}/copies")
    require_equal(off, kept, KEYS)
    for file in (tmp_path / "copies").glob("jitprep-??/*"):
        harm(file)
    require_equal(off, kept, KEYS)
    assert all(file.stat().st_size > 1000 for file in tmp_path.glob("copies/jitprep-??/*"))


def test_errors_are_those_without_a_store(folder, tmp_path):
    (folder / "cut.jpg").write_bytes(photo("rocket")[:9000])
    kept = open_reader(f"file:{folder}", pipeline="resize:16,16/npy", store=f"{tmp_path}/copies")
    off = open_reader(f"file:{folder}", pipeline="resize:16,16/npy")
    for key in ("cut.jpg", "missing.jpg", "../a", "deeper"):
        said = []
        for reader in (off, kept, kept):
            with pytest.raises(BadObject) as caught:
                reader.get(key)
            said.append((caught.value.code, str(caught.value)))
        assert said == [said[0]] * 3


@pytest.mark.parametrize(
    ("address", "options", "words"),
    [
        ("lambda:name/bucket", {"pipeline": "npy"}, "does not support store"),
        ("http://host/mount", {}, "does not support store"),
        ("s3://bucket", {}, "does not support store"),
        ("file:.", {"store": "s3://b"}, "holds results, which need no copies"),
        ("file:.", {"pipeline": "npy", "store": "https://host"}, "copies cannot be written to"),
        ("file:.", {"pipeline": "npy", "store_bytes": "many"}, "store_bytes must be bytes"),
        ("file:.", {"pipeline": "npy", "store": None, "store_bytes": 1}, "give store= too"),
        ("file:.", {"pipeline": "npy", "store": "s3://b", "store_bytes": 1}, "a folder only"),
        ("file:.", {"pipeline": "npy"}, "lies within the originals"),
        ("s3://b/a", {"pipeline": "npy", "store": "s3://b/a/c"}, "lies within the originals"),
    ],
)
def test_a_store_is_refused_where_it_means_nothing(address, options, words):
    with pytest.raises(CannotOpen, match=words):
        open_reader(address, **{"store": "file:copies", **options})
