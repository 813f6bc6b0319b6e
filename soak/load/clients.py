"""Concurrent clients, each with its own boto3 client and connection.

They run in their own process (`apart`), so that the measurement covers only the endpoint.
"""

from __future__ import annotations

import multiprocessing
import queue
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from soak.load.reads import Outcome, Read, Verdict, perform

T = TypeVar("T")
U = TypeVar("U")

# S3 Object Lambda answers within 60 s of the function's start. The rest is for the queue.
PATIENCE_S = 90.0
_PUTTERS = 4
# No retries, and a long timeout.
ONCE = Config(
    retries={"total_max_attempts": 1}, connect_timeout=PATIENCE_S, read_timeout=PATIENCE_S
)


@dataclass(frozen=True)
class Door:
    """The address of an S3, with the credentials of every local endpoint."""

    url: str

    def client(self, **settings: Any) -> Any:
        """Return a boto3 client without retries, so that each failure is seen."""
        own = ONCE.merge(Config(signature_version="s3v4", **settings))
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=own,
        )


def apart(work: Callable[..., T], *arguments: Any) -> T:
    """Call a function in a new process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def read_all(door: Door, reads: Sequence[Read], clients: int) -> list[Outcome]:
    """Send all requests with several clients at once, and judge the answers."""
    return at_once([door.client() for _ in range(clients)], reads, perform)


def store(door: Door, bucket: str, objects: Mapping[str, bytes]) -> None:
    """Store objects in a bucket."""

    def put(s3: Any, key: str) -> None:
        s3.put_object(Bucket=bucket, Key=key, Body=objects[key])

    at_once([door.client() for _ in range(_PUTTERS)], objects, put)


def at_once(tools: Sequence[Any], jobs: Iterable[T], do: Callable[[Any, T], U]) -> list[U]:
    """Do all jobs with one thread per tool, so that no tool is shared."""
    idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
    for tool in tools:
        idle.put(tool)

    def work(job: T) -> U:
        tool = idle.get()
        try:
            return timed(do, tool, job)
        finally:
            idle.put(tool)

    with ThreadPoolExecutor(len(tools)) as pool:
        return list(pool.map(work, jobs))


def timed(do: Callable[[Any, T], U], tool: Any, job: T) -> U:
    """Do one job and record its duration; longer than the patience of a client is a hang."""
    start = time.perf_counter()
    result = do(tool, job)
    seconds = time.perf_counter() - start
    if not isinstance(result, Outcome):
        return result
    verdict = Verdict.HUNG if seconds > PATIENCE_S else result.verdict
    return replace(result, verdict=verdict, seconds=seconds)
