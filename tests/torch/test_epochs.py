"""Epochs, ranks, texts and targets in torch's DataLoader."""

from __future__ import annotations

import copy
import pickle
import warnings
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Subset

from jitprep.reader import CannotOpen, open_reader
from jitprep.reader.torch import ObjectBatches, ObjectDataset
from preprocessing import Pipeline
from tests.photos import photo

# DataLoader warns on fewer cores than workers. These tests are about order, not speed.
pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")

MAKES = {
    "dataset": ObjectDataset,
    "batches": lambda *of, **more: ObjectBatches(*of, batch_size=5, **more),
}
COPIES = {
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "pickle": lambda data: pickle.loads(pickle.dumps(data)),
    "pickle twice": lambda data: pickle.loads(pickle.dumps(copy.deepcopy(data))),
}


def loader(data, **options) -> DataLoader:
    size = None if isinstance(data, ObjectBatches) else 5
    return DataLoader(data, batch_size=size, **options)


def pixels(batches) -> torch.Tensor:
    return torch.cat([images for images, _ in batches])


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("make", MAKES)
def test_an_epoch_reaches_living_workers_of_a_copy(photos, make, copied):
    whole = MAKES[make](photos, list(photos.keys())[:5])
    data = COPIES[copied](whole)
    method = {"num_workers": 1, "persistent_workers": True, "multiprocessing_context": "fork"}
    batches = loader(data, **method)
    for epoch in (0, 1, 7):
        data.set_epoch(epoch)
        expected = photos.with_seed(epoch).get_batch(list(photos.keys())[:5])
        np.testing.assert_array_equal(pixels(batches), expected)
    assert whole.epoch == 0  # the copy's own


def test_an_epoch_reaches_workers_through_a_subset_and_spawn(photos):
    data = pickle.loads(pickle.dumps(ObjectDataset(photos, list(photos.keys()))))
    batches = DataLoader(
        Subset(data, range(2)),
        batch_size=2,
        num_workers=1,
        persistent_workers=True,
        multiprocessing_context="spawn",
    )
    seen = []
    for epoch in range(2):
        data.set_epoch(epoch)
        seen.append(pixels(batches))
    assert not torch.equal(*seen)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("make", MAKES)
def test_a_forgotten_set_epoch_is_warned_of_once(photos, make, workers, recwarn):
    data = MAKES[make](photos, list(photos.keys()))
    context = "fork" if workers else None
    batches = loader(data, num_workers=workers, multiprocessing_context=context)
    if workers:  # workers print the warning, and record it in shared memory
        for _ in range(3):
            list(batches)
        assert data._epoch._shared[3] == 1
        return
    data[0] if make == "dataset" else next(iter(batches))  # looking at a sample is not an epoch
    list(batches)
    data.set_epoch(0)
    list(batches)
    assert not recwarn.list
    list(batches)
    list(batches)
    assert [str(warning.message).split(",")[0] for warning in recwarn] == ["epoch 0 is read again"]


@pytest.mark.parametrize("shuffle", [False, True])
def test_only_random_data_needs_set_epoch(photos, shuffle):
    fixed = open_reader(f"file:{photos.path}", pipeline="resize:8,8/npy")
    keys = list(photos.keys())
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for data in (
            ObjectDataset(fixed, keys),
            ObjectBatches(fixed, keys, batch_size=5, shuffle=shuffle),
        ):
            for _ in range(3):
                list(loader(data))
    assert len(warned) == int(shuffle)  # the order repeats


def test_epochs_change_only_the_order_of_results(tmp_path):
    for number in range(6):
        np.save(tmp_path / f"{number}.npy", np.full(2, number, np.uint8))
    results = open_reader(f"file:{tmp_path}")
    data = ObjectBatches(results, list(results.keys()), batch_size=6, shuffle=True)
    orders = []
    for epoch in range(3):
        data.set_epoch(epoch)
        ((rows, targets),) = list(data)
        assert [f"{int(row[0])}.npy" for row in rows] == list(targets)
        orders.append(tuple(targets))
    assert len(set(orders)) > 1
    for wrong in (-1, 1.5, 2**63):
        with pytest.raises(CannotOpen):
            data.set_epoch(wrong)
    data.set_epoch(np.int64(4))
    assert data.epoch == 4


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
def test_ranks_have_equal_batches_and_all_keys_among_them(tmp_path, drop_last, shuffle):
    for number in range(11):
        np.save(tmp_path / f"{number:02}.npy", np.full(2, number, np.uint8))
    reader = open_reader(f"file:{tmp_path}")
    everything = list(reader.keys())
    for keys, world_size, size in (
        (everything[:n], world_size, size)
        for n in (1, 2, 5, 9, 11)
        for world_size in (1, 2, 3, 4)
        for size in (1, 2, 3)
    ):
        options = {"batch_size": size, "shuffle": shuffle, "drop_last": drop_last}
        if drop_last and len(keys) // world_size < size:
            with pytest.raises(ValueError, match="with drop_last"):
                ObjectBatches(reader, keys, rank=0, world_size=world_size, **options)
            continue
        ranks = [
            ObjectBatches(reader, keys, rank=rank, world_size=world_size, **options)
            for rank in range(world_size)
        ]
        for data in ranks:
            data.set_epoch(3)
        read = [[list(targets) for _, targets in data] for data in ranks]
        assert all(list(map(len, one)) == list(map(len, other)) for one, other in pairwise(read))
        assert all(len(data) == len(batches) for data, batches in zip(ranks, read, strict=True))
        taken = [key for batches in read for batch in batches for key in batch]
        if drop_last:
            assert len(set(taken)) == len(taken) > len(keys) - world_size * size
            assert {len(batch) for batches in read for batch in batches} == {size}
        else:
            assert set(taken) == set(keys)
            assert len(taken) - len(keys) < world_size


