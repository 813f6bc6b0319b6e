"""Datasets in torch's DataLoader: the same batches for any number of workers and start method."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from jitprep.reader import BadObject, CannotOpen, ReadError, open_reader
from jitprep.reader.torch import ObjectBatches, ObjectDataset

# DataLoader warns on fewer cores than workers. These tests are about order, not speed.
pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")

# Number of workers, and their start method.
WORKERS = [(0, None), (1, "fork"), (2, "fork"), (3, "fork"), (2, "spawn")]


def batches(data, workers=0, method=None, **options):
    """Return the tensors and targets of an epoch."""
    size = {"batch_size": None} if isinstance(data, ObjectBatches) else {"batch_size": 5}
    loader = DataLoader(
        data, **size, num_workers=workers, multiprocessing_context=method, **options
    )
    return [(images, list(targets)) for images, targets in loader]


def equal(one, other) -> bool:
    return len(one) == len(other) and all(
        torch.equal(images, others) and targets == wanted
        for (images, targets), (others, wanted) in zip(one, other, strict=True)
    )


@pytest.mark.parametrize(("workers", "method"), WORKERS)
def test_both_give_the_readers_arrays_in_the_keys_order(photos, workers, method):
    keys = list(photos.keys())
    expected = [
        (torch.from_numpy(photos.get_batch(keys[start : start + 5])), keys[start : start + 5])
        for start in range(0, len(keys), 5)
    ]
    assert len(expected) == 3
    for data in (ObjectDataset(photos, keys), ObjectBatches(photos, keys, batch_size=5)):
        assert equal(batches(data, workers, method), expected)


@pytest.mark.parametrize(("workers", "method"), [(2, "fork"), (2, "spawn")])
def test_a_new_epoch_reaches_workers_that_live_on(photos, workers, method):
    keys = list(photos.keys())
    for make in (ObjectDataset, lambda *of: ObjectBatches(*of, batch_size=5)):
        alone, data = make(photos, keys), make(photos, keys)
        size = None if isinstance(data, ObjectBatches) else 5
        loader = DataLoader(
            data,
            batch_size=size,
            num_workers=workers,
            multiprocessing_context=method,
            persistent_workers=True,
        )
        seen = []
        for epoch in (0, 1, 5, 1):
            alone.set_epoch(epoch)
            data.set_epoch(epoch)
            seen.append([(images, list(targets)) for images, targets in loader])
            assert equal(seen[-1], batches(alone))
        assert not equal(seen[0], seen[1])
        assert equal(seen[1], seen[3])


def test_an_epoch_is_the_readers_seed(photos):
    keys = list(photos.keys())
    data = ObjectDataset(photos.with_seed(3), keys)
    assert data.epoch == 3
    np.testing.assert_array_equal(data[0][0].numpy(), photos.with_seed(3).get(keys[0]))
    data.set_epoch(4)
    np.testing.assert_array_equal(data[0][0].numpy(), photos.with_seed(4).get(keys[0]))
    with pytest.raises(CannotOpen):
        data.set_epoch(-1)
    assert data.epoch == 4


@pytest.mark.parametrize("workers", [0, 2])
def test_shuffling_is_the_epochs_and_of_every_key(photos, workers):
    keys = list(photos.keys())
    data = ObjectBatches(photos, keys, range(len(keys)), batch_size=5, shuffle=True)
    orders = []
    for epoch in (0, 1, 0):
        data.set_epoch(epoch)
        read = batches(data, workers, "fork" if workers else None)
        orders.append([int(target) for _, targets in read for target in targets])
        images = torch.cat([images for images, _ in read])
        wanted = photos.with_seed(epoch).get_batch([keys[index] for index in orders[-1]])
        np.testing.assert_array_equal(images.numpy(), wanted)
    assert orders[0] == orders[2] != orders[1]
    assert sorted(orders[0]) == list(range(len(keys)))


def test_targets_go_with_their_keys_and_tensors_are_transformed(photos):
    keys = list(photos.keys())[:2]
    data = ObjectDataset(photos, keys, [7, 8], transform=lambda image: image.float() / 255)
    ((images, targets),) = DataLoader(data, batch_size=2)
    assert (images.dtype, targets.tolist()) == (torch.float32, [7, 8])
    ((images, targets),) = DataLoader(
        ObjectBatches(photos, keys, [7, 8], batch_size=2), batch_size=None
    )
    assert (images.dtype, targets.tolist()) == (torch.uint8, [7, 8])


def test_a_sample_that_is_drawn_twice_is_not_shared(photos):
    data = ObjectDataset(photos, list(photos.keys()), transform=lambda image: image.add_(1))
    (one, _), (other, _) = data.__getitems__([3, 3])
    assert torch.equal(one, other)
    assert torch.equal(one, data[3][0])


def test_lengths(photos):
    keys = list(photos.keys())
    assert len(ObjectDataset(photos, keys)) == 12
    lengths = {
        size: len(ObjectBatches(photos, keys, batch_size=size)) for size in (1, 5, 6, 12, 13)
    }
    assert lengths == {1: 12, 5: 3, 6: 2, 12: 1, 13: 1}


@pytest.mark.parametrize("workers", [0, 2])
def test_a_bad_object_ends_the_epoch_or_is_left_out_and_logged(photos, workers, caplog):
    (photos.path / "chelsea-0.jpg").write_bytes(b"words")
    keys, method = list(photos.keys()), "fork" if workers else None
    good = [key for key in keys if key != "chelsea-0.jpg"]
    for make in (ObjectDataset, lambda *of, **options: ObjectBatches(*of, batch_size=5, **options)):
        with pytest.raises(BadObject, match=r"chelsea-0\.jpg: UnknownFormat"):
            batches(make(photos, keys), workers, method)
        read = batches(make(photos, keys, on_bad_object="skip"), workers, method)
        assert [target for _, targets in read for target in targets] == good
        images = torch.cat([images for images, _ in read]).numpy()
        np.testing.assert_array_equal(images, photos.get_batch(good))
    if not workers:
        assert "skipped: chelsea-0.jpg: UnknownFormat" in caplog.text


def test_a_batch_of_only_bad_objects_is_an_error(photos):
    for path in photos.path.iterdir():
        path.write_bytes(b"words")
    for data in (
        ObjectDataset(photos, list(photos.keys()), on_bad_object="skip"),
        ObjectBatches(photos, list(photos.keys()), batch_size=5, on_bad_object="skip"),
    ):
        with pytest.raises(BadObject):
            batches(data)


def test_other_errors_are_never_left_out(tmp_path):
    (tmp_path / "words.npy").write_bytes(b"words")
    reader = open_reader(f"file:{tmp_path}")
    data = ObjectDataset(reader, ["words.npy", "none.npy"], on_bad_object="skip")
    with pytest.raises(ReadError, match=r"words\.npy"):
        batches(data)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda reader: ObjectDataset(reader, ["a"], []),
        lambda reader: ObjectDataset(reader, ["a"], on_bad_object="ignore"),
        lambda reader: ObjectBatches(reader, ["a"], batch_size=0),
    ],
)
def test_wrong_arguments_are_refused(photos, wrong):
    with pytest.raises(ValueError, match=r"targets|on_bad_object|batch_size"):
        wrong(photos)
