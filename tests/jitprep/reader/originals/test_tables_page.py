"""The examples of docs/training/tables.md run unchanged."""

from __future__ import annotations

import re

import pytest
from pyarrow import parquet

from tests.paths import ROOT

PAGE = (ROOT / "docs/training/tables.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
IMAGES = ROOT / "tests/jitprep/tables/data/images.parquet"


@pytest.fixture
def names(tmp_path, monkeypatch):
    """Run the blocks in a folder that has the table, but for those that need PyTorch or `datasets`."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/train.parquet").write_bytes(IMAGES.read_bytes())
    monkeypatch.chdir(tmp_path)
    found: dict[str, object] = {}
    for block in BLOCKS:
        if "jitprep.reader.torch" not in block and "import datasets" not in block:
            exec(block, found)
    return found


def test_rows_are_read(names):
    assert names["keys"] == [f"train.parquet#{number}" for number in range(10)]
    assert (names["image"].shape, names["batch"].shape) == ((3, 224, 224), (10, 3, 224, 224))


def test_other_columns_are_what_the_page_shows(names):
    photos, keys = names["photos"], names["keys"]
    assert photos.row(keys[0]).keys() == {"image", *parquet.read_schema(IMAGES).names}
    assert photos.class_names("label") == ("cat", "dog", "heron")
    assert len(BLOCKS) == 4
