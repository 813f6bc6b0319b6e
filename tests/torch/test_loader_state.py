"""Epochs and states of the loader: exact to the sample, for any number of workers before and after."""

from __future__ import annotations

import json
import warnings

import pytest
import torch

from jitprep.reader import CannotOpen, open_reader
from jitprep.reader.torch import Loader

WORKERS = [(0, None), (1, "fork"), (2, "fork"), (2, "spawn")]


def loader(thumbnails, workers=0, method="fork", **options) -> Loader:
    whole = {"batch_size": 2, "shuffle": True, **options}
    return Loader(thumbnails, num_workers=workers, start_method=method, **whole)


def read(batches) -> list[tuple[torch.Tensor, tuple[str, ...]]]:
    return [(rows.clone(), tuple(keys)) for rows, keys in batches]


def same(one, other) -> bool:
    return len(one) == len(other) and all(
        torch.equal(rows, others) and keys == wanted
        for (rows, keys), (others, wanted) in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize(("workers", "method"), WORKERS)
def test_a_loader_continues_where_another_was(thumbnails, workers, method, after):
    whole = loader(thumbnails)
    epochs = []
    for epoch in (3, 4):
        whole.set_epoch(epoch)
        epochs.append(read(whole))
    with loader(thumbnails, workers, method) as first:
        first.set_epoch(3)
        states = [first.state_dict()]
        for number, (_, _) in enumerate(first, 1):  # the workers are ahead of this
            assert first.stats.batches == number
            states.append(json.loads(json.dumps(first.state_dict())))
    for done in (0, 1, 4, 6):
        with loader(thumbnails, after) as second:
            second.load_state_dict(states[done])
            assert second.state_dict() == states[done]
            assert second.epoch == 3
            second.set_epoch(3)
            assert same(read(second), epochs[0][done:])
            second.set_epoch(4)
            assert same(read(second), epochs[1])


def test_another_batch_size_continues_at_the_same_sample(thumbnails):
    whole = [key for _, keys in read(loader(thumbnails)) for key in keys]
    first = loader(thumbnails)
    batches = iter(first)
    next(batches), next(batches)
    second = loader(thumbnails, batch_size=3)
    second.load_state_dict(first.state_dict())
    assert [key for _, keys in read(second) for key in keys] == whole[4:]


def test_more_ranks_take_what_is_left(thumbnails):
    whole = [key for _, keys in read(loader(thumbnails)) for key in keys]
    ranks = [loader(thumbnails, rank=rank, world_size=2) for rank in range(2)]
    seen = []
    for first in ranks:
        seen += next(iter(first))[1]
    assert len({json.dumps(first.state_dict()) for first in ranks}) == 1
    for rank in range(4):
        then = loader(thumbnails, rank=rank, world_size=4)
        then.load_state_dict(ranks[0].state_dict())
        seen += [key for _, keys in then for key in keys]
    assert sorted(seen) == sorted(whole)


def test_the_end_of_an_epoch_is_the_beginning_of_the_next(thumbnails):
    first, second = loader(thumbnails), loader(thumbnails)
    read(first)
    second.load_state_dict(first.state_dict())
    assert second.epoch == 1
    first.set_epoch(1)
    assert same(read(second), read(first))


def test_another_epoch_begins_at_its_beginning(thumbnails):
    first, second = loader(thumbnails), loader(thumbnails)
    next(iter(first))
    second.load_state_dict(first.state_dict())
    for one in (first, second):
        one.set_epoch(5)
    assert same(read(second), read(first))
    second.set_epoch(5)
    assert len(read(second)) == 6  # a place is for one iteration


def test_a_state_of_other_keys_or_another_order_is_refused(thumbnails):
    state = loader(thumbnails).state_dict()
    keys = list(thumbnails.keys())
    for other in (loader(thumbnails, keys=keys[::-1]), loader(thumbnails, shuffle=False)):
        with pytest.raises(ValueError, match="the state is of a loader with other"):
            other.load_state_dict(state)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("spec", ["random_crop:8/npy", "resize:8,8/npy"])
def test_a_forgotten_set_epoch_is_warned_of_once(thumbnails, shuffle, spec):
    reader = open_reader(f"file:{thumbnails.path}", pipeline=spec)
    data = loader(reader, shuffle=shuffle)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        next(iter(data))
        read(data)
        data.set_epoch(1)
        read(data)
        assert not warned
        read(data), read(data)
    repeats = shuffle or spec.startswith("random")
    assert [str(one.message).partition(",")[0] for one in warned] == [
        "epoch 1 is read again"
    ] * repeats


def test_wrong_arguments_are_refused(thumbnails):
    data = loader(thumbnails)
    with pytest.raises(CannotOpen):
        data.set_epoch(-1)
    for wrong in (
        {"batch_size": 0},
        {"num_workers": "all"},
        {"ring_bytes": -1},
        {"on_bad_object": "ignore"},
        {"labels": [1]},
    ):
        with pytest.raises(ValueError, match=r"batch_size|num_workers|ring_bytes|on_bad|targets"):
            Loader(thumbnails, **{"batch_size": 2, **wrong})
