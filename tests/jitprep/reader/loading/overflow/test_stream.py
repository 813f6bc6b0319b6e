"""With an overflow, batches are those of this machine alone: in order, complete, to the last bit."""

from __future__ import annotations

import time

import numpy as np
import pytest

from jitprep.reader import BadObject, CannotOpen, OverflowDiffers, Refused, WorkerDied, open_reader
from jitprep.reader.loading.overflow.opening import Overflow, open_overflow
from preprocessing import Pipeline
from tests.jitprep.reader.loading.overflow.remotes import Remote, SlowMachine

CROPS = Pipeline.parse("random_resized_crop:8/random_horizontal_flip/npy")
# More keys than a few batches, so that there is time for the overflow.
REPEATS = 8


@pytest.fixture
def slow(small) -> SlowMachine:
    return SlowMachine(path=small, pipeline=CROPS)


@pytest.fixture
def over(slow):
    """Return an overflow by a remote with faults."""

    def made(fault="", share=0.0, delay=0.005, most=64) -> Overflow:
        source = open_reader(f"file:{slow.path}", pipeline=CROPS)
        return open_overflow(
            Remote(source=source, fault=fault, share=share, delay=delay), slow, most
        )

    return made


def epochs(streams, slow, overflow, *, count=2, keys=None, step=0.0, **options):
    """Take epochs, with a pause after each batch; they must equal those of the reader alone."""
    named = list(slow.keys()) * REPEATS if keys is None else keys
    stream, _, order = streams(
        slow, named, overflow=overflow, nbytes=2**20, shuffle=True, batch_size=10, **options
    )
    batches = []
    alone = open_reader(f"file:{slow.path}", pipeline=CROPS)
    for number in range(count):
        stream.begin(number, 0)
        indices = order.indices(number)
        taken = []
        for _ in range(order.batches()):
            taken.append(stream.take())
            time.sleep(step)
        np.testing.assert_array_equal(np.concatenate([b.indices for b in taken]), indices)
        seeded = alone.with_seed(number).get_each(set(named))
        wanted = np.stack([seeded[named[index]] for index in indices])
        got = np.concatenate([batch.rows for batch in taken])
        np.testing.assert_array_equal(got, wanted, strict=True)
        batches += taken
    return batches


@pytest.mark.parametrize(
    ("workers", "method"), [(1, "fork"), (2, "fork"), (4, "fork"), (2, "spawn")]
)
def test_batches_are_those_of_this_machine(streams, slow, over, workers, method):
    batches = epochs(streams, slow, over(), workers=workers, method=method)
    remote = sum(batch.remote for batch in batches)
    assert 0 < remote < sum(len(batch.rows) for batch in batches)


@pytest.mark.parametrize("fault", ["down", "refused", "bad", "broken", "shape"])
def test_what_the_remote_fails_to_make_is_made_here(streams, slow, over, fault, caplog):
    batches = epochs(streams, slow, over(fault, 0.3), workers=2)
    assert sum(batch.redone for batch in batches) > 0
    assert sum(batch.remote for batch in batches) > 0
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1 and "the overflow fails" in warnings[0].message


def test_each_kind_of_failure_is_logged_once(streams, slow, over, caplog):
    source = open_reader(f"file:{slow.path}", pipeline=CROPS)
    remote = open_overflow(TwoFaults(source=source, fault="down", share=0.2), slow, 64)
    epochs(streams, slow, remote, workers=2)
    logged = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(logged) == 2
    assert any("no answer" in line for line in logged) and any("refused" in line for line in logged)


class TwoFaults(Remote):
    """Remote that is down for some samples, and refuses others."""

    def _get_array(self, key):
        if key == "07.jpg":
            raise Refused("refused", key=key, status=403)
        return super()._get_array(key)


def test_a_remote_that_is_down_costs_no_sample(streams, slow, over, caplog):
    batches = epochs(streams, slow, over("down", 1.0), workers=2)
    assert not any(batch.remote for batch in batches)
    assert "no answer" in caplog.text


def test_a_system_that_allows_no_more_threads_costs_no_sample(streams, slow, over, caplog):
    batches = epochs(streams, slow, over("threads"), workers=2)
    assert not any(batch.remote for batch in batches)
    assert "can't start new thread" in caplog.text


def test_what_the_remote_is_late_with_is_made_here(streams, slow, over):
    keys = list(slow.keys()) * REPEATS
    began = time.monotonic()
    batches = epochs(streams, slow, over("slow", 0.05), workers=2, keys=keys)
    assert sum(batch.redone for batch in batches) > 0
    assert time.monotonic() - began < len(keys) * 0.02 * 2  # what this machine would take alone


def test_what_arrives_while_the_consumer_computes_is_not_late(streams, slow, over):
    """Answers take 5 ms, and the consumer reads them after 0.25 s."""
    keys = list(slow.keys()) * 5
    batches = epochs(streams, slow, over(), workers=1, keys=keys, count=1, step=0.25)
    remote, redone = (sum(getattr(b, name) for b in batches) for name in ("remote", "redone"))
    assert remote > 4 * redone  # some may be late indeed, on a busy machine


def test_a_late_answer_changes_no_batch_that_was_returned(streams, slow, over):
    """The consumer writes into its batches, and the remote answers after that."""
    keys = list(slow.keys()) * REPEATS
    batches = epochs(streams, slow, over("slow", 0.1), workers=2, keys=keys, count=1)
    for batch in batches:
        batch.rows[...] = 7
    time.sleep(2)
    assert all((batch.rows == 7).all() for batch in batches)


