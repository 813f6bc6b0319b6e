"""No more threads transform at the same time than there are turns, and none waits for ever."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from preprocessing import Pipeline
from preprocessing.planner import turns
from preprocessing.planner.turns import TransformTurn, Turns

IMAGE = np.zeros((9, 9, 3), np.uint8)


@pytest.fixture
def one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns._Process, "turns", Turns(1, patience_s=60.0))


@pytest.mark.usefixtures("one_turn")
def test_one_thread_at_a_time_has_the_only_turn() -> None:
    inside, most = 0, 0

    def work(_: int) -> None:
        nonlocal inside, most
        with TransformTurn(b""):
            inside += 1
            most = max(most, inside)
            threading.Event().wait(0.002)
            inside -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(12)))
    assert most == 1


@pytest.mark.usefixtures("one_turn")
def test_a_turn_needs_no_other_turn() -> None:
    """A step of a user's own may call a pipeline, and errors give turns back."""
    pipeline = Pipeline.parse("resize:4/npy")
    with TransformTurn(IMAGE):
        expected = pipeline(IMAGE)
    with pytest.raises(ZeroDivisionError), TransformTurn(IMAGE):
        raise ZeroDivisionError
    np.testing.assert_array_equal(pipeline(IMAGE), expected)


def test_a_thread_goes_ahead_if_no_turn_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a step that waits for other threads would wait for ever."""
    monkeypatch.setattr(turns._Process, "turns", Turns(1, patience_s=0.01))
    with TransformTurn(IMAGE), ThreadPoolExecutor(1) as pool:
        assert pool.submit(Pipeline.parse("resize:4/npy"), IMAGE).result().shape == (3, 4, 4)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.usefixtures("one_turn")
def test_a_forked_process_has_all_turns() -> None:
    with TransformTurn(IMAGE):
        child = os.fork()
        if child == 0:  # pragma: no cover
            os._exit(0 if turns._Process.turns.take() else 1)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