def test_a_rank_out_of_range_is_refused(photos):
    for rank, world_size in ((1, 1), (-1, 2), (2, 2), (0, 0)):
        with pytest.raises(ValueError, match="rank must be from 0"):
            ObjectBatches(photos, ["a"], batch_size=1, rank=rank, world_size=world_size)


@pytest.mark.parametrize(
    "wrong",
    [{"batch_size": 2.5}, {"rank": None}, {"rank": 1.0, "world_size": 3}, {"world_size": "2"}],
)
def test_counts_are_whole_numbers(wrong):
    reader = open_reader("file:.", pipeline="npy")
    with pytest.raises(ValueError, match="must be an integer, got"):
        ObjectBatches(reader, ["a", "b", "c"], **{"batch_size": 1, **wrong})


def test_missing_ranks_are_a_warning(photos, monkeypatch):
    monkeypatch.setattr("torch.distributed.is_initialized", lambda: True)
    monkeypatch.setattr("torch.distributed.get_world_size", lambda: 2)
    keys = list(photos.keys())
    with pytest.warns(UserWarning, match=r"one of 2.*rank= and world_size="):
        ObjectBatches(photos, keys[0::2], batch_size=4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ObjectBatches(photos, keys, batch_size=4, rank=0, world_size=2)


def test_text_is_lists_of_strings(tmp_path):
    texts = ["one", "zwei and more", "три"]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.txt").write_text(text, encoding="utf-8")
    reader = open_reader(f"file:{tmp_path}", pipeline="lower/text")
    keys = list(reader.keys())
    assert ObjectDataset(reader, keys)[1] == (["zwei and more"], "1.txt")
    first = ObjectDataset(reader, keys, transform=lambda documents: documents[0])
    ((read, _),) = DataLoader(first, batch_size=3)
    assert list(read) == texts
    ((batch, targets),) = DataLoader(ObjectBatches(reader, keys, batch_size=3), batch_size=None)
    assert (batch, list(targets)) == ([[text] for text in texts], keys)


def test_texts_of_unequal_rows_make_a_batch(tmp_path):
    for number in (1, 3):
        rows = "".join(f'{{"t": "row {row}"}}\n' for row in range(number))
        (tmp_path / f"{number}.jsonl").write_text(rows)
    reader = open_reader(f"file:{tmp_path}", pipeline="json_lines:t/jsonl")
    ((batch, _),) = ObjectBatches(reader, list(reader.keys()), batch_size=2)
    assert batch == [["row 0"], ["row 0", "row 1", "row 2"]]


def test_a_tables_columns_go_together(tmp_path):
    import pandas

    for number in range(6):
        np.save(tmp_path / f"{number}.npy", np.zeros(1, np.uint8))
    table = pandas.DataFrame({"key": [f"{n}.npy" for n in range(6)], "label": range(6)})
    table = table.sample(frac=1, random_state=0)
    reader = open_reader(f"file:{tmp_path}")
    for part in (table, table[table.label > 2]):
        data = ObjectDataset(reader, part.key, part.label)
        assert [f"{int(data[i][1])}.npy" for i in range(len(part))] == list(part.key)
        by_key = ObjectDataset(reader, list(part.key), part.set_index("key").label)
        assert [f"{int(by_key[i][1])}.npy" for i in range(len(part))] == list(part.key)
    for keys, targets in (
        (list(table.key), table.label),
        (table.key, table.label.sort_index()),
        (table.key, table),
        (table.key, set(table.label)),
    ):
        with pytest.raises(ValueError, match=r"index|indices|table|order"):
            ObjectDataset(reader, keys, targets)


def test_a_tensor_of_targets_is_taken_as_it_was(photos):
    keys, labels = list(photos.keys()), torch.arange(12)
    data = ObjectBatches(photos, keys, labels, batch_size=12)
    labels.zero_()
    ((_, targets),) = data
    assert targets.tolist() == list(range(12))


def test_every_kind_of_copy_is_still_the_pipelines(photos):
    (key, *_) = photos.keys()
    expected = Pipeline.parse("resize:8,8/npy")(photo(key.partition("-")[0]))
    reader = open_reader(f"file:{photos.path}", pipeline="resize:8,8/npy")
    for copied in COPIES.values():
        np.testing.assert_array_equal(copied(ObjectDataset(reader, [key]))[0][0], expected)
