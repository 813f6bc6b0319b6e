"""Workers: one thread each, named when they die, and gone when their loader is."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from jitprep.reader import ReaderError, WorkerDied
from jitprep.reader.base import Reader
from jitprep.reader.loading.task_queue import TaskQueue
from jitprep.reader.loading.workers import worker_count

ROOT = Path(__file__).parents[4]


@dataclass(frozen=True, kw_only=True)
class OddReader(Reader):
    """Reader whose keys say what a read does."""

    def keys(self, prefix=""):
        raise NotImplementedError

    def _get_array(self, key):
        verb, _, argument = key.partition(" ")
        if verb == "signal":
            os.kill(os.getpid(), int(argument))
        if verb == "exit":
            os._exit(int(argument))
        if verb == "raise":
            raise Unsendable(argument) if argument == "odd" else KeyError(argument)
        if verb == "touch":
            Path(argument).touch()
        if verb == "await":
            late = time.monotonic() + 20
            while not Path(argument).exists():
                assert time.monotonic() < late
                time.sleep(0.01)
        if verb == "threads":
            import ctypes

            libraries = [
                line.split()[-1]
                for line in Path("/proc/self/maps").read_text().splitlines()
                if "openblas" in line and "numpy" in line
            ]
            count = ctypes.CDLL(libraries[0]).scipy_openblas_get_num_threads64_()
            return np.array([count, int(os.environ["OMP_NUM_THREADS"])])
        return np.array([os.getpid(), 0])


class Unsendable(Exception):
    def __init__(self, what):
        super().__init__(what)
        self.what = lambda: what


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_computes_with_one_thread(streams, method):
    np.ones((600, 600)) @ np.ones((600, 600))  # BLAS has started its threads before the fork
    stream, _, _ = streams(OddReader(), ["threads", "threads"], workers=1, method=method)
    stream.begin(0, 0)
    assert stream.take().rows.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("signal 9", r"jitprep-loader-\d \(process \d+\) was ended by SIGKILL.*out of memory"),
        ("signal 10", "was ended by SIGUSR1$"),
        ("exit 3", "ended with status 3"),
    ],
)
def test_a_worker_that_dies_is_named_with_its_signal(streams, key, message):
    stream, _, _ = streams(OddReader(), ["a", "b", key, "c"], workers=2, batch_size=2)
    stream.begin(0, 0)
    with pytest.raises(WorkerDied, match=message) as raised:
        stream.take(), stream.take()
    assert isinstance(raised.value, ReaderError)
    stream.begin(0, 0)  # with workers that live
    assert len(stream.take().rows) == 2


@pytest.mark.parametrize("workers", [0, 1])
def test_other_errors_come_with_the_workers_traceback(streams, workers):
    stream, _, _ = streams(OddReader(), ["raise it"], workers=workers)
    stream.begin(0, 0)
    with pytest.raises(KeyError, match="it") as raised:
        stream.take()
    assert "in get" in "".join(raised.value.__notes__)
    stream, _, _ = streams(OddReader(), ["raise odd"], workers=workers)
    stream.begin(0, 0)
    with pytest.raises(RuntimeError, match=r"(?s)Unsendable: odd.*in get"):
        stream.take()


def test_closing_ends_the_workers_and_leaves_no_descriptor(streams):
    descriptors, named = set(Path("/proc/self/fd").iterdir()), set(Path("/dev/shm").iterdir())
    stream, _, _ = streams(OddReader(), list("abcd"), workers=2, batch_size=1)
    stream.begin(0, 0)
    workers = {int(stream.take().rows[0, 0]) for _ in range(4)}
    assert set(Path("/dev/shm").iterdir()) == named
    stream.close()
    assert not any(map(alive, workers))
    # Other tests' threads may close some of theirs meanwhile.
    assert set(Path("/proc/self/fd").iterdir()) <= descriptors


TRAINER = """
import signal, sys, time
from jitprep import open_reader
from jitprep.reader.loading.order import EpochOrder
from jitprep.reader.loading.stream import EpochStream

