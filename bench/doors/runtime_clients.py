"""Compare the runtime clients: ``python -m bench.doors.runtime_clients``; Linux.

First the CPU time of an invocation whose handler does nothing, in a process that a small Runtime API
feeds. Then the memory of a multi-concurrent function: all its processes' proportional set sizes
(memory that processes share counts once), before they read anything, and at most while they do. Last
the first read of a new process, by its log line, without a snapshot and from one.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO, StringIO
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import numpy as np
from botocore.exceptions import ClientError
from PIL import Image

from jitprep.cli.demo_data.photos import photographs
from jitprep.emulator import Endpoint, EndpointConfig
from jitprep.emulator.testing import LocalObjectLambda

_INVOCATIONS, _ROUNDS = 2000, 5
_WORKERS = 16
_SPEC = "rotate:10/resize:256/npy"
_CLIENTS = ("awslambdaric", "jitprep")
_START = {
    "awslambdaric": "bootstrap.run('measured.handler', LambdaRuntimeClient(address))",
    "jitprep": "run_process(RuntimeApi(address), lambda: handler)",
}
_PROCESS = """
import sys, time, types
from awslambdaric import bootstrap
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient
from handler.runtime_client.connection import RuntimeApi
from handler.runtime_client.process import run_process

count, size, address = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
left, answer, start = [count], {"statusCode": 200, "body": size * "a"}, time.process_time()

def handler(event, context, send=None):
    left[0] -= 1
    if not left[0]:
        print("us", (time.process_time() - start) / count * 1e6, flush=True)
    return answer

sys.modules["measured"] = types.ModuleType("measured")
sys.modules["measured"].handler = handler
"""
_HEAD = (
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: {id}\r\n"
    "Lambda-Runtime-Deadline-Ms: 4102444800000\r\nLambda-Runtime-Invoked-Function-Arn: "
    "arn:aws:lambda:us-east-1:123456789012:function:preprocess\r\nLambda-Runtime-Trace-Id: "
    "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n"
)
_EVENT = json.dumps({"bucket": "photos", "key": "a.jpg", "pipeline": "imagenet-uint8"}).encode()


@dataclass
class _Memory:
    """MiB of all processes before the first read, and at most; of the largest; and reads answered."""

    idle: float
    most: float
    largest: float
    answered: float

    def __str__(self) -> str:
        sizes = f"idle {self.idle:.0f}, at most {self.most:.0f}, largest process {self.largest:.0f}"
        return f"{sizes} MiB, {self.answered:.0%} answered"


def main() -> None:
    """Print both tables."""
    print("CPU of an invocation, us: median of", _ROUNDS, "runs of", _INVOCATIONS)
    for size in (200, 200_000):
        # In turns, because the load of the machine changes.
        runs = [{name: _cpu_us(name, size) for name in _CLIENTS} for _ in range(_ROUNDS)]
        for name in _CLIENTS:
            print(f"  {name:14}answer of {size:7} bytes {median(r[name] for r in runs):7.0f}")
    print(f"memory of {_WORKERS} workers that read photographs, and pictures of 2 to 12 megapixels")
    for name, megabytes, objects, reads in (
        ("awslambdaric", 4096, photographs(), 800),
        ("jitprep", 4096, photographs(), 800),
        ("jitprep", 2048, _large(), 128),
        ("jitprep", 8192, _large(), 128),
    ):
        print(f"  {name:14}{megabytes} MB: {_memory(name, megabytes, objects, reads)}", flush=True)
    print("first read of a process, ms: median of", _ROUNDS)
    rounds = [
        {snap: _first_read_ms(snap_start=snap) for snap in (False, True)} for _ in range(_ROUNDS)
    ]
    for snap, name in ((False, "without a snapshot"), (True, "from a snapshot")):
        print(f"  {name:20}{median(one[snap] for one in rounds):6.1f}")


def _cpu_us(client: str, size: int) -> float:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server,), daemon=True).start()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        command = [sys.executable, "-c", _PROCESS + _START[client]]
        with subprocess.Popen(
            [*command, str(_INVOCATIONS), str(size), address],
            env={**os.environ, "AWS_LAMBDA_RUNTIME_API": address},
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            line = next(line for line in process.stdout if line.startswith("us "))
            process.kill()
        return float(line.split()[1])


def _accept(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            threading.Thread(target=_feed, args=(server.accept()[0],), daemon=True).start()


def _feed(connection: socket.socket) -> None:
    """Answer one connection: an event for each GET, and 202 for each POST."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with suppress(OSError), connection, connection.makefile("rb") as requests:
        for number in range(10**9):
            first, length = requests.readline(), 0
            while line := requests.readline().strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            requests.read(length)
            body = _EVENT if first.startswith(b"GET") else b"{}"
            head = _HEAD.format(id=number) if body is _EVENT else "HTTP/1.1 202 Accepted\r\n"
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def _memory(client: str, megabytes: int, objects: Mapping[str, bytes], reads: int) -> _Memory:
    """Read with sixteen clients from a function of so much memory."""
    config = EndpointConfig(
        port=0,
        workers=1,
        function_concurrency=_WORKERS,
        output=StringIO(),
        worker_env={
            "JITPREP_RUNTIME_CLIENT": client,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(megabytes),
        },
    )
    with Endpoint(config) as endpoint, ThreadPoolExecutor(_WORKERS) as clients:
        local = LocalObjectLambda(endpoint)
        s3 = local.client("s3")
        s3.create_bucket(Bucket="photos")
        for key, body in objects.items():
            s3.put_object(Bucket="photos", Key=key, Body=body)
        alias = local.create_access_point("small", "photos", payload=json.dumps({"spec": _SPEC}))

        def read(key: str) -> bool:
            try:
                return bool(s3.get_object(Bucket=alias, Key=key)["Body"].read())
            except ClientError:
                return False

        idle = _settled()
        keys = islice(cycle(objects), reads)
        answers = [clients.submit(read, key) for key in keys]
        most, largest = idle, 0.0
        while not all(answer.done() for answer in answers):
            sizes = _sizes().values()
            most, largest = max(most, sum(sizes)), max(largest, *sizes)
            time.sleep(0.2)
        return _Memory(idle, most, largest, sum(answer.result() for answer in answers) / reads)


