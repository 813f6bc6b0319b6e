"""The geometry of a read: with and without copies, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jitprep.reader import Undecodable, open_reader
from jitprep.service.results.copy_writer import copy_writer
from jitprep.service.source.stored import folder as stored_folder
from preprocessing import Pipeline, Seed
from tests.photos import photo

from .conftest import Says

SPECS = [
    "resize:20/center_crop:16/npy",
    "resize:20/random_crop:16/random_horizontal_flip/npy",  # what is before the crop is kept
    "random_resized_crop:16/jpeg",  # nothing is
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stored_folder, "SETTLED_S", -1.0)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(photo("rocket"))
    return tmp_path / "photos"


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("spec", SPECS)
def test_it_is_the_same_by_a_copy(folder: Path, spec: str, stored: bool) -> None:
    store = str(folder.parent / "store") if stored else None
    pipeline = Pipeline.parse(spec)
    for seed in (0, 1, 0):
        reader = open_reader(f"file:{folder}", pipeline=spec, seed=seed, store=store)
        array, geometry = reader.get("a.jpg", geometry=True)
        np.testing.assert_array_equal(array, reader.get("a.jpg"))
        assert geometry == pipeline.geometry(photo("rocket"), seed=Seed(seed, "a.jpg"))
        copy_writer.finish(10)


def test_results_in_a_folder_have_none(folder: Path) -> None:
    (folder / "a.npy").write_bytes(Pipeline.parse(SPECS[0]).encode(photo("rocket")).body)
    with pytest.raises(Undecodable, match=r"a\.npy: .*no geometry"):
        open_reader(f"file:{folder}").get("a.npy", geometry=True)


@pytest.mark.parametrize("text", ["", "1,2,3", "nan,0,0,0,1,0,0,0,1;4,4;4,4;1"])
def test_a_malformed_one_is_refused(web, text: str) -> None:
    made = Pipeline.parse(SPECS[0]).encode(photo("rocket"))
    headers = {"Content-Type": made.content_type, "x-amz-meta-jitprep-geometry": text}
    web.answers = [Says(200, bytes(made.body), headers)]
    reader = open_reader(f"{web.url}/photos")
    assert reader.get("a.jpg").shape == (3, 16, 16)
    with pytest.raises(Undecodable, match="malformed"):
        reader.get("a.jpg", geometry=True)
