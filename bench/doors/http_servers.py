"""``python -m bench.doors.http_servers``: why `jitprep serve` runs on uvicorn, and reads with threads.

Measures the CPU time and the memory of one worker that answers 150 kB, which a thread hands over: on
uvicorn, and on granian and with uvloop where these are installed. ``--s3 URL`` also measures reads of an
object of 112 kB with obstore, synchronously and not, and with urllib3 from a presigned URL. The store's
keys are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.doors.cpu_time import cpu_s, in_rounds
from bench.doors.http_applications import BODY

_APPLICATIONS = "bench.doors.http_applications"
_UVICORN = ("uvicorn", "--http", "httptools", "--no-access-log", "--log-level", "warning")
_GRANIAN = ("granian", "--workers", "1", "--no-access-log", "--log-level", "warning")
_SERVERS = {
    "uvicorn, asyncio": (*_UVICORN, "--loop", "asyncio", f"{_APPLICATIONS}:asgi"),
    "uvicorn, uvloop": (*_UVICORN, "--loop", "uvloop", f"{_APPLICATIONS}:asgi"),
    "granian, ASGI": (*_GRANIAN, "--interface", "asgi", f"{_APPLICATIONS}:asgi"),
    "granian, RSGI": (*_GRANIAN, "--interface", "rsgi", f"{_APPLICATIONS}:rsgi"),
}
_ROUNDS, _REQUESTS = 20, 200
_BUCKET, _KEY, _ORIGINAL = "jitprep-bench", "original", bytes(112_000)
_AT_ONCE = 8


@dataclass(frozen=True)
class _Tree:
    """A server's processes."""

    pids: tuple[int, ...]
    port: int

    def cpu_s(self) -> float:
        return sum(map(cpu_s, self.pids))

    def memory(self) -> str:
        """Describe the resident memory: of the largest process, which is the worker, and of all."""
        each = [_resident_kb(pid) // 1024 for pid in self.pids]
        return f"{max(each)} MB in the worker, {sum(each)} MB in all"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.doors.http_servers", description=__doc__)
    parser.add_argument("--s3", metavar="URL", help="also measure reads from this store")
    options = parser.parse_args()
    with ExitStack() as stack:
        trees = {
            name: stack.enter_context(_running(command))
            for name, command in _SERVERS.items()
            if find_spec(command[0]) and (find_spec("uvloop") or "uvloop" not in command)
        }
        clients = {
            name: http.client.HTTPConnection("127.0.0.1", tree.port) for name, tree in trees.items()
        }
        clocks = {name: tree.cpu_s for name, tree in trees.items()}
        work = {name: _requests(client) for name, client in clients.items()}
        spent = in_rounds(work, clocks, _ROUNDS, _REQUESTS)
        for name, tree in trees.items():
            print(f"{name:24} {_shown(spent[name])}, {tree.memory()}")
    if options.s3:
        reads = _reads(options.s3)
        clock = dict.fromkeys(reads, time.process_time)
        for name, times in in_rounds(reads, clock, _ROUNDS, _REQUESTS).items():
            print(f"{name:24} {_shown(times)}")


def _shown(times: list[float]) -> str:
    low, _, high = quantiles(times, n=4)
    return f"{median(times):.3f} ms of CPU ({low:.3f} to {high:.3f})"


@contextmanager
def _running(command: tuple[str, ...]) -> Iterator[_Tree]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    child = subprocess.Popen(
        [sys.executable, "-m", *command, "--host", "127.0.0.1", "--port", str(port)]
    )
    try:
        _wait(port)
        yield _Tree((child.pid, *_children(child.pid)), port)
    finally:
        child.terminate()
        child.wait(30)


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            _requests(http.client.HTTPConnection("127.0.0.1", port), 1)()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port}")


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _resident_kb(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0])


def _requests(client: http.client.HTTPConnection, number: int = _REQUESTS) -> Callable[[], object]:
    def ask() -> None:
        client.close()  # servers close a connection that nobody has used for seconds
        for _ in range(number):
            client.request("GET", "/")
            if len(client.getresponse().read()) != len(BODY):
                raise RuntimeError("the answer is not whole")

    return ask


def _reads(url: str) -> dict[str, Callable[[], object]]:
    """Return the ways to read an object, a few at a time, as a worker does."""
    import boto3
    import obstore
    import urllib3
    from obstore.store import S3Store

    s3 = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
    if _BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=_BUCKET)
    s3.put_object(Bucket=_BUCKET, Key=_KEY, Body=_ORIGINAL)
    signed = s3.generate_presigned_url("get_object", {"Bucket": _BUCKET, "Key": _KEY})
    store = S3Store(
        _BUCKET,
        endpoint=url,
        region="us-east-1",
        access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
    threads, pool = ThreadPoolExecutor(_AT_ONCE), urllib3.PoolManager(maxsize=_AT_ONCE)

    def in_threads(read: Callable[[int], object]) -> Callable[[], object]:
        return lambda: list(threads.map(read, range(_REQUESTS)))

    async def read_all() -> None:
        limit = asyncio.Semaphore(_AT_ONCE)

        async def read() -> Any:
            async with limit:
                return await (await obstore.get_async(store, _KEY)).bytes_async()

        await asyncio.gather(*(read() for _ in range(_REQUESTS)))

    return {
        "obstore, in threads": in_threads(lambda _: obstore.get(store, _KEY).bytes()),
        "obstore, asyncio": lambda: asyncio.run(read_all()),
        "urllib3, presigned": in_threads(lambda _: pool.request("GET", signed).data),
    }


if __name__ == "__main__":
    main()
