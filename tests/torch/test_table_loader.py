"""Batches of a table's rows, with a column as their labels."""

from __future__ import annotations

import re

import numpy as np
import pytest

from jitprep import open_reader
from jitprep.reader.torch import Loader, ObjectBatches
from tests.paths import ROOT

DATA = ROOT / "tests/jitprep/tables/data"
CROPS = "random_crop:8/random_horizontal_flip/npy"


@pytest.fixture
def rows():
    return open_reader(f"file:{DATA / 'images.parquet'}", column="image", pipeline=CROPS)


@pytest.mark.parametrize("shuffle", [False, True, "groups"])
@pytest.mark.parametrize("workers", [0, 2])
def test_labels_are_those_of_the_rows(rows, shuffle, workers):
    keys = list(rows.keys())
    with Loader(
        rows,
        labels="label",
        batch_size=4,
        shuffle=shuffle,
        num_workers=workers,
        start_method="spawn",
    ) as loader:
        assert loader.classes == ("cat", "dog", "heron")
        loader.set_epoch(3)
        taken = [(images.numpy().copy(), labels.tolist()) for images, labels in loader]
        state = loader.state_dict()
    order = loader._order.indices(3)
    assert sorted(order) == list(range(10))
    expected = rows.with_seed(3).get_batch([keys[index] for index in order])
    np.testing.assert_array_equal(np.concatenate([images for images, _ in taken]), expected)
    assert [label for _, labels in taken for label in labels] == [index % 3 for index in order]
    other = Loader(rows, batch_size=4, shuffle=shuffle is False, num_workers=0)
    with pytest.raises(ValueError, match="other shuffle"):
        other.load_state_dict(state)


def test_a_row_without_bytes_is_left_out():
    rows = open_reader(f"file:{DATA / 'paths.parquet'}", column="image", pipeline=CROPS)
    with Loader(rows, batch_size=4, num_workers=1, on_bad_object="skip") as loader:
        assert [len(keys) for _, keys in loader] == [3, 4, 2]


def test_the_datasets_of_pytorch_take_rows_too(rows):
    data = ObjectBatches(rows, rows.keys(), rows.column_values("label"), batch_size=5)
    assert [labels.tolist() for _, labels in data] == [[0, 1, 2, 0, 1], [2, 0, 1, 2, 0]]


def test_an_overflow_is_refused(rows):
    with pytest.raises(ValueError, match="or rows of a table"):
        Loader(rows, batch_size=4, num_workers=1, overflow="http://localhost:1/rows")


def test_the_block_of_the_page_on_tables_runs(rows):
    page = (ROOT / "docs/training/tables.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(from jitprep.reader.torch.*?)```", page, re.DOTALL)
    names: dict[str, object] = {"photos": rows}
    exec(block, names)
    assert names["loader"].classes == ("cat", "dog", "heron")
