"""Batches in order, whatever makes them, however long the consumer keeps them."""

from __future__ import annotations

import gc
import multiprocessing

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jitprep.reader import BadObject, ReadError, open_reader

WORKERS = [(0, None), (1, "fork"), (3, "fork"), (2, "spawn")]


def epoch(stream, order, number, start=0):
    """Return the batches of an epoch."""
    stream.begin(number, start)
    return [stream.take() for _ in range(order.batches(start))]


def require_equal(batches, reader, keys, order, number, start=0):
    indices = order.indices(number, start)
    np.testing.assert_array_equal(np.concatenate([batch.indices for batch in batches]), indices)
    expected = reader.with_seed(number).get_batch([keys[index] for index in indices])
    np.testing.assert_array_equal(
        np.concatenate([batch.rows for batch in batches]), expected, strict=True
    )
    assert all(len(batch.rows) == order.batch_size for batch in batches[:-1])


@pytest.mark.parametrize(("workers", "method"), WORKERS)
def test_batches_are_those_of_the_reader_in_order(streams, crops, workers, method):
    stream, keys, order = streams(crops, workers=workers, method=method, shuffle=True)
    for number in (0, 1, 2, 7, 1):  # the second follows the first, as was expected
        require_equal(epoch(stream, order, number), crops, keys, order, number)
    require_equal(epoch(stream, order, 3, 10), crops, keys, order, 3, 10)
    stream.close()
    require_equal(epoch(stream, order, 4), crops, keys, order, 4)


@pytest.mark.parametrize("guessed", [0, 4])
def test_an_epoch_begins_with_the_workers_of_the_last(streams, crops, guessed):
    stream, keys, order = streams(crops, workers=2, shuffle=True, guessed=guessed)
    before = set(multiprocessing.active_children())
    for number in (0, 1, 5):
        require_equal(epoch(stream, order, number), crops, keys, order, number)
        started = set(multiprocessing.active_children()) - before
        assert {worker.name for worker in started} == {"jitprep-loader-0", "jitprep-loader-1"}
        assert len(started) == 2


@pytest.mark.parametrize("workers", [0, 2])
def test_an_epoch_may_be_given_up_anywhere(streams, crops, workers):
    stream, keys, order = streams(crops, workers=workers, shuffle=True, batch_size=3)
    for number in range(6):
        stream.begin(number, 0)
        for _ in range(number):
            stream.take()
    require_equal(epoch(stream, order, 9), crops, keys, order, 9)


@pytest.mark.parametrize("workers", [0, 2])
def test_what_the_consumer_keeps_is_not_written_again(streams, crops, workers):
    stream, keys, order = streams(crops, workers=workers, batch_size=2)  # two slots are planned
    kept = [epoch(stream, order, number) for number in range(3)]
    for number, batches in enumerate(kept):
        require_equal(batches, crops, keys, order, number)
    kept[0][0].rows[...] = 0  # ours to write into
    require_equal(kept[1], crops, keys, order, 1)
    del kept
    gc.collect()
    require_equal(epoch(stream, order, 3), crops, keys, order, 3)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("spec", ["npy", "resize:8,8/png", "results"])
def test_a_layout_that_the_pipeline_does_not_fix_is_learned(
    streams, small, spec, workers, tmp_path
):
    if spec == "results":  # nothing is known of these
        for number in range(9):
            np.save(tmp_path / f"{number}.npy", np.full((2, 3), number, np.float32))
        reader = open_reader(f"file:{tmp_path}")
    else:
        reader = open_reader(f"file:{small}", pipeline=spec)
    stream, keys, order = streams(reader, workers=workers)
    for number in range(2):
        batches = epoch(stream, order, number)
        rows = np.concatenate([batch.rows for batch in batches])
        np.testing.assert_array_equal(rows, reader.get_batch(keys), strict=True)


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_may_differ_in_shape_and_rows_may_not(streams, workers, tmp_path):
    for number in range(6):
        np.save(tmp_path / f"{number}.npy", np.full(number // 2 + 1, number, np.int32))
    reader = open_reader(f"file:{tmp_path}")
    stream, _, order = streams(reader, workers=workers, batch_size=2)
    batches = epoch(stream, order, 0)
    assert [batch.rows.tolist() for batch in batches] == [
        [[0], [1]],
        [[2, 2], [3, 3]],
        [[4, 4, 4], [5, 5, 5]],
    ]
    stream, _, order = streams(reader, workers=workers, batch_size=3)
    with pytest.raises(ReadError, match=r"2\.npy.*do not stack"):
        epoch(stream, order, 0)


@pytest.mark.parametrize("workers", [0, 2])
def test_text_is_lists_of_strings(streams, workers, tmp_path):
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text(f"Document {number}.")
    reader = open_reader(f"file:{tmp_path}", pipeline="text/text")
    stream, keys, order = streams(reader, workers=workers, batch_size=2)
    texts = [row for batch in epoch(stream, order, 0) for row in batch.rows]
    assert texts == [reader.get(key).tolist() for key in keys]


@pytest.mark.parametrize("workers", [0, 2])
def test_bad_objects_are_left_out_or_raised_in_their_turn(streams, workers, tmp_path, small):
    for path in small.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    bad = {"00.jpg", "07.jpg", "09.jpg", "22.jpg"}
    for name in bad:
        (tmp_path / name).write_bytes(b"words")
    reader = open_reader(f"file:{tmp_path}", pipeline="resize:8,8/npy")
    stream, keys, order = streams(reader, workers=workers, skips=True)
    good = [key for key in keys if key not in bad]
    for _ in range(2):
        batches = epoch(stream, order, 0)
        assert [keys[index] for batch in batches for index in batch.indices] == good
        rows = np.concatenate([batch.rows for batch in batches])
        np.testing.assert_array_equal(rows, reader.get_batch(good))
        assert [error.key for batch in batches for error in batch.skipped] == sorted(bad)
    stream, _, _ = streams(reader, keys[1:], workers=workers)
    stream.begin(0, 0)
    assert len(stream.take().rows) == 5
    with pytest.raises(BadObject, match=r"07\.jpg: UnknownFormat") as raised:
        stream.take()
    assert (raised.value.key, raised.value.code) == ("07.jpg", "UnknownFormat")
    stream, _, _ = streams(reader, sorted(bad), workers=workers, skips=True)
    stream.begin(0, 0)
    with pytest.raises(BadObject, match=r"00\.jpg"):
        stream.take()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), st.integers(0, 4)), max_size=6))
def test_any_use_gives_the_same_batches(streams, crops, uses):
    """Epochs are begun anywhere and given up anywhere, and some of their batches are kept."""
    stream, keys, order = streams(crops, workers=1, batch_size=2, shuffle=True)
    held = []
    for number, taken, start in uses:
        stream.begin(number, start * 2)
        batches = [stream.take() for _ in range(min(taken, order.batches(start * 2)))]
        held += [(number, batch) for batch in batches[::2]]
    for number, batch in held:
        expected = crops.with_seed(number).get_batch([keys[index] for index in batch.indices])
        np.testing.assert_array_equal(batch.rows, expected)
    stream.close()