def test_slots_that_late_answers_hold_are_used_again(streams, slow, over):
    """Each epoch has late answers, and the ring has few slots."""
    batches = epochs(streams, slow, over("slow", 0.03), workers=2, count=4)
    assert sum(batch.redone for batch in batches) > 0


def test_the_last_epoch_of_all_is_followed_by_none(streams, slow, over, caplog):
    stream, keys, order = streams(slow, overflow=over(), workers=1, nbytes=2**20, batch_size=2)
    stream.begin(2**63 - 1, 0)
    taken = np.concatenate([stream.take().rows for _ in range(order.batches())])
    np.testing.assert_array_equal(taken, slow.with_seed(2**63 - 1).get_batch(keys))
    assert len(stream._under_way) == 0 and not caplog.records


DIFFERS = (
    r"another result for 00.jpg than this machine: \d+ of 192 samples differ; the first, at \(0, \d, "
    r"\d\), is \d+, and \d+ here. It must run the same pipeline"
)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_remote_that_gives_other_results_is_refused(streams, slow, over, method):
    with pytest.raises(OverflowDiffers, match=DIFFERS):
        epochs(streams, slow, over("other", 1.0), workers=1, method=method, count=99)


def test_a_remote_of_other_objects_is_refused(streams, slow, over):
    with pytest.raises(OverflowDiffers, match=r"cannot read what this machine can: 00.jpg"):
        epochs(streams, slow, over("bad", 1.0), workers=1, count=99)


def test_a_process_that_dies_is_named(streams, slow, over):
    with pytest.raises(WorkerDied, match=r"jitprep-loader-overflow .* status 7"):
        epochs(streams, slow, over("dies", 0.5), workers=2)


def test_bad_objects_are_skipped_wherever_they_are_read(streams, slow, over, tmp_path):
    for file in slow.path.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "07.jpg").write_bytes(b"no image")
    here = SlowMachine(path=tmp_path, pipeline=CROPS)
    there = open_overflow(Remote(source=open_reader(f"file:{tmp_path}", pipeline=CROPS)), here, 64)
    stream, _, order = streams(
        here, list(here.keys()) * REPEATS, overflow=there, nbytes=2**20, workers=2, skips=True
    )
    stream.begin(0, 0)
    taken = [stream.take() for _ in range(order.batches())]
    assert sum(len(batch.skipped) for batch in taken) == REPEATS
    assert {error.key for batch in taken for error in batch.skipped} == {"07.jpg"}
    assert sum(batch.remote for batch in taken) > 0


def test_a_bad_object_is_an_error_as_without_an_overflow(streams, slow, over, tmp_path):
    (tmp_path / "0.jpg").write_bytes((slow.path / "00.jpg").read_bytes())
    (tmp_path / "1.jpg").write_bytes(b"no image")
    here = SlowMachine(path=tmp_path, pipeline=CROPS)
    there = open_overflow(Remote(source=open_reader(f"file:{tmp_path}", pipeline=CROPS)), here, 64)
    keys = ["0.jpg"] * 200 + ["1.jpg"]
    stream, _, order = streams(here, keys, overflow=there, nbytes=2**20, workers=2)
    stream.begin(0, 0)
    with pytest.raises(BadObject, match=r"1\.jpg"):
        [stream.take() for _ in range(order.batches())]


def test_epochs_may_be_given_up_while_the_remote_answers(streams, slow, over):
    named = list(slow.keys()) * REPEATS
    stream, _, order = streams(
        slow, named, overflow=over("slow", 0.02), nbytes=2**20, shuffle=True, workers=2
    )
    for number in range(5):
        stream.begin(number, 0)
        for _ in range(3 * number):
            stream.take()
    stream.begin(9, 0)
    alone = open_reader(f"file:{slow.path}", pipeline=CROPS).with_seed(9).get_each(set(named))
    for batch in [stream.take() for _ in range(order.batches())]:
        for row, index in zip(batch.rows, batch.indices, strict=True):
            np.testing.assert_array_equal(row, alone[named[index]])


@pytest.mark.parametrize(
    ("own", "remote", "message"),
    [
        ("file:{}", "lambda:f/b", "needs a reader that transforms originals"),
        ("crops", "file:{}", "needs the address of a server"),
        ("crops", "nonsense", "not the address"),
    ],
)
def test_what_cannot_be_an_overflow_is_refused(small, slow, own, remote, message):
    reader = slow if own == "crops" else open_reader(own.format(small))
    with pytest.raises(CannotOpen, match=message):
        open_overflow(remote.format(small), reader, 8)
    with pytest.raises(ValueError, match="max_remote"):
        open_overflow("lambda:f/b", slow, 0)


def test_functions_are_asked_for_whole_keys_and_run_the_own_pipeline():
    own = open_reader("s3://bucket/train", pipeline=CROPS)
    for scheme in ("lambda", "lambda+stream"):
        function = open_overflow(f"{scheme}:preprocess/photos", own, 8)
        assert function.prefix == "train/" and function.reader.pipeline == CROPS and function.draws
    assert open_overflow("https://id.lambda-url.eu-west-1.on.aws/photos", own, 8).prefix == "train/"
    assert open_overflow("http://server:8080/photos", own, 8).prefix == ""
