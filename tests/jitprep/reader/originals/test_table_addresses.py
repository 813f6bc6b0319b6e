"""Addresses and options of tables."""

from __future__ import annotations

import pytest

from jitprep.reader import CannotOpen, open_reader
from tests.paths import ROOT

IMAGES = ROOT / "tests/jitprep/tables/data/images.parquet"


def test_pyarrow_is_named_with_its_extra_where_it_is_missing(monkeypatch):
    from jitprep.reader.doors import tables as door

    monkeypatch.setattr(door, "find_spec", lambda name: None)
    with pytest.raises(CannotOpen, match=r"need pyarrow.*pip install 'jitprep\[parquet\]'"):
        open_reader(f"file:{IMAGES}", column="image", pipeline="npy")


@pytest.mark.parametrize(
    ("address", "options", "why"),
    [
        (f"file:{IMAGES}", {"pipeline": "npy"}, "give the column of the samples"),
        ("s3://bucket/t.parquet", {"preset": "imagenet"}, "give the column of the samples"),
        (f"file:{IMAGES}", {"column": "image"}, "give the pipeline="),
        (
            f"file:{IMAGES}",
            {"column": "image", "pipeline": "npy", "store": "file:x"},
            "support store",
        ),
        (
            f"file:{IMAGES}x",
            {"column": "image", "pipeline": "npy"},
            "x does not exist; name a folder",
        ),
        ("lambda:f/b", {"column": "image", "pipeline": "npy"}, "column= is for tables"),
        (
            "gs://b/t.parquet",
            {"column": "a", "pipeline": "npy", "endpoint_url": "http://h"},
            "is for s3",
        ),
    ],
)
def test_addresses_and_options_that_are_not_of_tables(address, options, why):
    with pytest.raises(CannotOpen, match=why):
        open_reader(address, **options)


def test_a_folder_may_be_named_as_a_table(tmp_path):
    folder = tmp_path / "out.parquet"
    folder.mkdir()
    (folder / "part-0.parquet").write_bytes(IMAGES.read_bytes())
    for end in ("", "/"):
        reader = open_reader(f"file:{folder}{end}", column="image", preset="imagenet")
        assert next(reader.keys()) == "part-0.parquet#0"
    reader = open_reader("s3://bucket/out.parquet/", column="image", preset="imagenet")
    assert reader.table is None
