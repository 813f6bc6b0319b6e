"""Targets are paired with their keys, or refused."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.reader.samples import pair_targets


class Index(list):
    def equals(self, other) -> bool:
        return isinstance(other, Index) and list(self) == list(other)


@dataclass
class Column:
    """Column of a table, as in pandas: indexed by label, iterated by position."""

    values: list
    index: Index
    iloc = None

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self):
        return iter(self.values)

    def __getitem__(self, label):
        return self.values[self.index.index(label)]

    def to_numpy(self):
        return np.array(self.values)


@given(st.integers(1, 30), st.randoms(use_true_random=False), st.data())
def test_no_target_is_paired_with_another_key(size, chance, data):
    """For a table that is shuffled and cut, with columns in any form."""
    rows = chance.sample(range(100), size)
    keys = [f"{row}.jpg" for row in rows]
    shapes = {
        "list": list,
        "tuple": tuple,
        "array": np.array,
        "generator": iter,
        "mapping": lambda labels: dict(zip(keys, labels, strict=True)),
        "shuffled mapping": lambda labels: dict(
            chance.sample(list(zip(keys, labels, strict=True)), size)
        ),
        "column": lambda labels: Column(list(labels), Index(rows)),
        "column by key": lambda labels: Column(list(labels), Index(keys)),
        "column in order": lambda labels: Column(list(labels), Index(range(size))),
    }
    given_keys = {"list": keys, "generator": iter(keys), "column": Column(keys, Index(rows))}
    form, key_form = (
        data.draw(st.sampled_from(list(shapes))),
        data.draw(st.sampled_from(list(given_keys))),
    )
    try:
        named, targets = pair_targets(given_keys[key_form], shapes[form](rows))
    except ValueError as error:
        refused = str(error)
    else:
        refused = ""
    if refused:
        assert form.startswith("column")
        assert "index" in refused or "indices" in refused
        return
    assert named == keys
    assert [int(targets[i]) for i in range(size)] == rows


def test_a_shuffled_table_goes_by_position_and_a_part_of_it_too():
    rows = [5, 2, 1, 3, 0, 4]
    keys = Column([f"{row}.npy" for row in rows], Index(rows))
    named, targets = pair_targets(keys, Column(rows, Index(rows)))
    assert [(key, int(targets[i])) for i, key in enumerate(named)] == [
        (f"{row}.npy", row) for row in rows
    ]
    half = Column(keys.values[:3], Index(rows[:3]))
    assert list(pair_targets(half, Column(rows[:3], Index(rows[:3])))[1]) == rows[:3]
    with pytest.raises(ValueError, match="indices of keys and targets differ"):
        pair_targets(keys, Column(rows, Index(sorted(rows))))
    with pytest.raises(ValueError, match=r"neither 0\.\.n-1 nor the keys"):
        pair_targets(keys.values, Column(rows, Index(rows)))


class Table:
    columns = ("key", "label")

    def __len__(self) -> int:
        return 2

    def __iter__(self):
        return iter(self.columns)


@pytest.mark.parametrize(
    ("keys", "targets", "words"),
    [
        (["a", "b"], [1], "2 keys have 1 targets"),
        (["a"], [1, 2], "1 keys have 2 targets"),
        (["a", "b"], np.zeros(3), "2 keys have 3"),
        (["a", "b"], count(), "2 keys have 3 or more"),
        (["a", "b"], iter([1]), "2 keys have 1 targets"),
        (["a", "b"], {"a": 1}, "missing for 1 of 2 keys: 'b'"),
        (["a", "b"], {0: 1, 1: 2}, "missing for 2 of 2 keys: 'a', 'b'"),
        (["a", "b"], {1, 2}, "must have an order"),
        (["a", "b"], Table(), "must be one column"),
        (["a", "b"], "xy", "got the single value 'xy'"),
        (["a"], 3, "a sequence, got 3"),
        (["a"], np.array(3), "dimension 0"),
        ({"a", "b"}, [1, 2], "must have an order"),
        ("ab", [1, 2], "got the single value 'ab'"),
        (Table(), [1, 2], "must be one column"),
        ([1, 2], [1, 2], "keys must be strings, got 1"),
    ],
)
def test_an_ambiguous_order_is_refused(keys, targets, words):
    with pytest.raises(ValueError, match=words):
        pair_targets(keys, targets)


@pytest.mark.parametrize("form", [list, np.array])
def test_later_changes_by_the_caller_change_no_target(form):
    keys, targets = [str(n) for n in range(50)], form(range(50))
    named, taken = pair_targets(keys, targets)
    random.Random(0).shuffle(keys)
    targets[:] = targets[::-1]
    assert all(int(taken[i]) == int(key) for i, key in enumerate(named))


def test_an_array_is_kept_and_the_keys_stand_for_targets():
    named, targets = pair_targets(["a", "b"], np.array([[1, 2], [3, 4]]))
    np.testing.assert_array_equal(targets[1], [3, 4])
    assert pair_targets(iter(["a", "b"]), None) == (["a", "b"], ["a", "b"])
    assert named == ["a", "b"]
