"""Orders of epochs: every sample once, equal shares, and the same rest after a start in the middle."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jitprep.reader.loading.order import EpochOrder

COUNTS = st.integers(1, 60)
EPOCHS = st.integers(0, 2**63 - 1)


@st.composite
def ranked(draw) -> list[EpochOrder]:
    """The orders of all ranks."""
    world_size, size = draw(st.integers(1, 5)), draw(st.integers(1, 9))
    options = {"batch_size": size, "shuffle": draw(st.booleans()), "drop_last": draw(st.booleans())}
    count = draw(COUNTS)
    assume(not options["drop_last"] or count // world_size >= size)
    return [
        EpochOrder(count=count, rank=rank, world_size=world_size, **options)
        for rank in range(world_size)
    ]


@given(ranked(), EPOCHS)
def test_ranks_share_all_samples_equally(orders, epoch):
    taken = [order.indices(epoch).tolist() for order in orders]
    first = orders[0]
    size = first.batch_size
    assert {len(indices) for indices in taken} == {len(taken[0])}
    assert first.batches() == -(-len(taken[0]) // size)
    everything = list(chain(*taken))
    if first.drop_last:
        assert len(taken[0]) % size == 0
        assert len(set(everything)) == len(everything)
        assert len(everything) > first.count - first.world_size * (size + 1)
    else:
        assert set(everything) == set(range(first.count))
        assert len(everything) - first.count < first.world_size


@given(ranked(), EPOCHS, st.integers(0, 60))
def test_an_order_continues_where_it_stopped(orders, epoch, batches):
    for order in orders:
        whole = order.indices(epoch)
        given_ = min(batches, order.batches()) * order.batch_size
        rest = order.indices(epoch, given_ * order.world_size)
        np.testing.assert_array_equal(rest, whole[given_:])


@given(COUNTS, EPOCHS, st.integers(1, 4), st.integers(1, 4), st.integers(1, 5), st.data())
def test_other_ranks_take_what_is_left(count, epoch, before, after, size, data):
    """A training that stops with some ranks may continue with more or fewer."""
    options = {"count": count, "batch_size": size, "shuffle": True}
    first = [EpochOrder(rank=rank, world_size=before, **options) for rank in range(before)]
    done = data.draw(st.integers(0, first[0].batches() - 1)) * size
    start = done * before
    seen = {index for order in first for index in order.indices(epoch)[:done].tolist()}
    then = [EpochOrder(rank=rank, world_size=after, **options) for rank in range(after)]
    rest = [order.indices(epoch, start).tolist() for order in then]
    assert seen | set(chain(*rest)) == set(range(count))
    assert len(seen) + sum(map(len, rest)) - count < after


@given(st.integers(20, 200), EPOCHS)
def test_a_shuffle_is_a_permutation_of_its_epoch(count, epoch):
    order = EpochOrder(count=count, batch_size=7, shuffle=True)
    indices = order.indices(epoch)
    assert sorted(indices.tolist()) == list(range(count))
    np.testing.assert_array_equal(indices, order.indices(epoch))
    assert indices.tolist() != order.indices(epoch ^ 1).tolist()


def test_a_shuffle_stays_what_it_was():
    """A training that began with another version of NumPy must be able to continue."""
    order = EpochOrder(count=10, batch_size=10, shuffle=True)
    assert order.indices(0).tolist() == [3, 2, 1, 8, 6, 0, 7, 4, 5, 9]
    assert order.indices(2**63 - 1).tolist() == [9, 0, 3, 1, 4, 6, 8, 7, 5, 2]


def test_no_samples_are_no_batches():
    order = EpochOrder(count=0, batch_size=4, shuffle=True)
    assert order.batches() == 0
    assert order.indices(3).tolist() == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"batch_size": 0}, "at least 1"),
        ({"batch_size": 1.5}, "must be an integer"),
        ({"rank": 2, "world_size": 2}, "from 0 to world_size - 1"),
        ({"drop_last": True, "batch_size": 6}, "do not make one batch"),
    ],
)
def test_wrong_numbers_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        EpochOrder(**{"count": 5, "batch_size": 1, **wrong})


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), EPOCHS)
def test_groups_are_taken_eight_at_a_time(sizes, epoch):
    """Every sample once, and the samples of a group within the window of its eight groups."""
    count = sum(sizes)
    options = {"count": count, "batch_size": 4, "groups": tuple(sizes)}
    taken = EpochOrder(**options, shuffle=True).indices(epoch).tolist()
    assert sorted(taken) == list(range(count))
    group_of = np.repeat(np.arange(len(sizes)), sizes)[taken].tolist()
    windows, seen = [], 0
    while seen < count:
        groups = set(group_of[seen:])
        first = list(dict.fromkeys(group_of[seen:]))[:8]
        size = sum(sizes[group] for group in first)
        windows.append(set(group_of[seen : seen + size]))
        assert windows[-1] <= groups
        seen += size
    assert all(len(window) <= 8 for window in windows)
    assert sum(map(len, windows)) == len(sizes)
    assert EpochOrder(**options).indices(epoch).tolist() == list(range(count))


def test_groups_are_mixed_otherwise_in_another_epoch():
    order = EpochOrder(count=400, batch_size=4, groups=(10,) * 40, shuffle=True)
    one, other = order.indices(1), order.indices(2)
    assert not np.array_equal(one, other)
    assert len(set((one[:20] // 10).tolist())) > 3
    # The same on every machine, for ever.
    assert one[:6].tolist() == [283, 21, 319, 188, 287, 285]
