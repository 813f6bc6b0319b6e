"""Runs a client's driver, and computes its expected report."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from preprocessing import Pipeline

from .matrix import Call, Gives

ROOT = Path(__file__).parents[2]
DRIVERS = Path(__file__).parent / "drivers"
_TIMEOUT_S = 120.0
# Without the configuration of this machine's user, and without access to EC2's metadata.
_ENVIRONMENT = {
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


def run(call: Call, jobs: Sequence[Mapping[str, Any]], folder: Path) -> Run:
    """Run a client's driver on jobs; each job gets its own folder in ``folder``."""
    python = ROOT / ".venv-clients" / call.client / "bin/python"
    if not python.exists():
        pytest.fail(f"{python} does not exist; create it with `make test-clients`", pytrace=False)
    targets = [folder / str(number) for number in range(len(jobs))]
    for target in targets:
        target.mkdir()
    placed = [{**job, "folder": str(target)} for job, target in zip(jobs, targets, strict=True)]
    done = subprocess.run(
        [str(python), str(DRIVERS / f"with_{call.client}.py")],
        input=json.dumps({"call": call.name, "jobs": placed}),
        env={**_ENVIRONMENT, "PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        return Run(None, "", done.stderr)
    report = json.loads(done.stdout)
    return Run(report["reads"], report["version"], done.stderr)


def expected_report(call: Call, pipeline: str, originals: Mapping[str, bytes]) -> dict[str, Report]:
    """Return the expected report of each object.

    If the pipeline does not determine the size, LIST has that of the original.
    """
    made = Pipeline.parse(pipeline)
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
    return bytes(Pipeline.parse(pipeline).encode(original).body)


def report_of(body: bytes) -> Report:
    """Return a driver's report of an object's bytes."""
    return {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
