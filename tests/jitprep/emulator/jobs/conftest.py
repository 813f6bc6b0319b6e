"""An endpoint whose function runs the tasks of jobs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jitprep.emulator.jobs import runner
from jitprep.emulator.testing import LocalObjectLambda

from ..conftest import FUNCTIONS, TIMEOUT_S
from .batch import Batch


@pytest.fixture(scope="session")
def batch(object_lambda_endpoint: Callable[..., LocalObjectLambda]) -> Batch:
    return Batch(
        object_lambda_endpoint(handler="batch.handler", task_root=FUNCTIONS, timeout=TIMEOUT_S)
    )


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_PAUSE_S", 0.01)
