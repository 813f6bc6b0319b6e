"""Two empty buckets, in S3 alone and behind the endpoint."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jitprep.backfill.aws import sdk_client

from .stage import ROOT, Stage, environment, use_threads

_NUMBERS = itertools.count()
# Buckets that the function may read and write with its own role.
_ALLOWED = {
    "JITPREP_BUCKETS": ",".join(["photos", *(f"photos-{number}" for number in range(100))]),
    "JITPREP_OUTPUTS": ",".join(["copies", *(f"copies-{number}" for number in range(100))]),
    "JITPREP_REQUEST_OVERRIDES": "seed",
}


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """URL of an S3."""
    command = [sys.executable, "-m", "jitprep.emulator.store"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        yield f"http://127.0.0.1:{int(child.stdout.readline())}"
        child.communicate()


@pytest.fixture
def stage(moto: str, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Two empty buckets in S3."""
    for name, value in environment(moto).items():
        monkeypatch.setenv(name, value)
    return Stage(sdk_client("s3"), next(_NUMBERS))


@pytest.fixture
def in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local engine in this process."""
    use_threads(monkeypatch)


@pytest.fixture(scope="session")
def local(object_lambda_endpoint: Callable[..., Any]) -> Any:
    """Endpoint whose workers run our handler."""
    return object_lambda_endpoint(task_root=ROOT, workers=2, worker_env=_ALLOWED)


@pytest.fixture
def endpoint_stage(local: Any, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Two empty buckets at the endpoint."""
    for name, value in environment(local.url).items():
        monkeypatch.setenv(name, value)
    return Stage(sdk_client("s3"), next(_NUMBERS))
