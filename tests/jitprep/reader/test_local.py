"""Readers of a local folder."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitprep.reader import BadObject, CannotOpen, ReadError, Undecodable, open_reader
from preprocessing import Pipeline, Seed
from tests.photos import photo

CROPS = "random_resized_crop:16/random_horizontal_flip/npy"
KEYS = ["deeper/coffee & crème +1%.jpg", "rocket.jpg"]
BODIES = dict(zip(KEYS, map(photo, ("coffee", "rocket")), strict=True))


@pytest.mark.parametrize(
    "spec", [CROPS, f"views:3/{CROPS}", "resize:16,16/png", "resize:16,16/safetensors"]
)
def test_originals_become_what_a_read_of_that_key_and_seed_gives(folder, spec):
    reader = open_reader(f"file:{folder}", pipeline=spec, seed=3)
    pipeline = Pipeline.parse(spec)
    for key, body in BODIES.items():
        expected = pipeline(body, seed=Seed(3, key))
        np.testing.assert_array_equal(reader.get(key), expected, strict=True)
        assert reader.original(key) == body
    again = pickle.loads(pickle.dumps(reader))
    assert again == reader
    np.testing.assert_array_equal(again.get_batch(KEYS), reader.get_batch(KEYS))
    assert reader.get_batch(KEYS).flags.writeable


def test_views_are_rows_of_one_shape(folder):
    reader = open_reader(f"file:{folder}", pipeline=f"resize:40/views:3/{CROPS}", seed=3)
    batch = np.zeros((2, 3, 3, 16, 16), np.uint8)
    assert reader.read_into(KEYS, batch) == {}
    np.testing.assert_array_equal(batch, np.stack([reader.get(key) for key in KEYS]))


def test_a_pipeline_that_returns_several_arrays_is_refused(folder):
    several = "views:1,key=a/resize:8,8/views:2,key=b/resize:9,9/safetensors"
    for pipeline in (several, Pipeline.parse(several)):
        with pytest.raises(CannotOpen, match="returns several arrays"):
            open_reader(f"file:{folder}", pipeline=pipeline)


def test_another_seed_draws_anew_and_the_same_seed_the_same(folder):
    reader = open_reader(f"file:{folder}", pipeline=CROPS)
    first, second = reader.with_seed(1).get_batch(KEYS), reader.with_seed(2).get_batch(KEYS)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(reader.with_seed(1).get_batch(KEYS), first)


def test_results_are_read_as_they_are(tmp_path):
    made = Pipeline.parse("resize:16,16/npy").encode(photo("rocket"))
    (tmp_path / "rocket.npy").write_bytes(made.body)
    reader = open_reader(f"file:{tmp_path}")
    expected = Pipeline.parse("resize:16,16/npy")(photo("rocket"))
    np.testing.assert_array_equal(reader.get("rocket.npy"), expected, strict=True)


def test_a_file_that_is_not_a_result_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("words")
    with pytest.raises(Undecodable, match=r"notes\.txt.*through a pipeline"):
        open_reader(f"file:{tmp_path}").get("notes.txt")


def test_a_batch_has_its_keys_order_and_repeats(folder):
    reader = open_reader(f"file:{folder}", pipeline="resize:16,16/npy")
    batch = reader.get_batch([KEYS[1], KEYS[0], KEYS[1]])
    np.testing.assert_array_equal(batch[0], batch[2])
    np.testing.assert_array_equal(batch[1], reader.get(KEYS[0]))
    assert batch.shape == (3, 3, 16, 16)
    np.testing.assert_array_equal(reader.get_batch(iter([KEYS[1], KEYS[0], KEYS[1]])), batch)


def test_a_batch_that_cannot_be_stacked_names_both(folder):
    with pytest.raises(ReadError, match=r"rocket.*deeper.*center_crop"):
        open_reader(f"file:{folder}", pipeline="npy").get_batch(KEYS)
    for keys in ([], iter([]), "rocket.jpg"):
        with pytest.raises(ReadError, match="at least one"):
            open_reader(f"file:{folder}", pipeline="npy").get_batch(keys)


@pytest.mark.parametrize("spec", [CROPS, "resize:16,16/png", "resize:16,16/safetensors:layout=hwc"])
def test_rows_are_written_where_they_fit(folder, spec):
    (folder / "notes.txt").write_text("words")
    reader = open_reader(f"file:{folder}", pipeline=spec, seed=3)
    keys = ["rocket.jpg", "notes.txt", KEYS[0]]
    shape = reader.get("rocket.jpg").shape
    assert reader.row_layout == (shape, "uint8")
    for out in (None, np.zeros((3, *shape), np.uint8), np.zeros((3, *shape), np.float32)):
        apart = reader.read_into(keys, out)
        assert apart.pop(1).code == "UnknownFormat"
        for row in (0, 2):
            expected = reader.get(keys[row])
            fits = out is not None and out.dtype == np.uint8
            np.testing.assert_array_equal(out[row] if fits else apart.pop(row), expected)
        assert apart == {}


def test_what_depends_on_the_object_has_no_layout(folder):
    for spec in ("npy", "image:skip/resize:8,8/npy", "text/text"):
        assert open_reader(f"file:{folder}", pipeline=spec).row_layout is None
    assert open_reader(f"file:{folder}").row_layout is None


def test_each_key_has_its_array_or_its_error(folder):
    (folder / "empty.jpg").touch()
    (folder / "notes.txt").write_text("words")
    reader = open_reader(f"file:{folder}", pipeline="resize:16,16/npy")
    read = reader.get_each(["rocket.jpg", "empty.jpg", "notes.txt", "none.jpg"])
    assert read["rocket.jpg"].shape == (3, 16, 16)
    codes = {key: error.code for key, error in read.items() if isinstance(error, BadObject)}
    assert codes == {
        "empty.jpg": "EmptyObject",
        "notes.txt": "UnknownFormat",
        "none.jpg": "NoSuchKey",
    }
    with pytest.raises(BadObject, match="empty"):
        reader.get_batch(["rocket.jpg", "empty.jpg", "none.jpg"])


def test_keys_come_in_s3s_order(tmp_path):
    names = ["a-b/1", "a/2", "a/1", "a0", "é", "z", "Z", "a b", "ab"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    reader = open_reader(f"file:{tmp_path}")
    assert list(reader.keys()) == sorted(names, key=str.encode)
    assert list(reader.keys("a/")) == ["a/1", "a/2"]
    assert list(reader.keys("a")) == ["a b", "a-b/1", "a/1", "a/2", "a0", "ab"]
    assert list(reader.keys("none/")) == []


@settings(deadline=None)  # disk access takes time
@given(
    st.lists(st.sampled_from(["..", ".", "", "rocket.jpg", "secret", "photos", "\0"]), min_size=1)
)
def test_no_key_leads_out_of_the_folder(tmp_path_factory, parts):
    top = tmp_path_factory.getbasetemp() / "leads-out"
    (top / "photos").mkdir(parents=True, exist_ok=True)
    (top / "secret").write_bytes(photo("rocket"))
    with pytest.raises(BadObject, match="NoSuchKey"):
        open_reader(f"file:{top}/photos", pipeline="npy").get("/".join(parts))
