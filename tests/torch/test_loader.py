"""The loader: the batches of ObjectBatches, bit for bit, for any number of workers and start method."""

from __future__ import annotations

import gc

import numpy as np
import pytest
import torch

from jitprep.reader import BadObject, open_reader
from jitprep.reader.torch import Loader, ObjectBatches, normalize_batch

# Number of workers, and their start method.
WORKERS = [(0, None), (1, "fork"), (2, "fork"), (4, "fork"), (2, "spawn")]


def same(one, other) -> bool:
    return len(one) == len(other) and all(
        torch.equal(rows, others) and list(labels) == list(wanted)
        for (rows, labels), (others, wanted) in zip(one, other, strict=True)
    )


@pytest.mark.parametrize(("workers", "method"), WORKERS)
def test_batches_are_those_of_the_dataset(thumbnails, workers, method):
    keys, options = list(thumbnails.keys()), {"batch_size": 5, "shuffle": True}
    data = ObjectBatches(thumbnails, keys, **options)
    with Loader(thumbnails, **options, num_workers=workers, start_method=method) as loader:
        assert len(loader) == len(data) == 3
        for epoch in (0, 1, 4, 1):
            data.set_epoch(epoch)
            loader.set_epoch(epoch)
            assert same(list(loader), list(data))
        assert (loader.stats.batches, loader.stats.images, loader.stats.skipped) == (3, 12, 0)
        assert 0 < loader.stats.waited_s <= loader.stats.seconds
        assert loader.stats.images_per_s > 0


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("drop_last", [False, True])
def test_ranks_have_the_datasets_batches(thumbnails, workers, drop_last):
    keys = list(thumbnails.keys())[:11]
    labels = torch.arange(11)
    for rank in range(3):
        options = {"batch_size": 2, "shuffle": True, "rank": rank, "world_size": 3}
        options["drop_last"] = drop_last
        data = ObjectBatches(thumbnails, keys, labels, **options)
        with Loader(thumbnails, keys, labels, **options, num_workers=workers) as loader:
            assert len(loader) == len(data)
            assert same(list(loader), list(data))


def test_the_process_group_is_the_default(thumbnails, monkeypatch):
    monkeypatch.setattr("torch.distributed.is_initialized", lambda: True)
    monkeypatch.setattr("torch.distributed.get_rank", lambda: 1)
    monkeypatch.setattr("torch.distributed.get_world_size", lambda: 2)
    keys = list(thumbnails.keys())
    (batch,) = Loader(thumbnails, batch_size=12, num_workers=0)
    assert list(batch[1]) == keys[1::2]
    with pytest.raises(ValueError, match="rank and world_size both"):
        Loader(thumbnails, batch_size=1, rank=0)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_batch_is_the_consumers_to_keep_and_change(thumbnails, workers):
    with Loader(thumbnails, batch_size=2, num_workers=workers, ring_bytes=0) as loader:
        kept = list(loader)
        expected = thumbnails.get_batch(list(thumbnails.keys()))
        np.testing.assert_array_equal(torch.cat([rows for rows, _ in kept]).numpy(), expected)
        view = kept[3][0][1].flip(0)[0]
        wanted, _ = view.clone(), kept[1][0].zero_()
        del kept
        gc.collect()
        for _ in range(3):
            loader.set_epoch(loader.epoch + 1)
            for rows, _ in loader:
                rows.fill_(255)
        assert torch.equal(view, wanted)
    assert torch.equal(view, wanted)