if __name__ == "__main__":
    # A process in the background of a shell inherits that it ignores the signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    reader = open_reader(f"file:{sys.argv[1]}", pipeline="resize:8,8/npy")
    keys = list(reader.keys()) * 50
    order = EpochOrder(count=len(keys), batch_size=4)
    stream = EpochStream(
        reader, keys, order, workers=2, start_method=sys.argv[2], nbytes=0, skips=False
    )
    stream.begin(0, 0)
    stream.take()
    print(*(worker.pid for worker in stream._runners._workers), flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_their_trainer(small, tmp_path, method, ending):
    script = tmp_path / "trainer.py"
    script.write_text(TRAINER)
    with subprocess.Popen(
        [sys.executable, str(script), str(small), method],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as trainer:
        workers = [int(number) for number in trainer.stdout.readline().split()]
        assert len(workers) == 2
        trainer.send_signal(ending)
        late = time.monotonic() + 20
        while any(map(alive, workers)) and time.monotonic() < late:
            time.sleep(0.05)
        assert not any(map(alive, workers))
        errors = trainer.stderr.read()
    assert errors.count("Traceback") == (ending == signal.SIGINT)  # the trainer's own
    assert method == "spawn" or "leaked" not in errors  # Python's own process removes the lock


HANGING = """
import time
from dataclasses import dataclass
from jitprep.reader.base import Reader
from jitprep.reader.loading.order import EpochOrder
from jitprep.reader.loading.overflow.opening import Overflow
from jitprep.reader.loading.stream import EpochStream

@dataclass(frozen=True, kw_only=True)
class Hanging(Reader):
    def keys(self, prefix=""):
        return iter(())

    def _get_array(self, key):
        time.sleep(600)

order = EpochOrder(count=1, batch_size=1)
over = Overflow(reader=Hanging(), prefix="", draws=False, most=8)
options = dict(workers=1, start_method="fork", nbytes=0, skips=False, overflow=over)
stream = EpochStream(Hanging(), ["a"], order, **options)
stream.begin(0, 0)
print(*(worker.pid for worker in stream._runners._workers), flush=True)
time.sleep(60)
"""


def test_processes_end_with_their_trainer_while_a_read_hangs():
    with subprocess.Popen(
        [sys.executable, "-c", HANGING], env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=-1
    ) as trainer:
        workers = [int(number) for number in trainer.stdout.readline().split()]
        assert len(workers) == 2
        time.sleep(0.5)  # both read
        trainer.kill()
        late = time.monotonic() + 20
        while any(map(alive, workers)) and time.monotonic() < late:
            time.sleep(0.05)
        assert not any(map(alive, workers))


def alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_an_interrupted_begin_ends_the_workers(streams, monkeypatch):
    """Ctrl-C may cut a task in two, or lose some, so that the queue is of no more use."""
    stream, _, _ = streams(OddReader(), list("abcd"), workers=2, batch_size=1)
    stream.begin(0, 0)
    workers = {int(stream.take().rows[0, 0]) for _ in range(4)}

    def interrupted(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(TaskQueue, "withdraw", interrupted)
        with pytest.raises(KeyboardInterrupt):
            stream.begin(5, 0)
    assert not any(map(alive, workers))
    read(stream, epochs=2)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_forked_copy_has_workers_of_its_own(streams, crops, workers):
    stream, keys, order = streams(crops, workers=workers, shuffle=True)
    stream.begin(0, 0)
    taken = [stream.take()]

    def train(number: int) -> None:
        with pytest.raises(RuntimeError, match="began in another process"):
            stream.take()
        stream.begin(number, 0)
        for _ in range(order.batches()):
            rows = stream.take()
            wanted = crops.with_seed(number).get_batch([keys[index] for index in rows.indices])
            np.testing.assert_array_equal(rows.rows, wanted)
        stream.close()

    copy = multiprocessing.get_context("fork").Process(target=train, args=(3,))
    copy.start()
    copy.join(60)
    assert copy.exitcode == 0
    taken += [stream.take() for _ in range(order.batches() - 1)]
    wanted = crops.with_seed(0).get_batch([keys[index] for index in order.indices(0)])
    np.testing.assert_array_equal(np.concatenate([batch.rows for batch in taken]), wanted)


def test_the_number_of_workers(monkeypatch):
    monkeypatch.setenv("JITPREP_CPUS", "6")
    assert worker_count("auto") == 6
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert worker_count("auto") == 1
    assert worker_count(0) == 0
    for wrong in (-1, 1.5, "all"):
        with pytest.raises(ValueError, match="num_workers"):
            worker_count(wrong)


def test_a_worker_that_waits_has_two_tasks_under_way(streams, tmp_path):
    """A task ends when the one after it has been run, by the same worker."""
    keys = ["a", f"await {tmp_path / 'there'}", f"touch {tmp_path / 'there'}"]
    stream, _, _ = streams(OddReader(), keys, workers=1, batch_size=1)
    stream.begin(0, 0)
    assert len({int(stream.take().rows[0, 0]) for _ in keys}) == 1


def test_a_worker_that_is_killed_while_it_waits_is_noticed(streams):
    stream, _, _ = streams(OddReader(), list("abcd"), workers=2, batch_size=1)
    stream.begin(0, 0)
    killed = int(stream.take().rows[0, 0])
    time.sleep(0.2)  # all is made, and both wait for the next task
    os.kill(killed, signal.SIGKILL)
    with pytest.raises(WorkerDied, match="SIGKILL"):
        read(stream, epochs=4)


def read(stream, epochs: int) -> None:
    for number in range(1, epochs + 1):
        stream.begin(number, 0)
        for _ in range(4):
            stream.take()
