"""Work within a deadline: from many threads at once, and stopped once it is given up."""

from __future__ import annotations

import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from jitprep.service import deadline
from jitprep.service.deadline import Deadline, run_within, transform_turn
from jitprep.service.errors import RequestFailed
from preprocessing import Pipeline
from preprocessing.cancellation import checkpoint


def soon(seconds: float) -> Deadline:
    return Deadline(time.monotonic() + seconds)


def busy(seconds: float) -> str:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        checkpoint()
    return "done"


def test_work_is_done_or_out_of_time_from_many_threads() -> None:
    """Some end just in time and some just too late; nothing else may happen."""
    draw = random.Random(7)
    jobs = [(draw.uniform(0.0, 0.01), draw.uniform(0.0, 0.01)) for _ in range(600)]

    def one(job: tuple[float, float]) -> str:
        try:
            return run_within(soon(job[0]), lambda: busy(job[1]))
        except RequestFailed as failure:
            return failure.code

    with ThreadPoolExecutor(16) as pool:
        outcomes = set(pool.map(one, jobs))
    assert outcomes == {"done", "DeadlineExceeded"}
    mine = [thread for thread in threading.enumerate() if thread.name.startswith("request")]
    assert len(mine) <= 64


def test_own_errors_pass_through() -> None:
    def fail(error: BaseException) -> None:
        raise error

    for error in (KeyError("x"), TimeoutError("its own"), MemoryError()):
        with pytest.raises(type(error)):
            run_within(soon(30), lambda error=error: fail(error))  # type: ignore[misc]


def test_given_up_work_uses_no_processor_and_its_thread_is_used_again() -> None:
    p = Pipeline.parse("denoise_bilateral:99/npy")
    image = np.random.default_rng(0).integers(0, 256, (2000, 2000, 3), np.uint8)
    for _ in range(3):
        with pytest.raises(RequestFailed, match="out of time"):
            run_within(soon(0.3), lambda: p.encode(image))
        time.sleep(1.5)
        before = time.process_time()
        time.sleep(0.5)
        assert time.process_time() - before < 0.25
    first = run_within(soon(30), threading.current_thread)
    assert run_within(soon(30), threading.current_thread) is first


def test_the_deadline_keeps_time_for_the_answer():
    assert Deadline.of(60_000).left == pytest.approx(57, abs=0.1)
    assert Deadline.of(900_000).left == pytest.approx(57, abs=0.1)
    assert Deadline.of(3_000).left == pytest.approx(2.4, abs=0.1)
    assert Deadline(time.monotonic() - 1).left == 0


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> deadline._Turns:
    """The turns of a process with one processor."""
    turns = deadline._Turns(1)
    monkeypatch.setattr(deadline, "_turns", lambda: turns)
    return turns


def test_turns_are_first_come_first_served(turns: deadline._Turns) -> None:
    """Else some wait until their deadline under load while others overtake them."""
    order: list[int] = []

    def wait(number: int) -> None:
        with transform_turn(soon(60)):
            order.append(number)

    with ThreadPoolExecutor(20) as pool:
        with transform_turn(soon(60)):
            for number in range(20):
                pool.submit(wait, number)
                while len(turns._waiting) <= number:
                    time.sleep(0.001)
        # The turn is given to the first that waits, so one that comes now is the last.
        wait(20)
    assert order == list(range(21))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_has_all_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "granted_cpus", lambda: 1)
    deadline._turns.cache_clear()
    with transform_turn(soon(60)):
        child = os.fork()
        if child == 0:  # pragma: no cover
            os._exit(0 if deadline._turns().acquire(timeout=0) else 1)
        _, status = os.waitpid(child, 0)
    deadline._turns.cache_clear()
    assert os.waitstatus_to_exitcode(status) == 0


def test_who_has_no_time_to_wait_takes_no_turn(turns: deadline._Turns) -> None:
    with transform_turn(soon(60)):
        with pytest.raises(RequestFailed) as failed, transform_turn(soon(0.01)):
            pass
        assert failed.value.code == "DeadlineExceeded"
    for _ in range(3):
        with transform_turn(soon(60)):
            assert not turns._waiting


def test_each_turn_is_given_back_whoever_gives_up(turns: deadline._Turns) -> None:
    """Some give up just as their turn comes; no turn is lost, and none is had by two."""
    draw = random.Random(5)
    having: list[int] = []

    def take(seconds: float) -> None:
        try:
            with transform_turn(soon(seconds)):
                having.append(1)
                assert len(having) == 1
                time.sleep(0.0005)
                having.pop()
        except RequestFailed:
            pass

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(take, [draw.uniform(0.0, 0.02) for _ in range(800)]))
    with transform_turn(soon(60)):
        assert not turns._waiting
