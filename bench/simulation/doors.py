"""The doors that are measured, each in processes of its own: the endpoint, and `jitprep serve`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from bench.doors.serving import serving
from bench.environment import ROOT, clean
from bench.simulation.slow_store import SlowStore
from jitprep.emulator import Endpoint, EndpointConfig
from jitprep.emulator.testing import LocalObjectLambda, RunningEndpoint

SPEC = "resize:256/center_crop:224/npy"
_BUCKET = "photos"
_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
_MOUNT = """\
[mounts.photos]
source = "s3://photos"
endpoint = "{url}"
region = "us-east-1"
access_key_id = "env:AWS_ACCESS_KEY_ID"
secret_access_key = "env:AWS_SECRET_ACCESS_KEY"
pipeline = "{spec}"
anonymous = true
"""


@dataclass(frozen=True)
class OpenDoor:
    """A door that answers.

    Parameters
    ----------
    port : int
    targets : tuple of (str, str)
        A path and a Host header for each object.
    forwarded : tuple of (str, str)
        The same for each original, which the process in front gets from the store for the workers; none
        where they get it themselves.
    front : tuple of int
        The processes in front of the workers, through which each request goes.
    workers : tuple of int
        The processes that read and transform.
    """

    port: int
    targets: tuple[tuple[str, str], ...]
    forwarded: tuple[tuple[str, str], ...]
    front: tuple[int, ...]
    workers: tuple[int, ...]

    @property
    def accepting(self) -> tuple[int, ...]:
        """The processes among which connections are spread; none where one accepts them all."""
        return () if self.front else self.workers


@contextmanager
def endpoint(
    store: SlowStore,
    keys: Sequence[str],
    workers: int,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[OpenDoor]:
    """Run the endpoint with an Object Lambda access point on the store."""
    asked = json.dumps(
        {"url": store.url, "keys": list(keys), "workers": workers, "variables": dict(variables)}
    )
    command = [sys.executable, "-m", __name__, asked]
    with subprocess.Popen(
        command, cwd=ROOT, env=clean(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None and child.stdout is not None
        try:
            found = json.loads(child.stdout.readline())
            targets, forwarded = (
                tuple((path, host) for path, host in found[name])
                for name in ("targets", "forwarded")
            )
            pids = _workers_of(child.pid)
            yield OpenDoor(found["port"], targets, forwarded, (child.pid,), pids)
        finally:
            child.stdin.close()


@contextmanager
def server(
    store: SlowStore,
    keys: Sequence[str],
    workers: int,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[OpenDoor]:
    """Run `jitprep serve` with a mount on the store."""
    toml = _MOUNT.format(url=store.url, spec=SPEC)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), toml, workers, {**_KEYS, **_ONE_THREAD, **variables}) as found,
    ):
        host = f"127.0.0.1:{found.port}"
        targets = tuple((f"/photos/{key}", host) for key in keys)
        yield OpenDoor(found.port, targets, (), (), found.workers)


Door = Callable[..., AbstractContextManager[OpenDoor]]
DOORS: Mapping[str, Door] = MappingProxyType({"Object Lambda": endpoint, "server": server})


def _workers_of(parent: int) -> tuple[int, ...]:
    tasks = Path(f"/proc/{parent}/task").iterdir()
    children = [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
    return tuple(
        pid for pid in children if b"awslambdaric" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )


def _run_endpoint(url: str, keys: Sequence[str], workers: int, variables: dict[str, str]) -> None:
    """Run the endpoint in this process until standard input ends."""
    with Path(os.devnull).open("w") as nowhere:
        config = EndpointConfig(
            port=0,
            s3_url=url,
            workers=workers,
            task_root=ROOT,
            worker_env=_ONE_THREAD | variables,
            output=nowhere,
        )
        with Endpoint(config) as running:
            local = LocalObjectLambda(running)
            payload = json.dumps({"spec": SPEC})
            alias = local.create_access_point("bench", _BUCKET, payload=payload)
            said = {
                "port": urlsplit(running.url).port,
                "targets": _signed(local.client("s3"), alias, keys),
                "forwarded": _signed(
                    LocalObjectLambda(RunningEndpoint(url)).client("s3"), _BUCKET, keys
                ),
            }
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()
            sys.stdin.read()


def _signed(s3: Any, bucket: str, keys: Sequence[str]) -> list[tuple[str, str]]:
    """Return the targets of presigned GETs of a bucket's objects."""
    signed = (
        s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key}, 36_000)
        for key in keys
    )
    parts = [urlsplit(one) for one in signed]
    return [(f"{part.path}?{part.query}", part.netloc) for part in parts]


if __name__ == "__main__":
    _run_endpoint(**json.loads(sys.argv[1]))
