"""The code on the page of the loader."""

from __future__ import annotations

import re
from pathlib import Path

import torch

from jitprep import open_reader
from tests.paths import ROOT

PAGE = (ROOT / "docs/training/loader.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_eight_lines_read_a_folder(thumbnails, small_bodies):
    folder = thumbnails.path / "classes"
    for name, body in small_bodies.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "1.jpg").write_bytes(body)
    assert len(BLOCKS[0].split("loader = ")[1].splitlines()) <= 8
    names: dict[str, object] = {}
    exec(BLOCKS[0].replace("file:photos", f"file:{folder}"), names)
    assert names["images"].shape == names["inputs"].shape == (6, 3, 224, 224)
    assert sorted(names["labels"].tolist()) == list(range(6))
    assert names["loader"].classes == tuple(sorted(small_bodies))
    names["loader"].close()


def test_the_other_blocks_run(thumbnails, tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("manifest"))
    keys = list(thumbnails.keys())
    (tmp_path / "a").mkdir()
    for key in keys:
        (tmp_path / key).rename(tmp_path / "a" / key)
    keys = list(thumbnails.keys())
    Path("train.csv").write_text("key,label\n" + "".join(f"{key},1\n" for key in keys))
    from jitprep.reader.torch import Loader

    table = ROOT / "tests/jitprep/tables/data/images.parquet"
    rows = open_reader(f"file:{table}", column="image", pipeline="resize:8,8/npy")
    names = {"Loader": Loader, "photos": thumbnails, "keys": keys, "labels": torch.arange(12)}
    names["rows"] = rows
    exec(BLOCKS[1], names)
    names["loader"] = Loader(thumbnails, batch_size=4, num_workers=0)
    exec(BLOCKS[2], names)
    assert len(names["labels"]) == 4
    names["photos"] = open_reader(f"file:{tmp_path}", pipeline="resize:8,8/npy")
    exec(BLOCKS[3], names)
    exec(BLOCKS[4].replace("file:photos", f"file:{tmp_path}"), names | {"open_reader": open_reader})
    assert len(BLOCKS) == 5