def test_labels_are_collated(tmp_path, small_bodies):
    for name in ("train/b/1.jpg", "train/a/2.jpg", "train/b/3.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(small_bodies["rocket"])
    reader = open_reader(f"file:{tmp_path}", pipeline="resize:8,8/npy")
    loader = Loader(reader, labels="folder", batch_size=3, num_workers=0)
    ((_, labels),) = loader
    assert (labels.tolist(), labels.dtype, loader.classes) == ([0, 1, 1], torch.int64, ("a", "b"))
    assert loader.keys == ["train/a/2.jpg", "train/b/1.jpg", "train/b/3.jpg"]
    ((_, labels),) = Loader(
        reader,
        labels={key: len(key) / 2 for key in loader.keys},
        batch_size=3,
        exclude="*/b/3*",
        num_workers=0,
    )
    assert labels.tolist() == [6.5, 6.5]
    manifest = tmp_path / "table.csv"
    manifest.write_text("key,label,weight\ntrain/b/3.jpg,7,0.5\ntrain/a/2.jpg,8,2\n")
    ((rows, labels, columns),) = Loader(reader, manifest=manifest, batch_size=3, num_workers=0)
    assert (rows.shape, labels.tolist()) == ((2, 3, 8, 8), [7, 8])
    assert {name: values.tolist() for name, values in columns.items()} == {"weight": [0.5, 2.0]}


@pytest.mark.parametrize("workers", [0, 2])
def test_bad_objects_are_counted_in_one_line(thumbnails, workers, caplog):
    for name in ("chelsea-0.jpg", "retina-1.jpg"):
        (thumbnails.path / name).write_bytes(b"words")
    keys = list(thumbnails.keys())
    loader = Loader(thumbnails, batch_size=5, num_workers=workers)
    with pytest.raises(BadObject, match=r"chelsea-0\.jpg: UnknownFormat"):
        list(loader)
    data = ObjectBatches(thumbnails, keys, batch_size=5, on_bad_object="skip")
    expected = list(data)
    caplog.clear()
    with Loader(thumbnails, batch_size=5, num_workers=workers, on_bad_object="skip") as loader:
        assert same(list(loader), expected)
        assert (loader.stats.images, loader.stats.skipped) == (10, 2)
    (line,) = caplog.messages
    assert line.startswith(
        "epoch 0: skipped 2 bad objects; the first: chelsea-0.jpg: UnknownFormat"
    )


def test_text_is_lists_of_strings(tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text(f"Document {number}.")
    reader = open_reader(f"file:{tmp_path}", pipeline="text/text")
    with Loader(reader, batch_size=2, num_workers=1) as loader:
        assert list(loader) == list(ObjectBatches(reader, list(reader.keys()), batch_size=2))


def test_a_loader_is_iterated_once_at_a_time(thumbnails):
    with Loader(thumbnails, batch_size=5, num_workers=1) as loader:
        first = iter(loader)
        next(first)
        second = iter(loader)
        with pytest.raises(RuntimeError, match="one iteration at a time"):
            next(first)
        assert len(list(second)) == 3
        loader.set_epoch(1)
        third = iter(loader)
        loader.close()
        with pytest.raises(RuntimeError, match="the loader was closed"):
            next(third)


def test_no_keys_are_no_batches(thumbnails):
    loader = Loader(thumbnails, [], batch_size=5)
    assert (len(loader), list(loader)) == (0, [])


def test_normalising_is_that_of_the_pipeline(thumbnails):
    crop = "resize:16,16"
    (key, *_) = thumbnails.keys()
    images, wanted = (
        torch.from_numpy(open_reader(f"file:{thumbnails.path}", pipeline=spec).get_batch([key]))
        for spec in (f"{crop}/npy", f"{crop}/normalize:imagenet/npy")
    )
    made = normalize_batch(images)
    assert made.dtype == torch.float32
    # The pipeline normalises before it rounds to whole samples.
    assert (made - wanted).abs().max() < 0.5 / 255 / 0.224 + 1e-5
    assert torch.allclose(normalize_batch(images.float() / 255), made, atol=1e-5)
    assert torch.equal(normalize_batch(images, dtype=torch.bfloat16), made.to(torch.bfloat16))
    assert torch.allclose(normalize_batch(images, (0.0,), (1.0,)), images / 255)
    with pytest.raises(ValueError, match="3 channels, mean has 2"):
        normalize_batch(images, (0.0, 0.0))
