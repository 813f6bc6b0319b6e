"""The ring: slots do not overlap, belong to their array, and are used again."""

from __future__ import annotations

import gc
import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.reader.base import RowLayout
from jitprep.reader.loading.ring import RingView, SharedFile, SlotRing

BYTES = RowLayout((3, 5), "uint8")


def ring(nbytes: int = 0, most: int = 8, layout: RowLayout = BYTES, rows: int = 4):
    file = SharedFile()
    return SlotRing(file, layout, rows, nbytes, most), RingView(file)


@given(
    st.lists(st.integers(1, 40), max_size=3).map(tuple),
    st.sampled_from(["uint8", "float16", "float32", "int32"]),
    st.integers(1, 9),
)
def test_rows_of_workers_are_rows_of_their_slot(shape, dtype, rows):
    slots, view = ring(layout=RowLayout(shape, dtype), rows=rows)
    taken = [slots.take(grow=True) for _ in range(4)]
    for number, slot in enumerate(taken):
        for row in range(rows):
            view.rows(slots.place(slot, row), 1)[...] = number * rows + row
    for number, slot in enumerate(taken):
        array = slots.array(slot, rows)
        assert (array.shape, array.dtype) == ((rows, *shape), dtype)
        expected = np.arange(number * rows, (number + 1) * rows, dtype=dtype)
        np.testing.assert_array_equal(array.reshape(rows, -1)[:, 0], expected)
        assert all((row == row.flat[0]).all() for row in array)


def test_a_slot_is_free_when_its_last_view_is_gone():
    slots, _ = ring(most=2)
    array = slots.array(slots.take(grow=False), 4)
    assert slots.take(grow=False) is not None
    view = array[1:3, 0][::-1]
    del array
    assert slots.take(grow=False) is None
    del view
    assert slots.take(grow=False) is not None


def test_the_bytes_of_the_ring_are_bounded():
    stride = 4096  # a slot of 60 bytes takes a page
    for nbytes, most, expected in ((0, 8, 2), (stride * 5, 8, 5), (stride * 100, 8, 8)):
        slots, _ = ring(nbytes, most)
        count = 0
        while slots.take(grow=False) is not None:
            count += 1
        assert count == expected


def test_a_ring_that_is_held_grows_and_gives_its_memory_back():
    layout = RowLayout((1024,), "uint8")
    slots, view = ring(layout=layout, rows=16)
    held = []
    for _ in range(6):
        slot = slots.take(grow=True)
        view.rows(slots.place(slot, 0), 16)[...] = 255
        held.append(slots.array(slot, 16))
    assert all((array == 255).all() for array in held)
    del held
    gc.collect()
    taken = [slots.take(grow=False) for _ in range(3)]
    assert taken[2] is None  # two are planned
    assert not slots.array(slots.take(grow=True), 16).any()  # a page that was given back is zero


def test_a_consumer_may_keep_more_batches_than_a_process_may_have_descriptors():
    slots, view = ring(rows=1)
    before = len(list(Path("/proc/self/fd").iterdir()))
    held = []
    for number in range(500):
        slot = slots.take(grow=True)
        view.rows(slots.place(slot, 0), 1)[...] = number % 251
        held.append(slots.array(slot, 1))
    assert all((array == number % 251).all() for number, array in enumerate(held))
    assert len(list(Path("/proc/self/fd").iterdir())) < before + 20


def test_arrays_outlive_the_ring_and_its_file():
    file = SharedFile()
    slots = SlotRing(file, BYTES, 4, 0, 2)
    array = slots.array(slots.take(grow=False), 4)
    array[...] = 7
    file.close()
    del slots, file
    gc.collect()
    assert (array == 7).all()


def fill(file: SharedFile, place, rows: int) -> None:
    RingView(file).rows(place, rows)[...] = 9


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_process_writes_to_the_same_memory(method):
    file = SharedFile()
    slots = SlotRing(file, BYTES, 4, 0, 2)
    slot = slots.take(grow=False)
    context = multiprocessing.get_context(method)
    process = context.Process(target=fill, args=(file, slots.place(slot, 1), 2))
    process.start()
    process.join()
    assert slots.array(slot, 4).sum() == 9 * 2 * 15