def _large() -> Mapping[str, bytes]:
    """Return pictures of 2 to 12 megapixels, as JPEG and as PNG."""
    noise = np.random.default_rng(0).integers(0, 255, (150, 200, 3), dtype=np.uint8)
    made = {}
    for width in (1600, 2400, 3200, 4000):
        picture = Image.fromarray(noise).resize((width, width * 3 // 4))
        for kind in ("JPEG", "PNG"):
            file = BytesIO()
            picture.save(file, kind)
            made[f"{width}.{kind}"] = file.getvalue()
    return made


def _first_read_ms(*, snap_start: bool) -> float:
    output = StringIO()
    config = EndpointConfig(port=0, workers=1, snap_start=snap_start, output=output)
    with Endpoint(config) as endpoint:
        local = LocalObjectLambda(endpoint)
        s3 = local.client("s3")
        s3.create_bucket(Bucket="photos")
        s3.put_object(Bucket="photos", Key="a.jpg", Body=photographs()["astronaut.jpg"])
        alias = local.create_access_point("small", "photos", payload=json.dumps({"spec": _SPEC}))
        s3.get_object(Bucket=alias, Key="a.jpg")["Body"].read()
        while '"cold":true' not in output.getvalue():  # the line comes after the answer
            time.sleep(0.05)
    line = next(line for line in output.getvalue().splitlines() if '"cold":true' in line)
    return float(json.loads(line.partition("] ")[2])["ms"]["total"])


def _settled() -> float:
    """Return the MiB of all processes once each has loaded the handler."""
    before = 0.0
    while True:
        sizes = _sizes()
        now = sum(sizes.values())
        if len(sizes) > _WORKERS and now < 1.01 * before:
            return now
        before = now
        time.sleep(5)


def _sizes() -> Mapping[int, float]:
    """Return the proportional set sizes of the function's processes in MiB."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, StopIteration):
            environment = (process / "environ").read_bytes()
            if f"AWS_LAMBDA_MAX_CONCURRENCY={_WORKERS}".encode() not in environment:
                continue
            lines = (process / "smaps_rollup").read_text().splitlines()
            pss = next(line for line in lines if line.startswith("Pss:"))
            found[int(process.name)] = int(pss.split()[1]) / 1024
    return found


if __name__ == "__main__":
    main()
