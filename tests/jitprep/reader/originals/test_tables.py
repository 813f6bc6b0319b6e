"""Readers of tables in stores and folders: rows, other columns, requests and errors, over real HTTP."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet

from jitprep.reader import BadObject, Reader, Refused, open_reader
from jitprep.reader.loading.selection import near_groups, select_samples
from preprocessing import Pipeline, Seed
from tests.jitprep.service.source.stored.server import WebServer
from tests.paths import ROOT

from .conftest import page

DATA = ROOT / "tests/jitprep/tables/data"
IMAGES = DATA / "images.parquet"
CROPS = "random_crop:8/random_horizontal_flip/npy"
KEYS = [f"images.parquet#{number}" for number in range(10)]
LISTING = """<ListBucketResult><EncodingType>url</EncodingType>
<Contents><Key>pre/fix/images.parquet</Key><Size>9</Size></Contents>
<Contents><Key>pre/fix/notes.txt</Key><Size>9</Size></Contents>
<Contents><Key>pre/fix/paths.parquet</Key><Size>9</Size></Contents></ListBucketResult>"""
Tables = Callable[..., Reader]


def samples(path: Path = IMAGES, column: str = "image") -> list[bytes]:
    return [row["bytes"] for row in parquet.read_table(path).column(column).to_pylist()]


def identity(data: bytes) -> str:
    length = int.from_bytes(data[-8:-4], "little")
    return f'"{hashlib.md5(data[-8 - length : -8]).hexdigest()}"'


@pytest.fixture(params=["http", "s3", "gs", "az", "file"])
def tables(request, store: WebServer, clouds: None, tmp_path: Path) -> Tables:
    """Return a function that opens the tables below a prefix, or one of them."""
    for name in ("images", "paths"):
        data = (DATA / f"{name}.parquet").read_bytes()
        store.pages[f"/bucket/pre/fix/{name}.parquet"] = page(data, name)
        (tmp_path / "fix").mkdir(exist_ok=True)
        (tmp_path / f"fix/{name}.parquet").write_bytes(data)
    (tmp_path / "fix/notes.txt").touch()

    def reader(name: str = "images.parquet", spec: str = CROPS, **options: Any) -> Reader:
        address = {"http": f"{store.url}/bucket/pre/fix", "file": f"file:{tmp_path / 'fix'}"}
        where = address.get(request.param, f"{request.param}://bucket/pre/fix")
        if request.param == "s3":
            options["endpoint_url"] = store.url
        return open_reader(f"{where}/{name}", pipeline=spec, column="image", **options)

    reader.drawn = {"http": "bucket/pre/fix/", "file": ""}.get(request.param, "pre/fix/")
    return reader


def test_rows_are_what_the_pipeline_makes_of_their_bytes(tables):
    for seed in (0, 3):
        reader = tables(seed=seed)
        assert list(reader.keys()) == KEYS
        batch = reader.get_batch(KEYS)
        for key, row, sample in zip(KEYS, batch, samples(), strict=True):
            drawn = Seed(seed, f"{tables.drawn}{key}", identity(IMAGES.read_bytes()))
            made = Pipeline.parse(CROPS)(sample, seed=drawn)
            np.testing.assert_array_equal(row, made, strict=True)
            np.testing.assert_array_equal(reader.get(key), made, strict=True)
            assert reader.original(key) == sample
    again = pickle.loads(pickle.dumps(tables()))
    assert again == tables()
    np.testing.assert_array_equal(again.with_seed(3).get_batch(KEYS), batch)
    assert not np.array_equal(again.get_batch(KEYS), batch)


def test_the_geometry_of_a_row_comes_with_it(tables):
    reader = tables(spec="resize:6,8/npy")
    image, geometry = reader.get(KEYS[3], geometry=True)
    np.testing.assert_array_equal(image, reader.get(KEYS[3]))
    source, made = (12 + 3, 16), (6, 8)
    expected = np.diag([made[1] / source[1], made[0] / source[0], 1])
    np.testing.assert_allclose(geometry.matrix, expected)


def test_rows_of_an_array_are_filled_in_place(tables):
    keys = [KEYS[5], "images.parquet#10", KEYS[0], KEYS[5]]
    for spec in (CROPS, "random_crop:8/png"):  # the second is decoded from its bytes
        reader = tables(spec=spec)
        out = np.zeros((4, *reader.get(KEYS[0]).shape), np.uint8)
        apart = reader.read_into(keys, out)
        assert list(apart) == [1]
        assert apart[1].code == "NoSuchKey"
        for position in (0, 2, 3):
            np.testing.assert_array_equal(out[position], reader.get(keys[position]))


def test_other_columns_ride_along(tables):
    reader = tables()
    table = parquet.read_table(IMAGES)
    for key, row in zip(KEYS, table.to_pylist(), strict=True):
        assert reader.row(key) == {**row, "image": {"path": row["image"]["path"]}}
    assert reader.column_values("caption") == table.column("caption").to_pylist()
    assert reader.column_values("boxes", [KEYS[5], KEYS[2]]) == [
        [[5, 0, 4, 4]] * 2,
        [[2, 0, 4, 4]] * 2,
    ]
    assert reader.class_names("label") == ("cat", "dog", "heron")
    with pytest.raises(
        BadObject, match="'none' is not in the table; its columns are 'image', 'label'"
    ):
        reader.column_values("none")


def test_keys_know_which_of_them_are_read_together(tables):
    reader = tables()
    assert reader.group_sizes(KEYS) == near_groups(reader, KEYS, "groups") == (4, 4, 2)
    some = [KEYS[number] for number in (5, 6, 9, 0, 3, 4)]
    assert reader.group_sizes(some) == (2, 1, 2, 1)


def test_labels_of_a_loader_are_a_column(tables):
    found = select_samples(tables(), None, "label", None, (), "*#3")
    assert found.keys == [key for key in KEYS if key != KEYS[3]]
    assert found.labels == [number % 3 for number in range(10) if number != 3]
    assert found.classes == ("cat", "dog", "heron")
    found = select_samples(tables(), [KEYS[4], KEYS[1]], "caption", None, (), ())
    assert (found.labels, found.classes) == (["picture 4", "picture 1"], None)


@pytest.mark.parametrize("tables", ["http"], indirect=True)
def test_tables_of_a_web_server_are_named_one_by_one(tables):
    with pytest.raises(Refused, match="no listing"):
        list(tables("").keys())
    np.testing.assert_array_equal(tables("").get(KEYS[7]), tables().get(KEYS[7]))


@pytest.mark.parametrize("tables", ["s3", "file"], indirect=True)
def test_a_prefix_has_the_rows_of_all_its_tables(tables, store):
    store.pages["/bucket"] = page(LISTING.encode(), "list")
    reader = tables("")
    assert list(reader.keys()) == KEYS + [f"paths.parquet#{number}" for number in range(10)]
    assert list(reader.keys("images")) == KEYS
    assert list(reader.keys("paths.parquet#9")) == ["paths.parquet#9"]
    np.testing.assert_array_equal(reader.get(KEYS[7]), tables().get(KEYS[7]))
    assert len(reader.get_batch([KEYS[7], "paths.parquet#7", KEYS[1]])) == 3
    with pytest.raises(Refused, match="different names of the classes"):
        reader.class_names("label")


def test_a_row_without_bytes_is_bad_by_its_number(tables):
    reader = tables("paths.parquet")
    keys = list(reader.keys())
    read = reader.get_each(keys)
    assert [key for key in keys if isinstance(read[key], BadObject)] == ["paths.parquet#1"]
    with pytest.raises(
        BadObject, match=r"^paths.parquet#1: EmptyObject: row 1 has no bytes.*the path"
    ):
        reader.get("paths.parquet#1")


@pytest.mark.parametrize(
    "key",
    [
        *(
            f"images.parquet{end}"
            for end in ("", "#10", "#01", "#-1", "#", "#٣", "#" + "9" * 5_000)
        ),
        *("other.parquet#0", "#0"),
    ],
)
def test_a_key_that_names_no_row_is_bad(tables, key):
    with pytest.raises(BadObject) as refused:
        tables().get(key)
    assert (refused.value.code, refused.value.key) == ("NoSuchKey", key)


def test_a_wrong_column_is_not_skipped_as_a_bad_row(tables):
    wrong = replace(tables(), column="label")
    with pytest.raises(Refused, match="'label' is not binary; the binary columns are 'image'"):
        next(wrong.keys())
    assert isinstance(wrong.get_each(KEYS)[KEYS[0]], Refused)
