"""The clients' drivers, and the report that is expected of one."""

from __future__ import annotations

import hashlib
import io
import json
import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from preprocessing import Pipeline, parse_pipeline

from .matrix import Call, Gives

ROOT = Path(__file__).parents[2]
DRIVERS = Path(__file__).parent / "drivers"
_TIMEOUT_S = 120.0
# Without the configuration of this machine's user, and without access to EC2's metadata. Each request
# has its folder as home.
_ENVIRONMENT = {
    "HOME": "/nonexistent",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}

Report = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """The outcome of a client's driver.

    Parameters
    ----------
    reads
        What it reported of each object of each job; None if it failed.
    version
        The client's version.
    error
        Its standard error.
    """

    reads: list[dict[str, Report]] | None
    version: str
    error: str


class Drivers:
    """The running drivers: a process for each client, from its first request on."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[str]] = {}

    def run(self, call: Call, jobs: Sequence[Mapping[str, Any]], folder: Path) -> Run:
        """Run a client's call on jobs; each job gets its own folder in ``folder``."""
        targets = [folder / str(number) for number in range(len(jobs))]
        for target in targets:
            target.mkdir()
        placed = [{**job, "folder": str(target)} for job, target in zip(jobs, targets, strict=True)]
        status = self._ask(call.client, {"call": call.name, "jobs": placed, "folder": str(folder)})
        errors = (folder / "errors.txt").read_text()
        if status != "0":
            return Run(None, "", errors)
        report = json.loads((folder / "report.json").read_text())
        return Run(report["reads"], report["version"], errors)

    def stop(self) -> None:
        """End the drivers."""
        for client in list(self._running):
            with self._running.pop(client) as driver:
                driver.communicate(timeout=_TIMEOUT_S)

    def _ask(self, client: str, request: Mapping[str, Any]) -> str:
        driver = self._running.get(client) or self._running.setdefault(client, _started(client))
        assert driver.stdin is not None
        assert driver.stdout is not None
        with suppress(BrokenPipeError):  # it ended, and its standard output says so too
            driver.stdin.write(json.dumps(request) + "\n")
            driver.stdin.flush()
        if not select.select([driver.stdout], [], [], _TIMEOUT_S)[0]:
            os.killpg(driver.pid, signal.SIGKILL)
        status = driver.stdout.readline().strip()
        if not status:
            self._running.pop(client).communicate(timeout=_TIMEOUT_S)
            pytest.fail(f"the driver of {client} ended, or took over {_TIMEOUT_S:g} s: {request}")
        return status


def _started(client: str) -> subprocess.Popen[str]:
    python = ROOT / ".venv-clients" / client / "bin/python"
    if not python.exists():
        pytest.fail(f"{python} does not exist; create it with `make test-clients`", pytrace=False)
    return subprocess.Popen(
        [str(python), str(DRIVERS / f"with_{client}.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**_ENVIRONMENT, "PATH": os.environ["PATH"]},
        text=True,
        start_new_session=True,  # so that a request that hangs can be ended with its driver
    )


def expected_report(call: Call, pipeline: str, originals: Mapping[str, bytes]) -> dict[str, Report]:
    """Return the expected report of each object.

    If the pipeline does not determine the size, LIST has that of the original.
    """
    made = parse_pipeline(pipeline)
    if call.gives is Gives.SIZE_AS_LISTED:
        return {key: {"size": made.output.nbytes or len(o)} for key, o in originals.items()}
    bodies = {key: _encoded(pipeline, original) for key, original in originals.items()}
    if call.gives is Gives.SIZE:
        return {key: {"size": len(body)} for key, body in bodies.items()}
    if call.gives is Gives.ARRAY:
        bodies = {key: np.load(io.BytesIO(body)).tobytes() for key, body in bodies.items()}
    return {key: report_of(body) for key, body in bodies.items()}


@cache
def _encoded(pipeline: str, original: bytes) -> bytes:
    made = parse_pipeline(pipeline)
    if isinstance(made, Pipeline):
        return bytes(made.encode(original).body)
    return b"".join(made.encode(original))


def report_of(body: bytes) -> Report:
    """Return a driver's report of an object's bytes."""
    return {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
