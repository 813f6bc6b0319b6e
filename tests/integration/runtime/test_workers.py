"""Our runtime client at the endpoint, as a multi-concurrent function."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from preprocessing import Pipeline

from ...paths import ROOT

WORKERS = 4
SPEC = "resize:64/center_crop:56/npy"


@pytest.fixture(scope="module")
def managed(object_lambda_endpoint: Callable[..., Any], photos: Mapping[str, bytes]) -> Any:
    """An endpoint whose function has four workers, and photographs."""
    started = object_lambda_endpoint(
        task_root=ROOT,
        workers=1,
        function_concurrency=WORKERS,
        runtime_client="handler.runtime_client",
        output=StringIO(),
    )
    client = started.client("s3")
    client.create_bucket(Bucket="photos")
    for key, body in photos.items():
        client.put_object(Bucket="photos", Key=key, Body=body)
    return started


def workers() -> set[int]:
    """Return the processes whose parent is the function's first process."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"handler.runtime_client" in (folder / "cmdline").read_bytes():
                status = (folder / "stat").read_text().rpartition(") ")[2]
                parents[int(folder.name)] = int(status.split()[1])
        except OSError:
            continue
    return {pid for pid, parent in parents.items() if parents.get(parent) == os.getpid()}


def wait_for_workers() -> None:
    deadline = time.monotonic() + 20
    while len(workers()) != WORKERS:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_each_read_is_right_while_workers_are_killed(
    managed: Any, photos: Mapping[str, bytes]
) -> None:
    """A read whose worker was killed fails, and succeeds when it is repeated."""
    alias = managed.create_access_point("small", "photos", payload=f'{{"spec": "{SPEC}"}}')
    client, pipeline = managed.client("s3"), Pipeline.parse(SPEC)
    expected = {key: bytes(pipeline.encode(body).body) for key, body in photos.items()}
    lost = []

    def read(key: str) -> bytes:
        for _ in range(10):
            try:
                return bytes(client.get_object(Bucket=alias, Key=key)["Body"].read())
            except ClientError as error:
                lost.append(str(error))
        raise AssertionError(lost)

    with ThreadPoolExecutor(2 * WORKERS) as clients:
        for _ in range(3):
            wait_for_workers()
            reads = {key: clients.submit(read, key) for key in expected}
            os.kill(min(workers()), signal.SIGKILL)
            assert {key: one.result() for key, one in reads.items()} == expected
    assert len(lost) <= 3, lost
    wait_for_workers()
